import { UnsupportedError } from '@varve/base'
import {
  AvroDecodeError,
  parseLosslessJson,
  ProtobufDecodeError,
  ProtoReader,
  readMessagePath,
} from '@varve/serde'

import type { ChangeRecord } from '../change.ts'
import type { ConnectMessage } from '../connect/connect-protobuf.ts'
import { isConnectType, parseConnectSchema, type ConnectSchema } from '../connect/connect-schema.ts'
import { asInteger, asObject, type Raw, type RawRecord } from '../connect/raw.ts'
import { ChangeDecodeError } from '../errors.ts'
import type { ChangeDecoderOptions } from '../options.ts'
import type { EmbeddedSchemas } from './embedded-schemas.ts'
import type { JsonReader } from './json-reader.ts'
import { CONFLUENT_HEADER, plainFrameId, readFrame, type Frame, type SchemaRef } from './frame.ts'

/** A schema of the registry, ready to read with. */
export type WriterSchema =
  | {
      readonly type: 'AVRO'
      readonly read: (bytes: Uint8Array, start: number) => Raw
      readonly connect: ConnectSchema | undefined
    }
  | {
      readonly type: 'PROTOBUF'
      message(path: readonly number[]): ConnectMessage
      /** By name, with or without package. */
      messageOf(name: string): ConnectMessage
    }
  | { readonly type: 'CONNECT'; readonly connect: ConnectSchema | undefined }

/** What reading goes by from record to record. */
export interface PayloadReaders {
  readonly key: JsonReader
  readonly value: JsonReader
  readonly embedded: EmbeddedSchemas
}

/** Finds a schema that was loaded before. @throws when it was not, or does not exist */
export type SchemaLookup = (ref: SchemaRef) => WriterSchema

/** One side of a record, its wrapping taken off. */
export interface Payload extends RawRecord {
  /** For a null value: how it was spelled. */
  readonly nullForm: 'bytes' | 'json-null' | 'payload-null'
  /** Whether the format does not tell null from zero. */
  readonly nullsMayBeZero?: true
}

/**
 * Reads one side of a record: framed Avro, JSON with or without schema, or (keys only) plain text.
 *
 * @throws ChangeDecodeError
 */
export function readPayload(
  record: ChangeRecord,
  side: 'key' | 'value',
  options: ChangeDecoderOptions,
  lookup: SchemaLookup,
  readers: PayloadReaders,
): Payload {
  const bytes = record[side]
  if (bytes === null) return { schema: undefined, value: null, nullForm: 'bytes' }
  if (bytes.length === 0) {
    if (side === 'key') return { schema: undefined, value: '', nullForm: 'bytes' }
    throw new ChangeDecodeError('empty-value', 'the value has no bytes')
  }
  const id = options.format === 'json' ? undefined : plainFrameId(record, bytes, options)
  const known = id === undefined ? undefined : lookup({ kind: 'id', id })
  if (known?.type === 'AVRO')
    return {
      schema: known.connect,
      value: readAvro(known.read, bytes, CONFLUENT_HEADER),
      nullForm: 'bytes',
    }
  const frame = options.format === 'json' ? undefined : readFrame(record, side, options)
  if (frame !== undefined) {
    const writer = lookup(frame.ref)
    if (writer.type === 'AVRO')
      return {
        schema: writer.connect,
        value: readAvro(writer.read, frame.payload, 0),
        nullForm: 'bytes',
      }
    if (writer.type === 'PROTOBUF')
      return readProtobuf(frame, writer, options.apicurioProtobufRef === true)
    return {
      schema: writer.connect,
      value: parseText(frame.payload, readers[side]),
      nullForm: 'json-null',
    }
  }
  if (options.format === 'avro')
    throw new UnsupportedError(`the ${side} is not in the frame of a schema registry`)
  return readJson(bytes, side, lookup, readers, options.shape === 'outbox')
}

function readAvro(
  read: (bytes: Uint8Array, start: number) => Raw,
  bytes: Uint8Array,
  start: number,
): Raw {
  try {
    return read(bytes, start)
  } catch (cause) {
    if (!(cause instanceof AvroDecodeError)) throw cause
    const fault = cause.fault === 'invalid' ? 'invalid-value' : cause.fault
    throw new ChangeDecodeError(fault, cause.message, { cause })
  }
}

