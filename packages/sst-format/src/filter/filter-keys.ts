import { hash32 } from '../hash/hash32.ts'
import { hash64, xxph3 } from '../hash/xxh3-64.ts'
import { LEGACY_BLOOM_SEED } from './legacy-bloom.ts'

/** Keys of a {@link FilterChunk}. */
export const FILTER_CHUNK_KEYS: number = 1 << 14

/** Hashes of keys that follow each other. */
export interface FilterChunk {
  readonly high: Uint32Array
  readonly low: Uint32Array
}

/** What released ones leave to the next ones of the thread: a table's worth, which would be garbage with every table. */
const spares: FilterChunk[] = []
/** More is left to the collector. */
const maxSpares = 128

/**
 * The hashes of the keys of a filter, until it is built. Equal ones in a row count once: versions of one key follow each
 * other. The new filters take 64 bits of a key, the legacy one 32 (then `high` stays 0).
 *
 * In chunks: an array that is copied to grow holds half as much again for nothing, and leaves as much behind.
 */
export class FilterKeys {
  readonly #legacy: boolean
  /** Each but the last is full. */
  readonly #chunks: FilterChunk[] = []
  #last: FilterChunk | undefined
  /** Keys in the last chunk. */
  #inLast = FILTER_CHUNK_KEYS
  #lastHigh = 0
  #lastLow = 0

  constructor(legacy: boolean) {
    this.#legacy = legacy
  }

  get count(): number {
    return (this.#chunks.length - 1) * FILTER_CHUNK_KEYS + this.#inLast
  }

  /** The chunk whose first key is key `first`, a multiple of 16,384. What is behind {@link count} is not a key. */
  chunk(first: number): FilterChunk {
    return this.#chunks[first / FILTER_CHUNK_KEYS]!
  }

  /** Hot. Adds the user key, or prefix, in `bytes[0, length)`. */
  add(bytes: Uint8Array, length: number): void {
    let hi = 0
    let lo: number
    if (this.#legacy) {
      lo = hash32(bytes, 0, length, LEGACY_BLOOM_SEED)
    } else {
      xxph3(bytes, 0, length)
      hi = hash64.hi
      lo = hash64.lo
    }
    const last = this.#last
    if (last !== undefined && lo === this.#lastLow && hi === this.#lastHigh) return
    this.#lastHigh = hi
    this.#lastLow = lo
    const n = this.#inLast
    const { high, low } = last === undefined || n === FILTER_CHUNK_KEYS ? this.#begin() : last
    const at = n === FILTER_CHUNK_KEYS ? 0 : n
    high[at] = hi
    low[at] = lo
    this.#inLast = at + 1
  }

  /** Empties it, for other keys. */
  clear(): void {
    for (const chunk of this.#chunks) if (spares.length < maxSpares) spares.push(chunk)
    this.#chunks.length = 0
    this.#last = undefined
    this.#inLast = FILTER_CHUNK_KEYS
  }

  #begin(): FilterChunk {
    const chunk = spares.pop() ?? {
      high: new Uint32Array(FILTER_CHUNK_KEYS),
      low: new Uint32Array(FILTER_CHUNK_KEYS),
    }
    this.#chunks.push(chunk)
    this.#last = chunk
    return chunk
  }
}
