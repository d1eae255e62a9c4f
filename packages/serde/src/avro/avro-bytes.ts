import { DeserializationError } from '@varve/base'

import { int64FromHalves, type Int64 } from '../bigint64.ts'

/** Why Avro bytes did not decode. */
export type AvroFault = 'truncated' | 'trailing-bytes' | 'invalid'

/** Avro bytes that do not follow their schema. */
export class AvroDecodeError extends DeserializationError {
  readonly fault: AvroFault

  constructor(fault: AvroFault, message: string) {
    super(`Avro: ${message}`)
    this.fault = fault
  }
}

/** Nesting of data (not of schemas) beyond this is refused. */
const MAX_DEPTH = 1000
/** Elements that take no bytes (null, empty records) still take memory: no more of them than this in one array. */
const MAX_EMPTY_ELEMENTS = 1_000_000

/**
 * Reads Avro's binary encoding, value by value. Values are copies.
 *
 * Source: Apache Avro specification 1.11, "Binary Encoding".
 */
export class AvroReader {
  readonly #bytes: Uint8Array
  #view: DataView | undefined
  readonly #end: number
  #at: number
  #depth = 0

  /** Borrows `bytes` while it is used; reads from `start`. */
  constructor(bytes: Uint8Array, start = 0) {
    this.#bytes = bytes
    this.#at = start
    this.#end = bytes.length
  }

  readBoolean(): boolean {
    if (this.#at >= this.#end) this.#truncated()
    const byte = this.#bytes[this.#at++]!
    if (byte > 1) throw new AvroDecodeError('invalid', `${byte} is no boolean`)
    return byte === 1
  }

  /** An `int`, or a branch, symbol or block number. */
  readInt(): number {
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      if (this.#at >= this.#end) this.#truncated()
      const byte = this.#bytes[this.#at++]!
      if (shift === 28 && byte > 0x0f) break
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) return (value >>> 1) ^ -(value & 1)
    }
    throw new AvroDecodeError('invalid', 'an int of more than 32 bits')
  }