type ProtobufSchema = Extract<WriterSchema, { readonly type: 'PROTOBUF' }>

function readProtobuf(frame: Frame, writer: ProtobufSchema, hasRef: boolean): Payload {
  const { payload, messagePath } = frame
  try {
    // Apicurio's own frames have no path.
    if (messagePath === undefined || hasRef) return readApicurioMessage(frame, writer, hasRef)
    const inPayload = messagePath === 'payload'
    const { path, end } =
      !inPayload && messagePath.length === 0
        ? { path: [0], end: 0 }
        : readMessagePath(inPayload ? payload : messagePath, 0)
    const { schema, read } = writer.message(path)
    const value = read(new ProtoReader(payload, inPayload ? end : 0))
    return { schema, value, nullForm: 'bytes', nullsMayBeZero: true }
  } catch (cause) {
    if (!(cause instanceof ProtobufDecodeError)) throw cause
    throw new ChangeDecodeError('invalid-value', cause.message, { cause })
  }
}

/** A message before the payload or a header names the type, else it is the first. */
function readApicurioMessage(
  { payload, messageName }: Frame,
  writer: ProtobufSchema,
  hasRef: boolean,
): Payload {
  const reader = new ProtoReader(payload)
  const named = hasRef && messageName === undefined ? readRefName(reader) : messageName
  const { schema, read } = named === undefined ? writer.message([0]) : writer.messageOf(named)
  return { schema, value: read(reader), nullForm: 'bytes', nullsMayBeZero: true }
}

/** `Ref {name = 1}` behind its length. */
function readRefName(reader: ProtoReader): string {
  const ref = reader.readNested()
  let name = ''
  while (!ref.done) {
    const tag = ref.readTag()
    if (tag === REF_NAME) name = ref.readString()
    else ref.skip(tag)
  }
  return name
}

/** Field 1, length-delimited. */
const REF_NAME = (1 << 3) | 2

/** Drops a byte-order mark. */
const utf8 = new TextDecoder()
const strictUtf8 = new TextDecoder('utf-8', { fatal: true })

function textOrBytes(bytes: Uint8Array): string | Uint8Array {
  try {
    return strictUtf8.decode(bytes)
  } catch {
    return bytes
  }
}

function parseText(bytes: Uint8Array, reader: JsonReader): Raw {
  const value = reader.read(bytes)
  if (value !== undefined) return value
  try {
    return parseLosslessJson(utf8.decode(bytes))
  } catch (cause) {
    throw new ChangeDecodeError('invalid-json', (cause as Error).message, { cause })
  }
}

function readJson(
  bytes: Uint8Array,
  side: 'key' | 'value',
  lookup: SchemaLookup,
  readers: PayloadReaders,
  isOutbox: boolean,
): Payload {
  const split = readers.embedded.split(bytes, readers[side])
  if (split !== undefined) return { ...split, nullForm: 'payload-null' }
  let json: Raw
  try {
    json = parseText(bytes, readers[side])
  } catch (error) {
    // Keys written by a string converter.
    if (side === 'key') return { schema: undefined, value: utf8.decode(bytes), nullForm: 'bytes' }
    // Payloads of an outbox are whatever was put there.
    if (isOutbox) return { schema: undefined, value: textOrBytes(bytes), nullForm: 'bytes' }
    throw error
  }
  const object = asObject(json)
  if (object?.size === 2 && object.has('payload')) {
    const value = object.get('payload')!
    const schema = object.get('schema')
    if (schema !== undefined && (schema === null || isConnectType(asObject(schema)?.get('type'))))
      return {
        schema: parseConnectSchema(schema),
        value,
        nullForm: 'payload-null',
      }
    // Apicurio's extended JSON: the Connect schema is in the registry.
    const id = asInteger(object.get('schemaId'))
    if (id !== undefined) {
      const writer = lookup({ kind: 'id', id: Number(id) })
      return {
        schema: writer.type === 'PROTOBUF' ? undefined : writer.connect,
        value,
        nullForm: 'payload-null',
      }
    }
  }
  return { schema: undefined, value: json, nullForm: 'json-null' }
}
