const bitsPerMiss = 8
const minWindow = 64

/**
 * The blocks that were missed of late. May take one for another, in about one case of ten, which keeps a block too many.
 *
 * Source: the doorkeeper of TinyLFU (Einziger, Friedman and Manes, 2017): a Bloom filter with one hash, emptied when it has
 * taken a window's worth.
 */
export class RecentMisses {
  readonly #bits: Int32Array
  readonly #mask: number
  readonly #window: number
  #noted = 0

  /** `window` is how many misses are remembered. */
  constructor(window: number) {
    this.#window = Math.max(minWindow, window)
    const bits = 2 ** Math.ceil(Math.log2(this.#window * bitsPerMiss))
    this.#bits = new Int32Array(bits >>> 5)
    this.#mask = bits - 1
  }

  /** Hot. Notes a miss; whether it was noted before. */
  note(owner: number, offset: number): boolean {
    let hash = Math.imul(offset | 0, 0x9e3779b1) ^ Math.imul(owner, 0x85ebca77)
    hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
    const at = (hash ^ (hash >>> 13)) & this.#mask
    const bit = 1 << (at & 31)
    const word = this.#bits[at >>> 5]!
    if ((word & bit) !== 0) return true
    if (++this.#noted > this.#window) {
      this.#bits.fill(0)
      this.#noted = 1
    }
    this.#bits[at >>> 5]! |= bit
    return false
  }
}
