import { UnsupportedError } from '@varve/base'
import {
  AvroDecodeError,
  decodeAvro,
  parseLosslessJson,
  ProtobufDecodeError,
  ProtoReader,
  readMessagePath,
  type AvroSchema,
  type LosslessJson,
} from '@varve/serde'

import type { ChangeRecord } from '../change.ts'
import type { ConnectMessage } from '../connect/connect-protobuf.ts'
import { isConnectType, parseConnectSchema, type ConnectSchema } from '../connect/connect-schema.ts'
import { asInteger, asObject, type RawRecord } from '../connect/raw.ts'
import { ChangeDecodeError } from '../errors.ts'
import type { ChangeDecoderOptions } from '../options.ts'
import type { EmbeddedSchemas } from './embedded-schemas.ts'
import { readFrame, type Frame, type SchemaRef } from './frame.ts'

/** A schema of the registry, ready to read with. */
export type WriterSchema =
  | {
      readonly type: 'AVRO'
      readonly avro: AvroSchema
      readonly connect: ConnectSchema | undefined
    }
  | { readonly type: 'PROTOBUF'; message(path: readonly number[]): ConnectMessage }
  | { readonly type: 'CONNECT'; readonly connect: ConnectSchema | undefined }

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
  embedded: EmbeddedSchemas,
): Payload {
  const bytes = record[side]
  if (bytes === null) return { schema: undefined, value: null, nullForm: 'bytes' }
  if (bytes.length === 0) {
    if (side === 'key') return { schema: undefined, value: '', nullForm: 'bytes' }
    throw new ChangeDecodeError('empty-value', 'the value has no bytes')
  }
  const frame = options.format === 'json' ? undefined : readFrame(record, side, options)
  if (frame !== undefined) {
    const writer = lookup(frame.ref)
    if (writer.type === 'AVRO')
      return {
        schema: writer.connect,
        value: readAvro(writer.avro, frame.payload),
        nullForm: 'bytes',
      }
    if (writer.type === 'PROTOBUF') return readProtobuf(frame, writer)
    return { schema: writer.connect, value: parseText(frame.payload), nullForm: 'json-null' }
  }
  if (options.format === 'avro')
    throw new UnsupportedError(`the ${side} is not in the frame of a schema registry`)
  return readJson(bytes, side, lookup, embedded)
}

function readAvro(schema: AvroSchema, payload: Uint8Array): RawRecord['value'] {
  try {
    return decodeAvro(schema, payload)
  } catch (cause) {
    if (!(cause instanceof AvroDecodeError)) throw cause
    const fault = cause.fault === 'invalid' ? 'invalid-value' : cause.fault
    throw new ChangeDecodeError(fault, cause.message, { cause })
  }
}

function readProtobuf(
  { payload, messagePath }: Frame,
  writer: Extract<WriterSchema, { readonly type: 'PROTOBUF' }>,
): Payload {
  if (messagePath === undefined)
    throw new UnsupportedError("Protobuf in Apicurio's frames is not supported")
  try {
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

function parseText(bytes: Uint8Array): LosslessJson {
  try {
    // The decoder drops a byte-order mark.
    return parseLosslessJson(new TextDecoder().decode(bytes))
  } catch (cause) {
    throw new ChangeDecodeError('invalid-json', (cause as Error).message, { cause })
  }
}

function readJson(
  bytes: Uint8Array,
  side: 'key' | 'value',
  lookup: SchemaLookup,
  embedded: EmbeddedSchemas,
): Payload {
  const split = embedded.split(bytes)
  if (split !== undefined) return { ...split, nullForm: 'payload-null' }
  let json: LosslessJson
  try {
    json = parseText(bytes)
  } catch (error) {
    // Keys written by a string converter.
    if (side === 'key')
      return { schema: undefined, value: new TextDecoder().decode(bytes), nullForm: 'bytes' }
    throw error
  }
  const object = asObject(json)
  if (object?.size === 2 && object.has('payload')) {
    const value = object.get('payload')!
    const schema = object.get('schema')
    if (schema !== undefined && (schema === null || isConnectType(asObject(schema)?.get('type'))))
      return {
        schema: parseConnectSchema(schema as LosslessJson),
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
