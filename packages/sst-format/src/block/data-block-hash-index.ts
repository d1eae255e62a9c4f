import type { ByteWriter } from '@varve/base'

import { hash32 } from '../hash/hash32.ts'

const SEED = 397
const NO_ENTRY = 255
const COLLISION = 254
const MAX_RESTART = 253
const MAX_BLOCK_BYTES = 65_535

/**
 * The index by hash of a data block: a byte for each bucket says in which restart interval a user key is.
 *
 *     bucket[0] … bucket[n - 1] (255: no key, 254: several intervals, search), fixed16 n
 *
 * Stands between restart array and footer word; left out when the block has too many restarts, or is too large.
 */
export class DataBlockHashIndexBuilder {
  readonly #ratio: number
  #hashes: number[] = []
  #restarts: number[] = []
  #valid = true

  constructor(ratio: number) {
    this.#ratio = ratio
  }

  get #buckets(): number {
    return Math.floor(this.#hashes.length / this.#ratio) | 1
  }

  /** What {@link write} adds. */
  get sizeBytes(): number {
    return this.#valid ? this.#buckets + 2 : 0
  }

  /** The user key in `key[0, length)` is in the restart interval `restart`. */
  add(key: Uint8Array, length: number, restart: number): void {
    if (restart > MAX_RESTART) this.#valid = false
    if (!this.#valid) return
    this.#hashes.push(hash32(key, 0, length, SEED))
    this.#restarts.push(restart)
  }

  /** Appends the index to the block in `out`; false when it has none. */
  write(out: ByteWriter): boolean {
    const count = this.#buckets
    if (!this.#valid || this.#hashes.length === 0 || out.length + count + 2 > MAX_BLOCK_BYTES)
      return false
    const buckets = new Uint8Array(count).fill(NO_ENTRY)
    for (const [i, hash] of this.#hashes.entries()) {
      const bucket = hash % count
      const restart = this.#restarts[i]!
      if (buckets[bucket] === NO_ENTRY) buckets[bucket] = restart
      else if (buckets[bucket] !== restart) buckets[bucket] = COLLISION
    }
    out.raw(buckets).fixed16(count)
    return true
  }

  reset(): void {
    this.#hashes = []
    this.#restarts = []
    this.#valid = true
  }
}
