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

const noBytes = new Uint8Array(0)

/** Rows by key with the time of their last update, with a write cache that also holds back what is sent on. */
export class RowStore<K, V> implements StateStore {
  readonly name: string
  protected readonly bytes: ByteStore
  readonly keys: KeyCodec<K>
  readonly #values: Serde<V>
  readonly #environment: RowStoreEnvironment
  readonly #cache: Map<string, CacheEntry<K, V>> | undefined
  /** Entries of the cache that scans cannot see yet. */
  #unwritten: CacheEntry<K, V>[] = []
  #context: ProcessorContext<K, Change<V>> | undefined
  #sendOldValues = false
  /** The key asked for last with its bytes: an operator reads a row, then writes it. */
  #key: K | undefined
  #keyBytes: Uint8Array = noBytes
  #keyId = ''

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
    return this.getRow(key)
  }

  /** Updates are held back in a cache. */
  protected get cached(): boolean {
    return this.#cache !== undefined
  }

  protected getRow(key: K): ValueAndTimestamp<V> | undefined {
    this.#locate(key)
    return this.#read(this.#keyBytes, this.#keyId)
  }

  protected getByBytes(keyBytes: Uint8Array): ValueAndTimestamp<V> | undefined {
    return this.#read(keyBytes, byteString(keyBytes))
  }

  #locate(key: K): void {
    if (key === this.#key && key !== undefined) return
    this.#keyBytes = this.keys.encode(key)
    this.#keyId = byteString(this.#keyBytes)
    this.#key = key
  }

  #read(keyBytes: Uint8Array, id: string): ValueAndTimestamp<V> | undefined {
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
    this.#locate(key)
    if (this.#cache !== undefined) this.#dropCached(this.#keyId)
    this.observe(this.#keyBytes)
    this.writeRow(this.#keyBytes, this.#keyId, value, timestamp)
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
    const id = this.#keyId
    if (this.#cache === undefined) {
      this.observe(keyBytes)
      this.writeRow(keyBytes, id, value, timestamp)
      this.#forward(key, value, sentOldValue, timestamp, record.headers)
      return
    }
    const context = this.#environment.captureContext()
    const entry = this.#cache.get(id)
    const budget = this.#environment.budget
    if (entry === undefined) {
      const bytes = keyBytes.length + 300
      budget.bytesUsed += bytes
      const row = { key, keyBytes, value, timestamp, oldValue, context, bytes }
      const added = { ...row, written: false, seen: false }
      this.#cache.set(id, added)
      this.#unwritten.push(added)
    } else {
      entry.value = value
      entry.timestamp = timestamp
      entry.context = context
      if (entry.written) this.#unwritten.push(entry)
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
    this.#unwritten = []
  }

  /** Drops cached updates: the transaction they belong to is lost. */
  discardCache(): void {
    if (this.#cache === undefined) return
    for (const entry of this.#cache.values()) this.#environment.budget.bytesUsed -= entry.bytes
    this.#cache.clear()
    this.#unwritten = []
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

  /** Whether the row is past its lifetime: only the cache still shows it. */
  protected isHidden(_keyBytes: Uint8Array): boolean {
    return false
  }

  protected writeRow(keyBytes: Uint8Array, id: string, value: V | null, timestamp: number): void {
    const bytes = value === null ? null : this.encodeValue(value, timestamp)
    this.bytes.put(keyBytes, bytes, timestamp, id)
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
    entry.written = true
    this.#environment.budget.bytesUsed -= entry.bytes
  }

  #flushEntry(id: string): void {
    const cache = this.#cache!
    const entry = cache.get(id)!
    cache.delete(id)
    this.#environment.budget.bytesUsed -= entry.bytes
    const { written } = entry
    entry.written = true
    // A row past its lifetime counts as absent: deleting it says nothing.
    const oldValue = this.isHidden(entry.keyBytes) ? null : entry.oldValue
    if (entry.value === null && oldValue === null) {
      const below = entry.seen || entry.oldValue !== null
      if (!written && below) this.writeRow(entry.keyBytes, id, null, entry.timestamp)
      return
    }
    this.observe(entry.keyBytes)
    if (!written) this.writeRow(entry.keyBytes, id, entry.value, entry.timestamp)
    const before = this.#environment.captureContext()
    this.#environment.restoreContext(entry.context)
    this.#forward(entry.key, entry.value, oldValue, entry.timestamp, entry.context.headers)
    this.#environment.restoreContext(before)
  }

  #writeCached(): void {
    if (this.#unwritten.length === 0) return
    const entries = this.#unwritten
    this.#unwritten = []
    for (const entry of entries) {
      if (entry.written) continue
      this.writeRow(entry.keyBytes, byteString(entry.keyBytes), entry.value, entry.timestamp)
      entry.written = true
      entry.seen = true
    }
  }
}
