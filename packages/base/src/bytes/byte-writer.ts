import { assert } from '../errors.ts'
import { writeFixed16, writeFixed32, writeFixed64, writeFixed64Big } from './fixed.ts'
import { copyRange } from './copy.ts'
import { writeVarint } from './varint.ts'

/**
 * Appends codings to an array that grows by doubling. Reuse one writer with {@link clear}: its memory stays.
 *
 * @example
 * ```ts
 * const writer = new ByteWriter()
 * writer.fixed32(7).slice(key)
 * file.appendSync(writer.view())
 * ```
 */
export class ByteWriter {
  /** The backing array; longer than what is written. Replaced when it grows. */
  bytes: Uint8Array<ArrayBuffer>
  /** Bytes written. */
  length: number

  constructor(capacityBytes: number = 256) {
    this.bytes = new Uint8Array(Math.max(16, capacityBytes))
    this.length = 0
  }

  /** Forgets what was written and keeps the memory. */
  clear(): this {
    this.length = 0
    return this
  }

  /** Cuts back to `length` bytes. */
  truncate(length: number): this {
    assert(length <= this.length, 'a writer is cut back, not forward')
    this.length = length
    return this
  }

  byte(value: number): this {
    if (this.length === this.bytes.length) this.reserve(1)
    this.bytes[this.length++] = value
    return this
  }

  fixed16(value: number): this {
    this.reserve(2)
    writeFixed16(this.bytes, this.length, value)
    this.length += 2
    return this
  }

  fixed32(value: number): this {
    this.reserve(4)
    writeFixed32(this.bytes, this.length, value)
    this.length += 4
    return this
  }

  fixed64(value: number): this {
    this.reserve(8)
    writeFixed64(this.bytes, this.length, value)
    this.length += 8
    return this
  }

  fixed64Big(value: bigint): this {
    this.reserve(8)
    writeFixed64Big(this.bytes, this.length, value)
    this.length += 8
    return this
  }

  /** A varint32 or varint64: they differ only in what a reader accepts. */
  varint(value: number): this {
    this.reserve(10)
    this.length = writeVarint(this.bytes, this.length, value)
    return this
  }

  /** A varint of a bigint below 2^64. */
  varintBig(value: bigint): this {
    assert(value >= 0n && value < 1n << 64n, 'a varint64 is between 0 and 2^64 - 1')
    while (value >= 0x80n) {
      this.byte(Number(value & 0x7fn) | 0x80)
      value >>= 7n
    }
    return this.byte(Number(value))
  }

  /** Zig-zag varint; the magnitude is below 2^52. */
  signedVarint(value: number): this {
    return this.varint(value >= 0 ? value * 2 : -value * 2 - 1)
  }

  /** `data[start, end)` as it is. */
  raw(data: Uint8Array, start: number = 0, end: number = data.length): this {
    const length = end - start
    this.reserve(length)
    const position = this.length
    copyRange(data, start, end, this.bytes, position)
    this.length = position + length
    return this
  }

  /** A varint length and the bytes. */
  slice(data: Uint8Array): this {
    return this.varint(data.length).raw(data)
  }

  /** `length` zero bytes. */
  zeros(length: number): this {
    this.reserve(length)
    const { bytes } = this
    const start = this.length
    const end = (this.length = start + length)
    // For a few the call costs more.
    if (length > 32) bytes.fill(0, start, end)
    else for (let i = start; i < end; i++) bytes[i] = 0
    return this
  }

  /** What is written, a view borrowed until the next write. */
  view(start: number = 0): Uint8Array<ArrayBuffer> {
    return this.bytes.subarray(start, this.length)
  }

  /** What is written, a copy owned by the caller. */
  toBytes(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.view())
  }

  /** Makes room for `length` more bytes. */
  reserve(length: number): void {
    const needed = this.length + length
    if (needed <= this.bytes.length) return
    const grown = new Uint8Array(Math.max(needed, this.bytes.length * 2))
    grown.set(this.bytes.subarray(0, this.length))
    this.bytes = grown
  }
}
