import { ByteHashMap, hashBytes, type HashedEntry } from './byte-hash-map.ts'
import { byteString, SortedByteMap } from './sorted-byte-map.ts'

/** A write not yet committed; `value` null deletes. */
export interface PendingWrite extends HashedEntry {
  value: Uint8Array | null
  /** Event time of the record that caused it: timestamp of the changelog record. */
  timestamp: number
}

/**
 * The uncommitted writes of one family of rows, the last one of each key.
 *
 * Point access never pays for order: writes enter the sorted map when somebody walks.
 */
export class Overlay {
  readonly #byKey = new ByteHashMap<PendingWrite>()
  readonly #sorted = new SortedByteMap<PendingWrite>()
  #writes: PendingWrite[] = []
  #sortedCount = 0

  get size(): number {
    return this.#writes.length
  }

  /** The writes, one per key, in order of first write. */
  get writes(): readonly PendingWrite[] {
    return this.#writes
  }

  get(key: Uint8Array, hash: number = hashBytes(key)): PendingWrite | undefined {
    return this.#byKey.get(key, hash)
  }

  /** Key and value are kept. */
  set(
    key: Uint8Array,
    value: Uint8Array | null,
    timestamp: number,
    hash: number = hashBytes(key),
  ): void {
    const known = this.#byKey.get(key, hash)
    if (known !== undefined) {
      known.value = value
      known.timestamp = timestamp
      return
    }
    const write: PendingWrite = { key, hash, value, timestamp }
    this.#byKey.add(write)
    this.#writes.push(write)
  }

  /** Writes with `gte ≤ key < lt` (as {@link byteString}) in order, or against it. The overlay may change during the walk. */
  *range(
    gte: string | undefined,
    lt: string | undefined,
    reverse: boolean,
  ): Generator<{ readonly id: string; readonly value: PendingWrite }> {
    this.#sort()
    for (const entry of this.#sorted.range(gte, lt, reverse)) {
      yield entry
      this.#sort()
    }
  }

  clear(): void {
    this.#byKey.clear()
    this.#sorted.clear()
    this.#writes = []
    this.#sortedCount = 0
  }

  #sort(): void {
    while (this.#sortedCount < this.#writes.length) {
      const write = this.#writes[this.#sortedCount++]!
      this.#sorted.set(byteString(write.key), write.key, write)
    }
  }
}
