import type { Change, RecordContext, StreamRecord, ValueAndTimestamp } from '../record.ts'
import type { Serde } from '../serde.ts'
import type { ProcessorContext } from '../topology/processor.ts'
import type { CacheBudget, CacheEntry } from './cache.ts'
import { encodeTimestamped, readTime } from './row-codec.ts'
import { byteString } from './sorted-byte-map.ts'
import type { KeyedRow, StateStore } from './store.ts'
import type { ByteRange } from './task-database.ts'
import type { ByteStore } from './task-state.ts'

/** Keys of a store ↔ their bytes. */
export interface KeyCodec<K> {
  encode(key: K): Uint8Array
  decode(bytes: Uint8Array): K
}

/** What a {@link RowStore} needs of its task. */
export interface RowStoreEnvironment {
  readonly bytes: ByteStore
  readonly budget: CacheBudget
  /** Input record at hand, to be kept: a copy. */
  captureContext(): RecordContext
  /** Makes `context` the record at hand while a cached update is sent on. */
  restoreContext(context: RecordContext): void
}

/** Rows by key with the time of their last update, with a write cache that also holds back what is sent on. */
export class RowStore<K, V> implements StateStore {
  readonly name: string
  protected readonly bytes: ByteStore
  readonly keys: KeyCodec<K>
  readonly #values: Serde<V>
  readonly #environment: RowStoreEnvironment
  readonly #cache: Map<string, CacheEntry<K, V>> | undefined
  #context: ProcessorContext<K, Change<V>> | undefined
  #sendOldValues = false

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
    this.#cache = caching && environment.budget.enabled ? new Map() : undefined
  }

  /** Makes the node of `context` the one that this store's changes go on from. */
  attach(context: ProcessorContext<K, Change<V>>, sendOldValues: boolean): void {
    this.#context = context
    this.#sendOldValues = sendOldValues
  }

  get(key: K): ValueAndTimestamp<V> | undefined {
    return this.getByBytes(this.keys.encode(key))
  }

  protected getByBytes(keyBytes: Uint8Array): ValueAndTimestamp<V> | undefined {
    const id = byteString(keyBytes)
    const cached = this.#cache?.get(id)
    if (cached !== undefined) {
      return cached.value === null
        ? undefined
        : { value: cached.value, timestamp: cached.timestamp }
    }
    const stored = this.bytes.get(keyBytes, id)
    return stored === undefined ? undefined : this.decodeValue(stored)
  }

  /** Writes the row (`null` deletes it) without sending anything on. */
  put(key: K, value: V | null, timestamp: number): void {
    const keyBytes = this.keys.encode(key)
    this.#dropCached(byteString(keyBytes))
    this.observe(keyBytes)
    this.writeRow(keyBytes, value, timestamp)
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
    if (this.#cache === undefined) {
      const rowKey = this.keys.encode(key)
      this.observe(rowKey)
      this.writeRow(rowKey, value, timestamp)
      this.#forward(key, value, sentOldValue, timestamp, record.headers)
      return
    }
    const keyBytes = this.keys.encode(key)
    const id = byteString(keyBytes)
    const context = this.#environment.captureContext()
    const entry = this.#cache.get(id)
    const budget = this.#environment.budget
    if (entry === undefined) {
      const bytes = keyBytes.length + 300
      budget.bytesUsed += bytes
      this.#cache.set(id, {
        key,
        keyBytes,
        value,
        timestamp,
        oldValue,
        context,
        bytes,
        written: false,
      })
    } else {
      entry.value = value
      entry.timestamp = timestamp
      entry.context = context
      entry.written = false
      this.#cache.delete(id)
      this.#cache.set(id, entry)
    }
    while (budget.bytesUsed > budget.bytesMax && this.#cache.size > 0) {
      this.#flushEntry(this.#cache.keys().next().value!)
    }
  }

  /** Writes and sends on all cached updates, in order of each key's last update; one at each step. */
  *flushCache(): Generator<void> {
    if (this.#cache === undefined) return
    while (this.#cache.size > 0) {
      this.#flushEntry(this.#cache.keys().next().value!)
      yield
    }
  }

  /** Drops cached updates: the transaction they belong to is lost. */
  discardCache(): void {
    if (this.#cache === undefined) return
    for (const entry of this.#cache.values()) this.#environment.budget.bytesUsed -= entry.bytes
    this.#cache.clear()
  }

  /** Rows in order of the key bytes, uncommitted ones included. */
  *scan(range: ByteRange): Generator<KeyedRow<K, V> & { readonly keyBytes: Uint8Array }> {
    this.#writeCached()
    for (const [keyBytes, bytes] of this.bytes.scan(range)) {
      const { value, timestamp } = this.decodeValue(bytes)
      yield { key: this.keys.decode(keyBytes), value, timestamp, keyBytes }
    }
  }

  decodeValue(bytes: Uint8Array): ValueAndTimestamp<V> {
    return { timestamp: readTime(bytes, 0), value: this.#values.deserialize(bytes.subarray(8)) }
  }

  protected encodeValue(value: V, timestamp: number): Uint8Array {
    return encodeTimestamped(this.#values.serialize(value) ?? new Uint8Array(0), timestamp)
  }

  /** Told of each row that reaches the store; a cached one only when it is flushed. */
  protected observe(_keyBytes: Uint8Array): void {}

  protected writeRow(keyBytes: Uint8Array, value: V | null, timestamp: number): void {
    this.bytes.put(keyBytes, value === null ? null : this.encodeValue(value, timestamp), timestamp)
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

  #dropCached(id: string): void {
    const entry = this.#cache?.get(id)
    if (entry === undefined) return
    this.#cache!.delete(id)
    this.#environment.budget.bytesUsed -= entry.bytes
  }

  #flushEntry(id: string): void {
    const cache = this.#cache!
    const entry = cache.get(id)!
    cache.delete(id)
    this.#environment.budget.bytesUsed -= entry.bytes
    if (entry.value === null && entry.oldValue === null) {
      if (entry.written) this.writeRow(entry.keyBytes, null, entry.timestamp)
      return
    }
    this.observe(entry.keyBytes)
    if (!entry.written) this.writeRow(entry.keyBytes, entry.value, entry.timestamp)
    const before = this.#environment.captureContext()
    this.#environment.restoreContext(entry.context)
    this.#forward(entry.key, entry.value, entry.oldValue, entry.timestamp, entry.context.headers)
    this.#environment.restoreContext(before)
  }

  #writeCached(): void {
    if (this.#cache === undefined) return
    for (const entry of this.#cache.values()) {
      if (entry.written) continue
      this.writeRow(entry.keyBytes, entry.value, entry.timestamp)
      entry.written = true
    }
  }
}
