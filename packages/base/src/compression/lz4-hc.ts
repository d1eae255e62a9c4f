import type { Codec } from './codec.ts'
import { emitSequence, emitTail, lz4BlockBound } from './lz4-block.ts'

// LZ4 blocks whose matches are searched for along hash chains (the format is that of lz4-block.ts). Lazy matching: a match
// waits for one that starts a byte later and is longer. Sources: LZ4's block format, and Deflate's lazy evaluation.

const hashBits = 15
const minMatch = 4
const lastLiterals = 5
const matchFindLimit = 12
const maxOffset = 0xffff

/** Links followed for one match, by level: 3 to 12 as in LZ4HC. */
function attemptsOf(level: number): number {
  return 1 << Math.min(12, Math.max(2, level - 1))
}

function hashAt(data: Uint8Array, i: number): number {
  const word = data[i]! | (data[i + 1]! << 8) | (data[i + 2]! << 16) | (data[i + 3]! << 24)
  return Math.imul(word, 0x9e3779b1) >>> (32 - hashBits)
}

/** Positions by hash, each linked to the one before it with the same hash. */
class HashChains {
  readonly #data: Uint8Array
  readonly #matchEnd: number
  readonly #attempts: number
  /** Positions plus one, so that zero means none. */
  readonly #heads = new Int32Array(1 << hashBits)
  readonly #previous: Int32Array
  #inserted = 0
  /** The match that {@link find} found. */
  length = 0
  from = 0

  constructor(data: Uint8Array, attempts: number) {
    this.#data = data
    this.#matchEnd = data.length - lastLiterals
    this.#attempts = attempts
    this.#previous = new Int32Array(data.length)
  }

  /** Makes all positions before `end` known. */
  insertUpTo(end: number): void {
    const data = this.#data
    const limit = Math.min(end, data.length - minMatch + 1)
    for (let i = this.#inserted; i < limit; i++) {
      const h = hashAt(data, i)
      this.#previous[i] = this.#heads[h]!
      this.#heads[h] = i + 1
    }
    if (end > this.#inserted) this.#inserted = end
  }

  /** Looks for the longest match at `i`; `length` is 0 when there is none of at least four bytes. */
  find(i: number): void {
    const data = this.#data
    const matchEnd = this.#matchEnd
    this.insertUpTo(i)
    this.length = 0
    let candidate = this.#heads[hashAt(data, i)]! - 1
    for (
      let left = this.#attempts;
      left > 0 && candidate >= 0 && i - candidate <= maxOffset;
      left--
    ) {
      // Only a match that reaches further is worth a comparison from its start.
      if (data[candidate + this.length] === data[i + this.length]) {
        let n = 0
        while (i + n < matchEnd && data[candidate + n] === data[i + n]) n++
        if (n >= minMatch && n > this.length) {
          this.length = n
          this.from = candidate
        }
      }
      candidate = this.#previous[candidate]! - 1
    }
  }
}

/** Compresses `data[start, data.length)` into `out`; matches may reach back before `start`. Returns the size of the block. */
export function compressLz4HcBlock(
  data: Uint8Array,
  start: number,
  out: Uint8Array,
  level: number,
): number {
  const end = data.length
  let o = 0
  let anchor = start
  if (end - start > matchFindLimit) {
    const chains = new HashChains(data, attemptsOf(level))
    const limit = end - matchFindLimit
    let i = start
    while (i <= limit) {
      chains.find(i)
      let { length, from } = chains
      if (length === 0) {
        i++
        continue
      }
      while (i < limit) {
        chains.find(i + 1)
        if (chains.length <= length) break
        length = chains.length
        from = chains.from
        i++
      }
      o = emitSequence(data, anchor, i, i - from, length, out, o)
      i += length
      anchor = i
    }
  }
  return emitTail(data, anchor, end, out, o)
}

/** LZ4, raw block format, with a longer search: smaller blocks, slower to write, as fast to read. Level 3 to 12, default 9. */
export const lz4HcCodec: Pick<Codec, 'compress'> = {
  compress(data, options) {
    const out = new Uint8Array(lz4BlockBound(data.length))
    return out.subarray(0, compressLz4HcBlock(data, 0, out, options?.level ?? 9))
  },
}
