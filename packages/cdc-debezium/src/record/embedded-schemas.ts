import { parseLosslessJson, type LosslessJson } from '@varve/serde'

import { isConnectType, parseConnectSchema, type ConnectSchema } from '../connect/connect-schema.ts'
import { asObject, type RawRecord } from '../connect/raw.ts'
import type { JsonReader } from './json-reader.ts'

const START = Buffer.from('{"schema":{')
const MIDDLE = '},"payload":'
/** Where the schema begins. */
const SCHEMA_AT = START.length - 1
const MAX_SCHEMAS = 1000
const MAX_RECENT = 4
const MAX_BYTES = 16 * 1024 * 1024

/**
 * Schemas in front of JSON payloads, by their very bytes: a converter repeats the schema in every record, and it is most of the record. Schemas
 * that are known are not parsed again. Bounded by number and size; the oldest go first.
 */
export class EmbeddedSchemas {
  readonly #schemas = new Map<string, ConnectSchema>()
  /** Those met last, newest first: with what follows them up to the payload. */
  readonly #recent: { readonly bytes: Buffer; readonly schema: ConnectSchema }[] = []
  #bytes = 0

  /** How many schemas are kept. */
  get size(): number {
    return this.#schemas.size
  }

  /**
   * Splits `{"schema":{…},"payload":…}`, written without spaces as converters do. Undefined for all that is not clearly of this form, errors
   * too: parse those whole.
   */
  split(bytes: Uint8Array, reader: JsonReader): RawRecord | undefined {
    if (bytes[2] !== 0x73 || bytes[3] !== 0x63) return undefined
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    if (!buffer.subarray(0, START.length).equals(START)) return undefined
    // Nearly always it is a schema that came just before: comparing bytes is much cheaper than making a key of them.
    for (const { bytes: head, schema } of this.#recent) {
      const at = SCHEMA_AT + head.length
      if (buffer.length <= at || buffer.compare(head, 0, head.length, SCHEMA_AT, at) !== 0) continue
      return this.#payload(buffer, at, schema, reader)
    }
    // The same text within a string of the schema would cut the schema short: what is left of it then is no JSON.
    const middle = buffer.indexOf(MIDDLE)
    if (middle < 0) return undefined
    let schema: ConnectSchema | undefined
    try {
      schema = this.#schemaOf(buffer.subarray(SCHEMA_AT, middle + 1))
    } catch {
      return undefined
    }
    if (schema === undefined) return undefined
    const head = Buffer.from(buffer.subarray(SCHEMA_AT, middle + MIDDLE.length))
    this.#recent.unshift({ bytes: head, schema })
    if (this.#recent.length > MAX_RECENT) this.#recent.pop()
    return this.#payload(buffer, middle + MIDDLE.length, schema, reader)
  }

  #payload(
    buffer: Buffer,
    start: number,
    schema: ConnectSchema,
    reader: JsonReader,
  ): RawRecord | undefined {
    const end = endOf(buffer)
    if (start >= end) return undefined
    try {
      const payload = buffer.subarray(start, end)
      return { schema, value: reader.read(payload) ?? parseLosslessJson(payload.toString()) }
    } catch {
      return undefined
    }
  }

  #schemaOf(bytes: Buffer): ConnectSchema | undefined {
    // One character for each byte: equal text is equal bytes.
    const key = bytes.toString('latin1')
    const known = this.#schemas.get(key)
    if (known !== undefined) return known
    const json: LosslessJson = parseLosslessJson(bytes.toString('utf8'))
    if (!isConnectType(asObject(json)?.get('type'))) return undefined
    const schema = parseConnectSchema(json)
    if (schema !== undefined && key.length <= MAX_BYTES) this.#keep(key, schema)
    return schema
  }

  #keep(key: string, schema: ConnectSchema): void {
    this.#schemas.set(key, schema)
    this.#bytes += key.length
    for (const oldest of this.#schemas.keys()) {
      if (this.#schemas.size <= MAX_SCHEMAS && this.#bytes <= MAX_BYTES) return
      this.#schemas.delete(oldest)
      this.#bytes -= oldest.length
    }
  }
}

/** Where the object's closing brace stands; -1 for text that does not end in one. */
function endOf(buffer: Buffer): number {
  let at = buffer.length - 1
  while (at >= 0 && (buffer[at] === 0x20 || (buffer[at]! >= 0x09 && buffer[at]! <= 0x0d))) at--
  return buffer[at] === 0x7d ? at : -1
}
