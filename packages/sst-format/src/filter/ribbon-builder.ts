import { writeFixed32 } from '@varve/base'

import { fastLocalBloomErrorRate } from './fast-local-bloom.ts'
import { FILTER_CHUNK_KEYS, type FilterKeys } from './filter-keys.ts'
import { rawSeedOf, ribbonHash, ribbonKey } from './ribbon-hash.ts'
import { parity32 } from './ribbon.ts'

/** Below so many keys the fixed costs of a Ribbon eat what it saves; RocksDB writes a Bloom filter then, too. */
const MIN_KEYS = 1024
/** Rows more than keys: with so many nearly every seed has a solution. */
const OVERHEADS = [1.05, 1.08, 1.15] as const
const SEEDS_TRIED = 16

/** Columns: `lower` in the first blocks, one more from block `upperStartBlock` on. */
interface Columns {
  readonly lower: number
  readonly upperStartBlock: number
}

/**
 * A standard 128-bit Ribbon filter of `keys` that errs as seldom as a Bloom filter with `bitsPerKey`, in about 70% of its
 * space. Undefined when there are too few keys, or no solution is found, and a Bloom filter has to do.
 *
 * A linear system over GF(2) with a row for each key, solved row by row as keys come ("banding"), then backwards.
 * Source: Dillinger and Walzer, "Ribbon filter: practically smaller than Bloom and Xor" (2021).
 */
export function buildRibbon(keys: FilterKeys, bitsPerKey: number): Uint8Array | undefined {
  if (keys.count < MIN_KEYS) return undefined
  const oneIn = 1 / fastLocalBloomErrorRate(bitsPerKey)
  for (const overhead of OVERHEADS) {
    const blocks = Math.ceil((keys.count * overhead) / 128) + 1
    if (blocks > 0xff_ffff) return undefined
    const columns = columnsFor(blocks, oneIn)
    for (let seed = 0; seed < SEEDS_TRIED; seed++) {
      const banding = new Banding(blocks)
      if (!banding.addAll(keys, rawSeedOf(seed))) continue
      const solution = banding.solve(columns)
      const n = solution.length - 5
      solution.set([0xfe, seed, blocks & 0xff, (blocks >>> 8) & 0xff, blocks >>> 16], n)
      return solution
    }
  }
  return undefined
}

/** A column halves the error rate: a mix of two numbers of columns meets any rate. */
function columnsFor(blocks: number, oneIn: number): Columns {
  const lower = Math.min(31, Math.max(1, Math.floor(Math.log2(oneIn))))
  const rate = 2 ** -lower
  // share × rate / 2 + (1 - share) × rate = 1 / oneIn
  const share = Math.min(1, Math.max(0, (2 * (rate - 1 / oneIn)) / rate))
  return { lower, upperStartBlock: blocks - Math.round(share * blocks) }
}

class Banding {
  readonly #blocks: number
  /** Four words of coefficients a row; all zero while the row is free. */
  readonly #rows: Uint32Array
  readonly #results: Uint32Array

  constructor(blocks: number) {
    this.#blocks = blocks
    this.#rows = new Uint32Array(blocks * 512)
    this.#results = new Uint32Array(blocks * 128)
  }

  /** False when a key contradicts those before it. */
  addAll(keys: FilterKeys, rawSeed: number): boolean {
    const starts = this.#blocks * 128 - 127
    const { count } = keys
    for (let first = 0; first < count; first += FILTER_CHUNK_KEYS) {
      const { high, low } = keys.chunk(first)
      const n = Math.min(FILTER_CHUNK_KEYS, count - first)
      for (let i = 0; i < n; i++) {
        ribbonHash(high[i]!, low[i]!, rawSeed, starts)
        if (!this.#add()) return false
      }
    }
    return true
  }

  /** Hot. Adds the row of {@link ribbonKey} by elimination. */
  #add(): boolean {
    const rows = this.#rows
    let { start: row, c0, c1, c2, c3, expected: result } = ribbonKey
    for (;;) {
      const at = row * 4
      if (rows[at] === 0) {
        rows[at] = c0
        rows[at + 1] = c1
        rows[at + 2] = c2
        rows[at + 3] = c3
        this.#results[row] = result
        return true
      }
      c0 ^= rows[at]!
      c1 ^= rows[at + 1]!
      c2 ^= rows[at + 2]!
      c3 ^= rows[at + 3]!
      result ^= this.#results[row]!
      if ((c0 | c1 | c2 | c3) === 0) return result === 0
      // To the first coefficient that is set, which is then the lowest bit again.
      while (c0 === 0) {
        c0 = c1
        c1 = c2
        c2 = c3
        c3 = 0
        row += 32
      }
      const zeros = 31 - Math.clz32(c0 & -c0)
      if (zeros > 0) {
        c0 = (c0 >>> zeros) | (c1 << (32 - zeros))
        c1 = (c1 >>> zeros) | (c2 << (32 - zeros))
        c2 = (c2 >>> zeros) | (c3 << (32 - zeros))
        c3 >>>= zeros
        row += zeros
      }
    }
  }

  /** The solution, segments by block and column, with room for the trailer. */
  solve({ lower, upperStartBlock }: Columns): Uint8Array {
    const upper = upperStartBlock < this.#blocks ? lower + 1 : lower
    const lowerBlocks = upper > lower ? upperStartBlock : 0
    const segments = this.#blocks * upper - lowerBlocks
    const out = new Uint8Array(segments * 16 + 5)
    // By column the 128 solved rows from the present one on, least significant word first.
    const state = new Uint32Array(upper * 4)
    for (let block = this.#blocks - 1; block >= 0; block--) {
      const columns = block < lowerBlocks ? upper - 1 : upper
      for (let row = block * 128 + 127; row >= block * 128; row--) this.#solveRow(row, state, upper)
      const segment = block * upper - Math.min(block, lowerBlocks)
      for (let i = 0; i < columns * 4; i++) writeFixed32(out, segment * 16 + i * 4, state[i]!)
    }
    return out
  }

  #solveRow(row: number, state: Uint32Array, columns: number): void {
    const rows = this.#rows
    const at = row * 4
    const r0 = rows[at]!
    const r1 = rows[at + 1]!
    const r2 = rows[at + 2]!
    const r3 = rows[at + 3]!
    const result = this.#results[row]!
    for (let i = 0; i < columns; i++) {
      const s = i * 4
      const s3 = (state[s + 3]! << 1) | (state[s + 2]! >>> 31)
      const s2 = (state[s + 2]! << 1) | (state[s + 1]! >>> 31)
      const s1 = (state[s + 1]! << 1) | (state[s]! >>> 31)
      const s0 = state[s]! << 1
      const bit = parity32((r0 & s0) ^ (r1 & s1) ^ (r2 & s2) ^ (r3 & s3)) ^ ((result >>> i) & 1)
      state[s] = s0 | bit
      state[s + 1] = s1
      state[s + 2] = s2
      state[s + 3] = s3
    }
  }
}
