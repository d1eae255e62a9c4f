import { DeserializationError } from '@varve/base'

import { int64FromHalves, writeInt64, type Int64 } from '../bigint64.ts'
import { decodeText, encodeText } from '../text/bytes-text.ts'

/** How a field's bytes are delimited. Groups (3, 4) are only passed over. */
export const WireTypes = {
  VARINT: 0,
  FIXED64: 1,
  BYTES: 2,
  START_GROUP: 3,
  END_GROUP: 4,
  FIXED32: 5,
} as const

/** Nesting of groups and messages in the data beyond this is refused. */
const MAX_DEPTH = 100

/** Protobuf bytes that are malformed. */
export class ProtobufDecodeError extends DeserializationError {
  constructor(message: string) {
    super(`Protobuf: ${message}`)
  }
}

/**
 * Reads Protobuf's wire format. Values are copies; 64-bit integers are exact and in canonical form.
 *
 * Source: Protocol Buffers documentation, "Encoding".
 */
export class ProtoReader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  readonly #end: number
  readonly #depth: number
  #at: number
  #low = 0
  #high = 0

  /** Borrows `bytes` while it is used; reads from `start` to `end`. */
  constructor(bytes: Uint8Array, start = 0, end: number = bytes.length, depth = 0) {
    if (depth > MAX_DEPTH) throw new ProtobufDecodeError('messages nested too deeply')
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#at = start
    this.#end = end
    this.#depth = depth
  }

  get done(): boolean {
    return this.#at >= this.#end
  }

  /** Field number and wire type in one, as on the wire. */
  readTag(): number {
    const tag = this.readUint32()
    if (tag >>> 3 === 0) throw new ProtobufDecodeError('field number 0')
    return tag
  }

  /** The low 32 bits of a varint, unsigned. */
  readUint32(): number {
    this.#varint()
    return this.#low
  }

  /** The low 32 bits of a varint, signed. */
  readInt32(): number {
    this.#varint()
    return this.#low | 0
  }

  readSint32(): number {
    const value = this.readUint32()
    return (value >>> 1) ^ -(value & 1)
  }

  /** A signed 64-bit integer; unsigned ones beyond its range wrap, as in Java. */
  readInt64(): Int64 {
    this.#varint()
    return int64FromHalves(this.#high | 0, this.#low)
  }

  readSint64(): Int64 {
    this.#varint()
    const mask = -(this.#low & 1)
    const low = (((this.#low >>> 1) | (this.#high << 31)) ^ mask) >>> 0
    return int64FromHalves((this.#high >>> 1) ^ mask, low)
  }

  readBool(): boolean {
    this.#varint()
    return this.#low !== 0 || this.#high !== 0
  }

  readFixed32(): number {
    return this.#view.getUint32(this.#advance(4), true)
  }

  readSfixed32(): number {
    return this.#view.getInt32(this.#advance(4), true)
  }

  readFixed64(): Int64 {
    const at = this.#advance(8)
    return int64FromHalves(this.#view.getInt32(at + 4, true), this.#view.getUint32(at, true))
  }

  readFloat(): number {
    return this.#view.getFloat32(this.#advance(4), true)
  }

  readDouble(): number {
    return this.#view.getFloat64(this.#advance(8), true)
  }

  readBytes(): Uint8Array {
    const length = this.#length()
    const start = this.#advance(length)
    return this.#bytes.slice(start, start + length)
  }

  readString(): string {
    const length = this.#length()
    const start = this.#advance(length)
    return decodeText(this.#bytes.subarray(start, start + length))
  }

  /** A reader of the next length-delimited field: a message, or packed numbers. */
  readNested(): ProtoReader {
    const length = this.#length()
    const start = this.#advance(length)
    return new ProtoReader(this.#bytes, start, start + length, this.#depth + 1)
  }

  /** Passes over a field whose tag was read. */
  skip(tag: number, depth: number = this.#depth): void {
    switch (tag & 7) {
      case WireTypes.VARINT:
        this.#varint()
        return
      case WireTypes.FIXED64:
        this.#advance(8)
        return
      case WireTypes.BYTES:
        this.#advance(this.#length())
        return
      case WireTypes.START_GROUP:
        if (depth >= MAX_DEPTH) throw new ProtobufDecodeError('groups nested too deeply')
        for (;;) {
          const inner = this.readTag()
          if ((inner & 7) !== WireTypes.END_GROUP) this.skip(inner, depth + 1)
          else if (inner >>> 3 === tag >>> 3) return
          else throw new ProtobufDecodeError('a group ends that did not begin')
        }
      case WireTypes.FIXED32:
        this.#advance(4)
        return
      default:
        throw new ProtobufDecodeError(`wire type ${tag & 7} of field ${tag >>> 3}`)
    }
  }

  /** Position after the bytes read, from the start of the array. */
  get position(): number {
    return this.#at
  }

  #varint(): void {
    let low = 0
    let high = 0
    for (let shift = 0; shift < 70; shift += 7) {
      if (this.#at >= this.#end) this.#truncated()
      const byte = this.#bytes[this.#at++]!
      const bits = byte & 0x7f
      if (shift < 28) low |= bits << shift
      else if (shift === 28) {
        low |= bits << 28
        high |= bits >>> 4
      } else if (shift < 63) high |= bits << (shift - 32)
      else high |= (bits & 1) << 31
      if (byte < 0x80) {
        this.#low = low >>> 0
        this.#high = high >>> 0
        return
      }
    }
    throw new ProtobufDecodeError('a varint of more than 10 bytes')
  }

  #length(): number {
    this.#varint()
    if (this.#high !== 0) this.#truncated()
    return this.#low
  }

  #advance(size: number): number {
    const start = this.#at
    if (size > this.#end - start) this.#truncated()
    this.#at = start + size
    return start
  }

  #truncated(): never {
    throw new ProtobufDecodeError(`the bytes end at ${this.#end} in the middle of a value`)
  }
}

/** Writes Protobuf's wire format into a buffer that is used again and again. */
export class ProtoWriter {
  #bytes: Uint8Array = new Uint8Array(1024)
  #view: DataView = new DataView(this.#bytes.buffer)
  #at = 0
  readonly #halves = new Uint8Array(8)
  readonly #halvesView = new DataView(this.#halves.buffer)

  /** Forgets what was written. */
  reset(): void {
    this.#at = 0
  }

  /** What was written, in an array of its own. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#at)
  }

  writeTag(field: number, wireType: number): void {
    this.writeUint32(((field << 3) | wireType) >>> 0)
  }

  writeUint32(value: number): void {
    this.#reserve(5)
    let rest = value >>> 0
    while (rest > 0x7f) {
      this.#bytes[this.#at++] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    this.#bytes[this.#at++] = rest
  }

  /** A signed integer as a varint: negative ones take ten bytes. */
  writeInt64(value: Int64): void {
    if (typeof value === 'number' && value >= 0 && value <= 0xffffffff) {
      this.writeUint32(value)
      return
    }
    const { high, low } = this.#split(value)
    this.#writeHalves(high, low)
  }

  writeSint64(value: Int64): void {
    const { high, low } = this.#split(value)
    const mask = high >> 31
    this.#writeHalves((((high << 1) | (low >>> 31)) ^ mask) >>> 0, ((low << 1) ^ mask) >>> 0)
  }

  writeFixed32(value: number): void {
    this.#reserve(4)
    this.#view.setUint32(this.#at, value >>> 0, true)
    this.#at += 4
  }

  writeFixed64(value: Int64): void {
    const { high, low } = this.#split(value)
    this.writeFixed32(low)
    this.writeFixed32(high)
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

  /** The bytes as they are, without length. */
  writeRaw(bytes: Uint8Array): void {
    this.#reserve(bytes.length)
    this.#bytes.set(bytes, this.#at)
    this.#at += bytes.length
  }

  writeBytes(bytes: Uint8Array): void {
    this.writeUint32(bytes.length)
    this.writeRaw(bytes)
  }

  writeString(text: string): void {
    this.writeBytes(encodeText(text))
  }

  /** Writes what `content` writes with its length in front. */
  writeNested(content: () => void): void {
    const start = this.#at
    this.#reserve(5)
    this.#at += 1
    content()
    const length = this.#at - start - 1
    if (length > 0x7f) {
      // The length takes more than the one byte kept for it: what was written moves.
      const size = length < 1 << 14 ? 2 : length < 1 << 21 ? 3 : length < 1 << 28 ? 4 : 5
      this.#reserve(size)
      this.#bytes.copyWithin(start + size, start + 1, this.#at)
      this.#at = start
      this.writeUint32(length)
      this.#at += length
      return
    }
    this.#bytes[start] = length
  }

  #split(value: Int64): { readonly high: number; readonly low: number } {
    writeInt64(value, this.#halves, 0)
    return { high: this.#halvesView.getInt32(0), low: this.#halvesView.getUint32(4) }
  }

  #writeHalves(high: number, low: number): void {
    this.#reserve(10)
    let h = high >>> 0
    let l = low >>> 0
    while (h !== 0 || l > 0x7f) {
      this.#bytes[this.#at++] = (l & 0x7f) | 0x80
      l = ((l >>> 7) | (h << 25)) >>> 0
      h >>>= 7
    }
    this.#bytes[this.#at++] = l
  }

  #reserve(size: number): void {
    if (this.#at + size <= this.#bytes.length) return
    const bytes = new Uint8Array(Math.max(this.#bytes.length * 2, this.#at + size))
    bytes.set(this.#bytes.subarray(0, this.#at))
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer)
  }
}
