import { parseLosslessJson, type LosslessJson } from '@varve/serde'

import { isConnectType, parseConnectSchema, type ConnectSchema } from '../connect/connect-schema.ts'
import { asObject, type RawRecord } from '../connect/raw.ts'

const START = Buffer.from('{"schema":{')
const MIDDLE = '},"payload":'
/** Where the schema begins. */
const SCHEMA_AT = START.length - 1
const MAX_SCHEMAS = 1000
const MAX_BYTES = 16 * 1024 * 1024

/**
 * Schemas in front of JSON payloads, by their very bytes: a converter repeats the schema in every record, and it is most of the record. Schemas
 * that are known are not parsed again. Bounded by number and size; the oldest go first.
 */
export class EmbeddedSchemas {
  readonly #schemas = new Map<string, ConnectSchema>()
  #bytes = 0

  /** How many schemas are kept. */
  get size(): number {
    return this.#schemas.size
  }

  /**
   * Splits `{"schema":{…},"payload":…}`, written without spaces as converters do. Undefined for all that is not clearly of this form, errors
   * too: parse those whole.
   */
  split(bytes: Uint8Array): RawRecord | undefined {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    if (!buffer.subarray(0, START.length).equals(START)) return undefined
    // The same text within a string of the schema would cut the schema short: what is left of it then is no JSON.
    const middle = buffer.indexOf(MIDDLE)
    const end = endOf(buffer)
    if (middle < 0 || middle + MIDDLE.length >= end) return undefined
    try {
      const schema = this.#schemaOf(buffer.subarray(SCHEMA_AT, middle + 1))
      if (schema === undefined) return undefined
      const payload = buffer.toString('utf8', middle + MIDDLE.length, end)
      return { schema, value: parseLosslessJson(payload) }
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
