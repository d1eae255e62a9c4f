import { CorruptionError } from '@varve/base'

import { readInt16, readInt32, readInt64 } from './int64.ts'
import { VarintReader } from './varint.ts'

const decoder = new TextDecoder()

/**
 * Reads Kafka's primitive types and never beyond its bytes: each length and count is checked against what is left.
 * Byte arrays are views.
 */
export class WireReader {
  readonly flexible: boolean
  readonly #reader: VarintReader

  constructor(bytes: Uint8Array, options: { readonly flexible: boolean }) {
    this.flexible = options.flexible
    this.#reader = new VarintReader(bytes, 0, bytes.length)
  }

  get position(): number {
    return this.#reader.position
  }

  get remaining(): number {
    return this.#reader.end - this.#reader.position
  }

  int8(): number {
    const at = this.#advance(1)
    return (this.#reader.bytes[at]! << 24) >> 24
  }

  int16(): number {
    return readInt16(this.#reader.bytes, this.#advance(2))
  }

  int32(): number {
    return readInt32(this.#reader.bytes, this.#advance(4))
  }

  int64(): number {
    return readInt64(this.#reader.bytes, this.#advance(8))
  }

  unsignedVarint(): number {
    return this.#reader.unsigned()
  }

  string(): string | null {
    const length = this.flexible ? this.unsignedVarint() - 1 : this.int16()
    if (length < 0) return null
    const at = this.#advance(length)
    return decoder.decode(this.#reader.bytes.subarray(at, at + length))
  }

  bytes(): Uint8Array | null {
    const length = this.flexible ? this.unsignedVarint() - 1 : this.int32()
    if (length < 0) return null
    const at = this.#advance(length)
    return this.#reader.bytes.subarray(at, at + length)
  }

  /** Count of an array, -1 for null. An element takes at least a byte, which bounds the count. */
  arrayLength(): number {
    const count = this.flexible ? this.unsignedVarint() - 1 : this.int32()
    if (count > this.remaining) {
      throw new CorruptionError(
        `array of ${count} elements at byte ${this.position} with ${this.remaining} bytes left`,
      )
    }
    return count
  }

  /** Skips a tag section: what newer versions add to a structure. */
  skipTags(): void {
    for (let left = this.unsignedVarint(); left > 0; left--) {
      this.unsignedVarint()
      this.#advance(this.unsignedVarint())
    }
  }

  #advance(bytes: number): number {
    const at = this.#reader.position
    if (bytes > this.remaining) {
      throw new CorruptionError(
        `message ends at byte ${this.#reader.end}, ${bytes} bytes wanted at ${at}`,
      )
    }
    this.#reader.position = at + bytes
    return at
  }
}
