import type { Change, RecordContext, StreamRecord, ValueAndTimestamp } from '../record.ts'
import type { Serde } from '../serde.ts'
import type { ProcessorContext } from '../topology/processor.ts'
import type { CapturedContext } from '../task/task-context.ts'
import { hashBytes } from './byte-hash-map.ts'
import type { CacheBudget } from './cache.ts'
import { decodeTimestamped, encodeTimestamped, readTime } from './row-codec.ts'
import type { KeyedRow, StateStore } from './store.ts'
import type { ByteRange } from './task-database.ts'
import type { ByteStore } from './task-state.ts'
import { UpdateCache, type CacheEntry } from './update-cache.ts'

/** Keys of a store ↔ their bytes. */
export interface KeyCodec<K> {
  encode(key: K): Uint8Array
  decode(bytes: Uint8Array): K
}

/** What a {@link RowStore} needs of its task. */
export interface RowStoreEnvironment {
  readonly bytes: ByteStore
  readonly budget: CacheBudget
  /** Input record at hand, to be kept: a copy, in `into` when given. */
  captureContext(into?: CapturedContext): CapturedContext
  /** Makes `context` the record at hand while a cached update is sent on. */
  restoreContext(context: RecordContext): void
}

const noBytes = new Uint8Array(0)
/** Rows between two looks at the time: a step of a generator inside of others costs as much as a small row. */
export const rowsPerStep = 32

/** Rows by key with the time of their last update, with a write cache that also holds back what is sent on. */
export class RowStore<K, V> implements StateStore {
  readonly name: string
  protected readonly bytes: ByteStore
  readonly keys: KeyCodec<K>
  readonly #values: Serde<V>
  readonly #environment: RowStoreEnvironment
  readonly #cache: UpdateCache<K, V> | undefined
  #context: ProcessorContext<K, Change<V>> | undefined
  #sendOldValues = false
  /** The key asked for last with its bytes: an operator reads a row, then writes it. */
  #key: K | undefined
  #keyBytes: Uint8Array = noBytes
  #keyHash = 0
  /** The record at hand while a cached update is sent on: nothing that is sent on comes back here. */
  #before: CapturedContext | undefined

  constructor(
    name: string,
    keys: KeyCodec<K>,
    values: Serde<V>,
    caching: boolean,
    environment: RowStoreEnvironment,
  ) {
    this.name = name
    this.keys = keys
    this.#values = values
    this.#environment = environment
    this.bytes = environment.bytes
    const { budget } = environment
    this.#cache = caching && budget.enabled ? new UpdateCache(budget) : undefined
  }

  /** Makes the node of `context` the one that this store's changes go on from. */
  attach(context: ProcessorContext<K, Change<V>>, sendOldValues: boolean): void {
    this.#context = context
    this.#sendOldValues = sendOldValues
  }

  get(key: K): ValueAndTimestamp<V> | undefined {
    return this.getRow(key)
  }

  /** Updates are held back in a cache. */
  protected get cached(): boolean {
    return this.#cache !== undefined
  }

  protected getRow(key: K): ValueAndTimestamp<V> | undefined {
    this.#locate(key)
    return this.#read(this.#keyBytes, this.#keyHash)
  }

  /** The row where it is known not to have been written: it may be in the cache. */
  protected getUnwrittenRow(key: K): ValueAndTimestamp<V> | undefined {
    this.#locate(key)
    const entry = this.#cache?.get(this.#keyBytes, this.#keyHash)
    return entry === undefined || entry.value === null
      ? undefined
      : { value: entry.value, timestamp: entry.timestamp }
  }

  protected getByBytes(keyBytes: Uint8Array): ValueAndTimestamp<V> | undefined {
    return this.#read(keyBytes, hashBytes(keyBytes))
  }

  #locate(key: K): void {
    if (key === this.#key && key !== undefined) return
    this.#keyBytes = this.keys.encode(key)
    this.#keyHash = hashBytes(this.#keyBytes)
    this.#key = key
  }

