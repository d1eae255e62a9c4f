import { CorruptionError } from '@varve/base'

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true })

/** Writes Kafka's primitive types, big-endian, classic (not compact) strings and arrays. */
export class WireWriter {
  #bytes = new Uint8Array(128)
  #view = new DataView(this.#bytes.buffer)
  #end = 0

  int8(value: number): this {
    const at = this.#take(1)
    this.#view.setInt8(at, value)
    return this
  }

  int16(value: number): this {
    const at = this.#take(2)
    this.#view.setInt16(at, value)
    return this
  }

  int32(value: number): this {
    const at = this.#take(4)
    this.#view.setInt32(at, value)
    return this
  }

  int64(value: number): this {
    const at = this.#take(8)
    this.#view.setBigInt64(at, BigInt(value))
    return this
  }

  /** i16 length and UTF-8; -1 for `null`. */
  string(value: string | null): this {
    if (value === null) return this.int16(-1)
    const bytes = encoder.encode(value)
    this.int16(bytes.length)
    const at = this.#take(bytes.length)
    this.#bytes.set(bytes, at)
    return this
  }

  /** i32 length and bytes. */
  bytes(value: Uint8Array): this {
    this.int32(value.length)
    const at = this.#take(value.length)
    this.#bytes.set(value, at)
    return this
  }

  /** i32 count and items. */
  array<T>(items: readonly T[], write: (item: T) => void): this {
    this.int32(items.length)
    for (const item of items) write(item)
    return this
  }

  /** The bytes written, a copy. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#end)
  }

  /** Makes room and answers where. Called before the view is read: it may replace it. */
  #take(count: number): number {
    const start = this.#end
    this.#end += count
    if (this.#end > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(this.#end, this.#bytes.length * 2))
      grown.set(this.#bytes)
      this.#bytes = grown
      this.#view = new DataView(grown.buffer)
    }
    return start
  }
}

/** Reads what {@link WireWriter} writes. Every method throws CorruptionError at the end of the bytes. */
export class WireReader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  int8(): number {
    return this.#view.getInt8(this.#take(1))
  }

  int16(): number {
    return this.#view.getInt16(this.#take(2))
  }

  int32(): number {
    return this.#view.getInt32(this.#take(4))
  }

  int64(): number {
    return Number(this.#view.getBigInt64(this.#take(8)))
  }

  nullableString(): string | null {
    const length = this.int16()
    if (length < 0) return null
    const start = this.#take(length)
    return decoder.decode(this.#bytes.subarray(start, start + length))
  }

  string(): string {
    const value = this.nullableString()
    if (value === null) throw new CorruptionError('a string is missing in a coordinator record')
    return value
  }

  /** A copy. */
  bytes(): Uint8Array {
    const length = this.int32()
    if (length < 0) return new Uint8Array(0)
    const start = this.#take(length)
    return new Uint8Array(this.#bytes.subarray(start, start + length))
  }

  /** Empty for a null array. */
  array<T>(read: () => T): T[] {
    const count = this.int32()
    const items: T[] = []
    for (let i = 0; i < count; i++) items.push(read())
    return items
  }

  #take(count: number): number {
    const start = this.#at
    this.#at += count
    if (this.#at > this.#bytes.length) {
      throw new CorruptionError('a coordinator record is cut off', { offset: start })
    }
    return start
  }
}
