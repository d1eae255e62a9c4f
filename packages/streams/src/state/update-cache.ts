import { ByteHashMap, type HashedEntry } from './byte-hash-map.ts'
import type { CacheBudget } from './cache.ts'
import type { CapturedContext } from '../task/task-context.ts'

/** An update not yet written and sent on. */
export interface CacheEntry<K, V> extends HashedEntry {
  /** The key that {@link HashedEntry.key} is the bytes of. */
  readonly rowKey: K
  value: V | null
  timestamp: number
  /** Row before the first update since the last flush. */
  readonly oldValue: V | null
  /** Input record of the last update. */
  readonly context: CapturedContext
  readonly bytes: number
  /** Already in the overlay, not yet sent on. */
  written: boolean
  /** Some update of it has been in the overlay. */
  seen: boolean
  older: CacheEntry<K, V> | undefined
  newer: CacheEntry<K, V> | undefined
}

/** Estimated heap bytes of an entry besides its key. */
const entryBytes = 300

/** Updates of a store that are held back, in order of each key's last update. Hot: a linked list, as every update moves its entry. */
export class UpdateCache<K, V> {
  readonly budget: CacheBudget
  readonly #entries = new ByteHashMap<CacheEntry<K, V>>()
  #oldest: CacheEntry<K, V> | undefined
  #newest: CacheEntry<K, V> | undefined
  /** Entries that scans cannot see yet; some may have been written or dropped since. */
  #unwritten: CacheEntry<K, V>[] = []

  constructor(budget: CacheBudget) {
    this.budget = budget
  }

  /** The entry whose last update is the furthest back. */
  get oldest(): CacheEntry<K, V> | undefined {
    return this.#oldest
  }

  /** `hash` is that of `key`. */
  get(key: Uint8Array, hash: number): CacheEntry<K, V> | undefined {
    return this.#entries.get(key, hash)
  }

  add(
    key: Uint8Array,
    hash: number,
    rowKey: K,
    value: V | null,
    oldValue: V | null,
    timestamp: number,
    context: CapturedContext,
  ): void {
    const entry: CacheEntry<K, V> = {
      key,
      hash,
      rowKey,
      value,
      timestamp,
      oldValue,
      context,
      bytes: key.length + entryBytes,
      written: false,
      seen: false,
      older: undefined,
      newer: undefined,
    }
    this.#entries.add(entry)
    this.#append(entry)
    this.#unwritten.push(entry)
    this.budget.bytesUsed += entry.bytes
  }

  /** A new update of an entry's row. */
  replace(entry: CacheEntry<K, V>, value: V | null, timestamp: number): void {
    entry.value = value
    entry.timestamp = timestamp
    if (entry.written) {
      entry.written = false
      this.#unwritten.push(entry)
    }
    if (entry === this.#newest) return
    this.#unlink(entry)
    this.#append(entry)
  }

  /** Lets go of an entry. */
  remove(entry: CacheEntry<K, V>): void {
    this.#entries.remove(entry)
    this.#unlink(entry)
    this.budget.bytesUsed -= entry.bytes
    if (this.#oldest === undefined) this.#unwritten = []
  }

  clear(): void {
    for (let entry = this.#oldest; entry !== undefined; entry = entry.newer) {
      this.budget.bytesUsed -= entry.bytes
    }
    this.#entries.clear()
    this.#oldest = undefined
    this.#newest = undefined
    this.#unwritten = []
  }

  /** Entries that the overlay does not show yet; they count as written from now on. */
  takeUnwritten(): readonly CacheEntry<K, V>[] {
    if (this.#unwritten.length === 0) return this.#unwritten
    const entries = this.#unwritten.filter(
      (entry) => !entry.written && this.#entries.get(entry.key, entry.hash) === entry,
    )
    this.#unwritten = []
    for (const entry of entries) {
      entry.written = true
      entry.seen = true
    }
    return entries
  }

  #append(entry: CacheEntry<K, V>): void {
    entry.older = this.#newest
    entry.newer = undefined
    if (this.#newest === undefined) this.#oldest = entry
    else this.#newest.newer = entry
    this.#newest = entry
  }

  #unlink(entry: CacheEntry<K, V>): void {
    if (entry.older === undefined) this.#oldest = entry.newer
    else entry.older.newer = entry.newer
    if (entry.newer === undefined) this.#newest = entry.older
    else entry.newer.older = entry.older
  }
}