  #read(keyBytes: Uint8Array, hash: number): ValueAndTimestamp<V> | undefined {
    const cached = this.#cache?.get(keyBytes, hash)
    if (cached !== undefined) {
      return cached.value === null
        ? undefined
        : { value: cached.value, timestamp: cached.timestamp }
    }
    const stored = this.bytes.get(keyBytes, hash)
    return stored === undefined ? undefined : this.decodeValue(stored)
  }

  /** Writes the row (`null` deletes it) without sending anything on. */
  put(key: K, value: V | null, timestamp: number): void {
    this.#locate(key)
    const cached = this.#cache?.get(this.#keyBytes, this.#keyHash)
    if (cached !== undefined) this.#cache!.remove(cached)
    this.observe(this.#keyBytes)
    this.writeRow(this.#keyBytes, this.#keyHash, value, timestamp)
  }

  /**
   * Writes the row and sends the change on: at once, or when the cache is flushed. `record` is what caused it.
   *
   * @param oldValue The row before, as {@link get} gave it.
   * @param sentOldValue What goes on as old value when it goes on at once: windowed aggregates start from their initial value.
   */
  update(
    record: StreamRecord<unknown, unknown>,
    key: K,
    value: V | null,
    oldValue: V | null,
    timestamp: number,
    sentOldValue: V | null = oldValue,
  ): void {
    this.#locate(key)
    const keyBytes = this.#keyBytes
    const hash = this.#keyHash
    if (this.#cache === undefined) {
      this.observe(keyBytes)
      this.writeRow(keyBytes, hash, value, timestamp)
      this.#forward(key, value, sentOldValue, timestamp, record.headers)
      return
    }
    const entry = this.#cache.get(keyBytes, hash)
    if (entry === undefined) {
      const context = this.#environment.captureContext()
      this.#cache.add(keyBytes, hash, key, value, oldValue, timestamp, context)
    } else {
      this.#environment.captureContext(entry.context)
      this.#cache.replace(entry, value, timestamp)
    }
    const { budget } = this.#environment
    while (budget.bytesUsed > budget.bytesMax && this.#flushOldest());
  }

  /** Writes and sends on all cached updates, in order of each key's last update; a few at each step. */
  *flushCache(): Generator<void> {
    const cache = this.#cache
    if (cache === undefined) return
    // Entries stay where readers find them until all are written: emptying a map at once is cheaper than one by one.
    let done = 0
    for (let entry = cache.oldest; entry !== undefined; entry = entry.newer) {
      this.#flushEntry(entry)
      if (++done % rowsPerStep === 0) yield
    }
    cache.clear()
  }

  /** Drops cached updates: the transaction they belong to is lost. */
  discardCache(): void {
    this.#cache?.clear()
  }

  /** Rows in order of the key bytes, uncommitted ones included. */
  *scan(range: ByteRange): Generator<KeyedRow<K, V> & { readonly keyBytes: Uint8Array }> {
    for (const [keyBytes, bytes] of this.scanBytes(range)) {
      const { value, timestamp } = this.decodeValue(bytes)
      yield { key: this.keys.decode(keyBytes), value, timestamp, keyBytes }
    }
  }

  /** The same, as they are stored. */
  protected scanBytes(range: ByteRange): Iterable<readonly [Uint8Array, Uint8Array]> {
    this.#writeCached()
    return this.bytes.scan(range)
  }

  decodeValue(bytes: Uint8Array): ValueAndTimestamp<V> {
    return { timestamp: readTime(bytes, 0), value: decodeTimestamped(this.#values, bytes) }
  }

  protected encodeValue(value: V, timestamp: number): Uint8Array {
    return encodeTimestamped(this.#values, value, timestamp)
  }

  /** Told of each row that reaches the store; a cached one only when it is flushed. */
  protected observe(_keyBytes: Uint8Array): void {}

  /** Whether the row is past its lifetime: only the cache still shows it. */
  protected isHidden(_keyBytes: Uint8Array): boolean {
    return false
  }

  protected writeRow(keyBytes: Uint8Array, hash: number, value: V | null, timestamp: number): void {
    const bytes = value === null ? null : this.encodeValue(value, timestamp)
    this.bytes.put(keyBytes, bytes, timestamp, hash)
  }

  #forward(
    key: K,
    newValue: V | null,
    oldValue: V | null,
    timestamp: number,
    headers: StreamRecord<K, V>['headers'],
  ): void {
    this.#context?.forward({
      key,
      value: { newValue, oldValue: this.#sendOldValues ? oldValue : null },
      timestamp,
      headers,
    })
  }

  #flushOldest(): boolean {
    const entry = this.#cache?.oldest
    if (entry === undefined) return false
    this.#cache!.remove(entry)
    this.#flushEntry(entry)
    return true
  }

  #flushEntry(entry: CacheEntry<K, V>): void {
    const { key: keyBytes, hash, written } = entry
    entry.written = true
    // A row past its lifetime counts as absent: deleting it says nothing.
    const oldValue = this.isHidden(keyBytes) ? null : entry.oldValue
    if (entry.value === null && oldValue === null) {
      const below = entry.seen || entry.oldValue !== null
      if (!written && below) this.writeRow(keyBytes, hash, null, entry.timestamp)
      return
    }
    this.observe(keyBytes)
    if (!written) this.writeRow(keyBytes, hash, entry.value, entry.timestamp)
    const { context } = entry
    const before = (this.#before = this.#environment.captureContext(this.#before))
    this.#environment.restoreContext(context)
    this.#forward(entry.rowKey, entry.value, oldValue, entry.timestamp, context.headers)
    this.#environment.restoreContext(before)
  }

  #writeCached(): void {
    for (const entry of this.#cache?.takeUnwritten() ?? []) {
      this.writeRow(entry.key, entry.hash, entry.value, entry.timestamp)
    }
  }
}
