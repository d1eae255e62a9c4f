import { ByteWriter, writeTrailer, type Comparator } from '@varve/base'

import { shortestSeparator } from './separator.ts'

/** Sequence and type that RocksDB gives to a shortened separator: it sorts before every entry of that user key. */
const SEPARATOR_TYPE = 0x16

/**
 * Collects one entry per data block and encodes the index block at the end of the file, in the delta form of
 * format_version 4 and later.
 *
 * Keys are user keys unless some user key has versions in two blocks: then internal keys in the whole file.
 */
export class IndexBlockBuilder {
  readonly #comparator: Comparator
  readonly #restartInterval: number
  /** Separators with trailer, back to back. */
  readonly #keys = new ByteWriter(1024)
  readonly #keyEnds: number[] = []
  readonly #offsets: number[] = []
  readonly #sizes: number[] = []
  #keyIsUserKey = true

  constructor(comparator: Comparator, restartInterval: number) {
    this.#comparator = comparator
    this.#restartInterval = restartInterval
  }

  get count(): number {
    return this.#offsets.length
  }

  get keyIsUserKey(): boolean {
    return this.#keyIsUserKey
  }

  /** Estimate of what {@link finish} gives. */
  get sizeBytes(): number {
    return this.#keys.length + this.count * 12
  }

  /**
   * Adds the block at `offset` that ends with the internal key `lastKey`; `nextKey` is the internal key that starts the
   * next block, absent for the last one.
   */
  add(lastKey: Uint8Array, nextKey: Uint8Array | undefined, offset: number, size: number): void {
    const last = lastKey.subarray(0, lastKey.length - 8)
    const keys = this.#keys
    if (nextKey === undefined) {
      keys.raw(lastKey)
    } else {
      const next = nextKey.subarray(0, nextKey.length - 8)
      if (this.#comparator.compare(last, next) === 0) this.#keyIsUserKey = false
      const separator = shortestSeparator(this.#comparator, last, next)
      if (separator === last) {
        keys.raw(lastKey)
      } else {
        keys.raw(separator).zeros(8)
        writeTrailer(keys.bytes, keys.length - 8, Number.POSITIVE_INFINITY, SEPARATOR_TYPE)
      }
    }
    this.#keyEnds.push(keys.length)
    this.#offsets.push(offset)
    this.#sizes.push(size)
  }

  /** Encodes the block; a fresh array. */
  finish(): Uint8Array {
    const out = new ByteWriter(this.sizeBytes + 64)
    const restarts: number[] = []
    const all = this.#keys.bytes
    const cut = this.#keyIsUserKey ? 8 : 0
    let previousStart = 0
    let previousEnd = 0
    for (let i = 0; i < this.count; i++) {
      const start = i === 0 ? 0 : this.#keyEnds[i - 1]!
      const end = this.#keyEnds[i]! - cut
      let shared = 0
      if (i % this.#restartInterval === 0) {
        restarts.push(out.length)
      } else {
        const limit = Math.min(previousEnd - previousStart, end - start)
        while (shared < limit && all[previousStart + shared] === all[start + shared]) shared++
      }
      out
        .varint(shared)
        .varint(end - start - shared)
        .raw(all, start + shared, end)
      if (shared === 0) out.varint(this.#offsets[i]!).varint(this.#sizes[i]!)
      else out.signedVarint(this.#sizes[i]! - this.#sizes[i - 1]!)
      previousStart = start
      previousEnd = end
    }
    if (restarts.length === 0) restarts.push(0)
    for (const restart of restarts) out.fixed32(restart)
    return out.fixed32(restarts.length).toBytes()
  }
}
