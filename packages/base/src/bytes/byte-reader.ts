import { CorruptionError } from '../errors.ts'
import { readFixed16, readFixed32, readFixed64, readFixed64Big } from './fixed.ts'

/** Where the bytes of a {@link ByteReader} came from, for its errors. */
export interface ByteSource {
  readonly file?: string | undefined
  /** Offset of the first byte of the array in the file. */
  readonly offset?: number | undefined
}

/**
 * Reads codings one after the other from `bytes[position, end)`; every read is checked against the end.
 *
 * A reader may be kept and aimed at other bytes with {@link reset}. Slices are views of the array.
 * All methods throw {@link CorruptionError} with file and offset when the bytes end early or a number is out of range.
 */
export class ByteReader {
  bytes: Uint8Array
  position: number
  end: number
  #source: ByteSource

  constructor(bytes: Uint8Array, source: ByteSource = {}) {
    this.bytes = bytes
    this.position = 0
    this.end = bytes.length
    this.#source = source
  }

  /** Aims the reader at other bytes of the same source. */
  reset(bytes: Uint8Array, position: number = 0, end: number = bytes.length): void {
    this.bytes = bytes
    this.position = position
    this.end = end
  }

  get remaining(): number {
    return this.end - this.position
  }

  byte(): number {
    if (this.position >= this.end) this.fail('a byte')
    return this.bytes[this.position++]!
  }

  fixed16(): number {
    const position = this.#advance(2, 'a 16-bit integer')
    return readFixed16(this.bytes, position)
  }

  fixed32(): number {
    const position = this.#advance(4, 'a 32-bit integer')
    return readFixed32(this.bytes, position)
  }

  /** A 64-bit integer that must be a safe integer. */
  fixed64(): number {
    const position = this.#advance(8, 'a 64-bit integer')
    const value = readFixed64(this.bytes, position)
    if (value > Number.MAX_SAFE_INTEGER) this.fail('a 64-bit integer below 2^53', position)
    return value
  }

  fixed64Big(): bigint {
    const position = this.#advance(8, 'a 64-bit integer')
    return readFixed64Big(this.bytes, position)
  }

  /** At most five bytes and below 2^32. */
  varint32(): number {
    const start = this.position
    let value = this.byte()
    if (value < 0x80) return value
    value &= 0x7f
    for (let shift = 7; shift < 35; shift += 7) {
      const byte = this.byte()
      value += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) {
        if (value > 0xffff_ffff) break
        return value
      }
    }
    this.fail('a varint below 2^32', start)
  }

  /** At most ten bytes and a safe integer. */
  varint64(): number {
    const start = this.position
    let value = this.byte()
    if (value < 0x80) return value
    value &= 0x7f
    let scale = 0x80
    for (let i = 1; i < 10; i++) {
      const byte = this.byte()
      value += (byte & 0x7f) * scale
      if (byte < 0x80) {
        if (value > Number.MAX_SAFE_INTEGER) break
        return value
      }
      scale *= 0x80
    }
    this.fail('a varint below 2^53', start)
  }

  /** At most ten bytes, exact, below 2^64. */
  varint64Big(): bigint {
    const start = this.position
    let value = 0n
    for (let i = 0; i < 10; i++) {
      const byte = this.byte()
      value |= BigInt(byte & 0x7f) << BigInt(7 * i)
      if (byte < 0x80) {
        if (value > 0xffff_ffff_ffff_ffffn) break
        return value
      }
    }
    this.fail('a varint below 2^64', start)
  }

  /** Zig-zag varint whose magnitude is below 2^52. */
  signedVarint64(): number {
    const value = this.varint64()
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }

  /** The next `length` bytes, a view. */
  take(length: number): Uint8Array {
    const position = this.#advance(length)
    return this.bytes.subarray(position, position + length)
  }

  /** A varint32 length and as many bytes, a view. */
  slice(): Uint8Array {
    return this.take(this.varint32())
  }

  skip(length: number): void {
    this.#advance(length)
  }

  /** Throws the error of a reader that found something else than `expected` at `position`. */
  fail(expected: string, position: number = this.position): never {
    const { file, offset } = this.#source
    throw new CorruptionError(
      `expected ${expected}${file === undefined ? ` at byte ${position}` : ''}`,
      file === undefined ? {} : { file, offset: (offset ?? 0) + position },
    )
  }

  #advance(length: number, expected?: string): number {
    const position = this.position
    if (length > this.end - position) this.fail(expected ?? `${length} bytes`)
    this.position = position + length
    return position
  }
}
