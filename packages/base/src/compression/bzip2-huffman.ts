import { CorruptionError } from '../errors.ts'

/** Longest code that the format allows. */
export const maxCodeLength = 20

/** Reads bits from high to low. */
export class BitReader {
  readonly #data: Uint8Array
  #position = 0
  #buffer = 0
  #available = 0

  constructor(data: Uint8Array) {
    this.#data = data
  }

  /** The next `count` bits, at most 24. @throws CorruptionError at the end of the data */
  read(count: number): number {
    while (this.#available < count) {
      if (this.#position >= this.#data.length) {
        throw new CorruptionError('bzip2 data is malformed: it ends early')
      }
      this.#buffer = (this.#buffer << 8) | this.#data[this.#position++]!
      this.#available += 8
    }
    this.#available -= count
    const value = (this.#buffer >>> this.#available) & ((1 << count) - 1)
    this.#buffer &= (1 << this.#available) - 1
    return value
  }

  read32(): number {
    return this.read(16) * 0x10000 + this.read(16)
  }
}

/** Decodes canonical Huffman codes: shorter codes first, symbols ascending within a length. */
export class HuffmanDecoder {
  readonly #symbols: Uint16Array
  /** By length: how many codes there are. */
  readonly #counts = new Uint16Array(maxCodeLength + 1)

  /** `lengths[symbol]` is the length of its code, 1 to {@link maxCodeLength}. */
  constructor(lengths: Uint8Array) {
    for (const length of lengths) this.#counts[length]!++
    const next = new Uint16Array(maxCodeLength + 2)
    for (let length = 1; length <= maxCodeLength; length++)
      next[length + 1] = next[length]! + this.#counts[length]!
    this.#symbols = new Uint16Array(lengths.length)
    for (const [symbol, length] of lengths.entries()) this.#symbols[next[length]!++] = symbol
  }

  /** The next symbol. @throws CorruptionError when the bits are no code */
  next(bits: BitReader): number {
    let code = 0
    let first = 0
    let index = 0
    for (let length = 1; length <= maxCodeLength; length++) {
      code |= bits.read(1)
      const count = this.#counts[length]!
      if (code - first < count) return this.#symbols[index + code - first]!
      index += count
      first = (first + count) << 1
      code <<= 1
    }
    throw new CorruptionError('bzip2 data is malformed: bits without a code')
  }
}