  /** A `long` in canonical form. */
  readLong(): Int64 {
    const first = this.#bytes[this.#at]
    if (first !== undefined && first < 0x80 && this.#at < this.#end) {
      this.#at++
      return (first >>> 1) ^ -(first & 1)
    }
    // Seven bits at a time into two halves of 28 bits and a rest of 8: no bigint while the value is safe.
    let low = 0
    let high = 0
    let top = 0
    let i = 0
    for (;;) {
      if (this.#at >= this.#end) this.#truncated()
      const byte = this.#bytes[this.#at++]!
      const bits = byte & 0x7f
      if (i < 4) low |= bits << (7 * i)
      else if (i < 8) high |= bits << (7 * (i - 4))
      else top |= bits << (7 * (i - 8))
      i++
      if (byte < 0x80) break
      if (i === 10) throw new AvroDecodeError('invalid', 'a long of more than 64 bits')
    }
    if (top > 0xff) throw new AvroDecodeError('invalid', 'a long of more than 64 bits')
    // Zigzag on 64 bits, as halves of 32.
    const low32 = (low | (high << 28)) >>> 0
    const high32 = ((high >>> 4) | (top << 24)) >>> 0
    const mask = -(low32 & 1)
    const valueLow = (((low32 >>> 1) | (high32 << 31)) ^ mask) >>> 0
    const valueHigh = (high32 >>> 1) ^ mask
    return int64FromHalves(valueHigh, valueLow)
  }

  readFloat(): number {
    return this.#floats().getFloat32(this.#advance(4), true)
  }

  readDouble(): number {
    return this.#floats().getFloat64(this.#advance(8), true)
  }

  #floats(): DataView {
    const bytes = this.#bytes
    return (this.#view ??= new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength))
  }

  readBytes(): Uint8Array {
    return this.readFixed(this.#length())
  }

  readFixed(size: number): Uint8Array {
    const start = this.#advance(size)
    // Not a Buffer's own slice, which shares its memory.
    return sliceBytes.call(this.#bytes, start, start + size)
  }

  readString(): string {
    const length = this.#length()
    const start = this.#advance(length)
    return utf8Slice.call(this.#bytes, start, start + length)
  }

  /** A string that is often the same as the last one of its place, which `memory` is kept for. (Hot.) */
  readRecurringString(memory: StringMemory): string {
    const length = this.#length()
    const start = this.#advance(length)
    const bytes = this.#bytes
    if (!memory.holds(bytes, start, length))
      memory.keep(bytes, start, length, utf8Slice.call(bytes, start, start + length))
    return memory.text
  }

  /** Passes over a string or bytes. */
  skipBytes(): void {
    this.#advance(this.#length())
  }

  /** Passes over `size` bytes. */
  skipFixed(size: number): void {
    this.#advance(size)
  }

  /** Calls `element` for each element of an array or entry of a map, all blocks of it. */
  readBlocks(element: () => void): void {
    let empty = 0
    for (;;) {
      let count = this.readLong()
      if (count === 0) return
      if (count < 0) {
        this.readLong()
        count = -count
      }
      for (let i = 0; i < count; i++) {
        const before = this.#at
        element()
        if (this.#at === before && ++empty > MAX_EMPTY_ELEMENTS)
          throw new AvroDecodeError('invalid', 'too many elements without bytes')
      }
    }
  }

  /** Number of a union's branch. */
  readBranch(count: number): number {
    const branch = this.readInt()
    if (branch < 0 || branch >= count)
      throw new AvroDecodeError('invalid', `a union has no branch ${branch}`)
    return branch
  }

  /** Brackets one level of nesting with {@link leave}. */
  enter(): void {
    if (++this.#depth > MAX_DEPTH) throw new AvroDecodeError('invalid', 'data nested too deeply')
  }

  leave(): void {
    this.#depth--
  }

  /** Checks that nothing is left. */
  end(): void {
    if (this.#at !== this.#end)
      throw new AvroDecodeError('trailing-bytes', `${this.#end - this.#at} bytes after the value`)
  }

  #length(): number {
    const length = this.readLong()
    if (typeof length !== 'number' || length < 0)
      throw new AvroDecodeError('invalid', `${length} is no length`)
    return length
  }

  #advance(size: number): number {
    const start = this.#at
    if (size > this.#end - start) this.#truncated()
    this.#at = start + size
    return start
  }

  #truncated(): never {
    throw new AvroDecodeError('truncated', `the bytes end at ${this.#end} in the middle of a value`)
  }
}

/** Longest string that is compared with the one before. */
const MAX_REMEMBERED = 32
/** Strings in a row that were others than those before them: the place is not one of recurring strings. */
const MAX_CHANGES = 16

/** The string read last at some place, with its bytes: comparing a few bytes is much cheaper than making a string of them. */
export class StringMemory {
  readonly #bytes = new Uint8Array(MAX_REMEMBERED)
  #length = -1
  #changes = 0
  #text = ''

  /** The string. */
  get text(): string {
    return this.#text
  }

  /** Whether {@link text} is what the bytes say. */
  holds(bytes: Uint8Array, start: number, length: number): boolean {
    if (length !== this.#length) return false
    const known = this.#bytes
    for (let i = 0; i < length; i++) if (bytes[start + i] !== known[i]) return false
    this.#changes = 0
    return true
  }

  /** Takes a new string in. Bytes are copied, and only while it seems worth it. */
  keep(bytes: Uint8Array, start: number, length: number, text: string): void {
    this.#text = text
    if (length > MAX_REMEMBERED || this.#changes >= MAX_CHANGES) {
      this.#length = -1
      return
    }
    this.#changes++
    this.#length = length
    for (let i = 0; i < length; i++) this.#bytes[i] = bytes[start + i]!
  }
}

/** Writes Avro's binary encoding into a buffer that is used again and again. */
export class AvroWriter {
  #bytes: Uint8Array = new Uint8Array(1024)
  #view: DataView = new DataView(this.#bytes.buffer)
  #at = 0

  /** Forgets what was written. */
  reset(): void {
    this.#at = 0
  }

  /** What was written, in an array of its own. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#at)
  }

  writeByte(byte: number): void {
    this.#reserve(1)
    this.#bytes[this.#at++] = byte
  }

  writeBoolean(value: boolean): void {
    this.writeByte(value ? 1 : 0)
  }

  /** An `int` or `long`. */
  writeLong(value: Int64): void {
    this.#reserve(10)
    if (typeof value === 'number' && value === (value | 0)) {
      let rest = ((value << 1) ^ (value >> 31)) >>> 0
      while (rest > 0x7f) {
        this.#bytes[this.#at++] = (rest & 0x7f) | 0x80
        rest >>>= 7
      }
      this.#bytes[this.#at++] = rest
      return
    }
    const big = BigInt(value)
    let rest = BigInt.asUintN(64, (big << 1n) ^ (big >> 63n))
    while (rest > 0x7fn) {
      this.#bytes[this.#at++] = Number(rest & 0x7fn) | 0x80
      rest >>= 7n
    }
    this.#bytes[this.#at++] = Number(rest)
  }

  writeFloat(value: number): void {
    this.#reserve(4)
    this.#view.setFloat32(this.#at, value, true)
    this.#at += 4
  }

  writeDouble(value: number): void {
    this.#reserve(8)
    this.#view.setFloat64(this.#at, value, true)
    this.#at += 8
  }

  writeBytes(value: Uint8Array): void {
    this.writeLong(value.length)
    this.writeFixed(value)
  }

  writeFixed(value: Uint8Array): void {
    this.#reserve(value.length)
    this.#bytes.set(value, this.#at)
    this.#at += value.length
  }

  writeString(value: string): void {
    this.writeBytes(encoder.encode(value))
  }

  #reserve(size: number): void {
    if (this.#at + size <= this.#bytes.length) return
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#at + size))
    grown.set(this.#bytes.subarray(0, this.#at))
    this.#bytes = grown
    this.#view = new DataView(grown.buffer)
  }
}

const encoder = new TextEncoder()
/** `Buffer`'s own, called on any bytes: a `Buffer` around them would double the time. */
const { utf8Slice } = Buffer.prototype as unknown as {
  readonly utf8Slice: (this: Uint8Array, start: number, end: number) => string
}
const sliceBytes = Uint8Array.prototype.slice as (
  this: Uint8Array,
  start: number,
  end: number,
) => Uint8Array
