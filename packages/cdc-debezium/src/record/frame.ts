import { UnsupportedError } from '@varve/base'

import type { ChangeRecord } from '../change.ts'
import { ChangeDecodeError } from '../errors.ts'
import type { ChangeDecoderOptions } from '../options.ts'
import { headerBytes } from './headers.ts'

/** How a payload names its schema. */
export type SchemaRef =
  { readonly kind: 'id'; readonly id: number } | { readonly kind: 'guid'; readonly guid: string }

/** A payload behind (or beside) the name of its schema. */
export interface Frame {
  readonly ref: SchemaRef
  readonly payload: Uint8Array
  /** Where the path of a Protobuf message is: before the payload, or in these bytes. Undefined: there is none. */
  readonly messagePath?: 'payload' | Uint8Array
  /** Name of a Protobuf message, where a header says it. */
  readonly messageName?: string
}

/** A reference as text, to look it up by. */
export function refKey(ref: SchemaRef): string {
  return ref.kind === 'id' ? `id ${ref.id}` : `guid ${ref.guid}`
}

/**
 * The frame of one side of a record: schema id in headers, else in front of the payload. Undefined for bytes that are not framed.
 *
 * @throws ChangeDecodeError `truncated` when a frame ends within its header
 */
export function readFrame(
  record: ChangeRecord,
  side: 'key' | 'value',
  options: ChangeDecoderOptions,
): Frame | undefined {
  const bytes = record[side]
  if (bytes === null) return undefined
  if (record.headers === undefined || record.headers.length === 0)
    return readBytesFrame(bytes, options)
  const header = headerBytes(record, `__${side}_schema_id`)
  if (header !== undefined) {
    const framed = readPrefix(header, false)
    if (framed !== undefined)
      return { ref: framed.ref, payload: bytes, messagePath: framed.payload }
  }
  for (const name of ['globalId', 'contentId']) {
    const id = headerBytes(record, `apicurio.${side}.${name}`)
    if (id?.length !== 8) continue
    const messageName = headerBytes(record, `apicurio.${side}.protobuf.type`)
    return {
      ref: { kind: 'id', id: readId(id, 0, 8) },
      payload: bytes,
      ...(messageName === undefined ? {} : { messageName: new TextDecoder().decode(messageName) }),
    }
  }
  if (headerBytes(record, `apicurio.${side}.artifactId`) !== undefined)
    throw new UnsupportedError('schemas that Apicurio names by group, artifact and version')
  return readBytesFrame(bytes, options)
}

/**
 * The id of a schema in Confluent's frame, 4 bytes behind a zero, where nothing else can be meant: the payload begins at {@link CONFLUENT_HEADER}. Undefined
 * for all that takes a longer look. (Hot.)
 */
export function plainFrameId(
  record: ChangeRecord,
  bytes: Uint8Array,
  options: ChangeDecoderOptions,
): number | undefined {
  const { headers } = record
  return bytes[0] === 0 &&
    bytes.length >= CONFLUENT_HEADER &&
    (headers === undefined || headers.length === 0) &&
    options.framing !== 'apicurio-auto'
    ? readId(bytes, 1, 4)
    : undefined
}

/** Magic and id. */
export const CONFLUENT_HEADER = 5

function readBytesFrame(bytes: Uint8Array, options: ChangeDecoderOptions): Frame | undefined {
  if (bytes[0] === GLUE_MAGIC && bytes.length >= GLUE_HEADER)
    throw new UnsupportedError('frames of the AWS Glue registry')
  return readPrefix(bytes, options.framing === 'apicurio-auto')
}

/** Magic, compression, UUID. */
const GLUE_MAGIC = 3
const GLUE_HEADER = 18

function readPrefix(bytes: Uint8Array, detectWide: boolean): Frame | undefined {
  if (bytes[0] === 0) {
    if (bytes.length < 5) truncated()
    // No registry gives out id 0, so four zero bytes are the upper half of an 8-byte id.
    if (detectWide && bytes.length >= 9 && readId(bytes, 1, 4) === 0)
      return { ref: { kind: 'id', id: readId(bytes, 1, 8) }, payload: bytes.subarray(9) }
    return {
      ref: { kind: 'id', id: readId(bytes, 1, 4) },
      payload: bytes.subarray(5),
      messagePath: 'payload',
    }
  }
  if (bytes[0] === 1) {
    if (bytes.length < 17) truncated()
    const hex = Buffer.from(bytes.subarray(1, 17)).toString('hex')
    const guid = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
    return { ref: { kind: 'guid', guid }, payload: bytes.subarray(17), messagePath: 'payload' }
  }
  return undefined
}

function readId(bytes: Uint8Array, at: number, size: number): number {
  let id = 0
  for (let i = 0; i < size; i++) id = id * 256 + bytes[at + i]!
  return id
}

function truncated(): never {
  throw new ChangeDecodeError('truncated', 'the record ends within its schema id')
}
