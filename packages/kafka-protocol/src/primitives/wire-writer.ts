import { AssertionError } from '@varve/base'

import { writeInt16, writeInt32, writeInt64 } from './int64.ts'
import { writeUnsignedVarint } from './varint.ts'

const encoder = new TextEncoder()

/** Grows a buffer with Kafka's primitive types. `flexible` picks the compact forms of strings, byte arrays and arrays. */
export class WireWriter {
  readonly flexible: boolean
  #bytes: Uint8Array
  #end = 0

  constructor(options: { readonly flexible: boolean; readonly initialBytes?: number }) {
    this.flexible = options.flexible
    this.#bytes = new Uint8Array(options.initialBytes ?? 256)
  }

  int8(value: number): void {
    this.#reserve(1)
    this.#bytes[this.#end++] = value
  }

  int16(value: number): void {
    this.#reserve(2)
    writeInt16(this.#bytes, this.#end, value)
    this.#end += 2
  }

  int32(value: number): void {
    this.#reserve(4)
    writeInt32(this.#bytes, this.#end, value)
    this.#end += 4
  }

  int64(value: number): void {
    this.#reserve(8)
    writeInt64(this.#bytes, this.#end, value)
    this.#end += 8
  }

  unsignedVarint(value: number): void {
    this.#reserve(5)
    this.#end = writeUnsignedVarint(this.#bytes, this.#end, value)
  }

  /** Nullable string: i16 length, or unsigned varint length + 1. */
  string(value: string | null): void {
    const text = value === null ? null : encoder.encode(value)
    if (this.flexible) this.unsignedVarint(text === null ? 0 : text.length + 1)
    else {
      if (text !== null && text.length > 0x7fff) {
        throw new AssertionError(`a Kafka string holds at most 32767 bytes, not ${text.length}`)
      }
      this.int16(text === null ? -1 : text.length)
    }
    if (text !== null) this.raw(text)
  }

  /** Nullable byte array: i32 length, or unsigned varint length + 1. */
  bytes(value: Uint8Array | null): void {
    this.arrayLength(value === null ? -1 : value.length)
    if (value !== null) this.raw(value)
  }

  /** -1: null. */
  arrayLength(count: number): void {
    if (this.flexible) this.unsignedVarint(count + 1)
    else this.int32(count)
  }

  raw(value: Uint8Array): void {
    this.#reserve(value.length)
    this.#bytes.set(value, this.#end)
    this.#end += value.length
  }

  /** What was written: a view on a buffer that nobody else holds. */
  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#end)
  }

  #reserve(bytes: number): void {
    const needed = this.#end + bytes
    if (needed <= this.#bytes.length) return
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2))
    grown.set(this.#bytes.subarray(0, this.#end))
    this.#bytes = grown
  }
}
