import type { Serde } from '../serde.ts'
import { keyBytesOf } from './key-value-store.ts'
import { readTime, writeTime } from './row-codec.ts'
import type { StateStore } from './store.ts'
import type { ByteStore } from './task-state.ts'

/** A record of one side of a stream-stream join. */
export interface JoinRow<V> {
  readonly timestamp: number
  readonly value: V
}

/** Records of one side by key and time, equal ones in order of arrival: `[key][time][sequence, 8 bytes]`. */
export class JoinStore<K, V> implements StateStore {
  readonly name: string
  readonly retentionMs: number
  readonly #bytes: ByteStore
  readonly #keySerde: Serde<K>
  readonly #valueSerde: Serde<V>
  readonly #observed: { value: number }
  readonly #sequence: { value: number }

  constructor(
    name: string,
    bytes: ByteStore,
    keySerde: Serde<K>,
    valueSerde: Serde<V>,
    retentionMs: number,
    observed: { value: number },
    sequence: { value: number },
  ) {
    this.name = name
    this.retentionMs = retentionMs
    this.#bytes = bytes
    this.#keySerde = keySerde
    this.#valueSerde = valueSerde
    this.#observed = observed
    this.#sequence = sequence
  }

  /** Times below this one are no longer visible. */
  get visibleFrom(): number {
    return this.#observed.value - this.retentionMs + 1
  }

  /** Takes note of a time by which older records are forgotten. */
  observe(timestamp: number): void {
    if (timestamp > this.#observed.value) this.#observed.value = timestamp
  }

  put(key: K, value: V, timestamp: number): void {
    this.observe(timestamp)
    if (timestamp < this.visibleFrom) return
    const bytes = this.#valueSerde.serialize(value)
    if (bytes === null) return
    const prefix = keyBytesOf(this.#keySerde, key)
    this.#bytes.put(rowKey(prefix, timestamp, this.#sequence.value++), bytes, timestamp)
  }

  /** Records of the key with time in `[from, to]`, by time, then arrival. */
  fetch(key: K, from: number, to: number): JoinRow<V>[] {
    const prefix = keyBytesOf(this.#keySerde, key)
    const first = Math.max(0, from, this.visibleFrom)
    const rows: JoinRow<V>[] = []
    if (to < first) return rows
    const range = { gte: rowKey(prefix, first, 0), lt: rowKey(prefix, to + 1, 0) }
    for (const [rowKeyBytes, value] of this.#bytes.scan(range)) {
      if (rowKeyBytes.length !== prefix.length + 16) continue
      rows.push({
        timestamp: readTime(rowKeyBytes, prefix.length),
        value: this.#valueSerde.deserialize(value),
      })
    }
    return rows
  }
}

function rowKey(prefix: Uint8Array, timestamp: number, sequence: number): Uint8Array {
  const bytes = new Uint8Array(prefix.length + 16)
  bytes.set(prefix)
  writeTime(bytes, prefix.length, timestamp)
  writeTime(bytes, prefix.length + 8, sequence)
  return bytes
}

/** A record that has not met its match yet. */
export interface UnmatchedRow<K> {
  readonly storeKey: Uint8Array
  readonly key: K
  readonly timestamp: number
  readonly left: boolean
  readonly value: Uint8Array
}

/**
 * Records of an outer join that wait for a match, in the order in which they go out unmatched:
 * `[time][side, 1 byte: right 0, left 1][key][sequence]`.
 */
export class JoinOuterStore<K> implements StateStore {
  readonly name: string
  readonly #bytes: ByteStore
  readonly #keySerde: Serde<K>
  readonly #sequence: { value: number }

  constructor(name: string, bytes: ByteStore, keySerde: Serde<K>, sequence: { value: number }) {
    this.name = name
    this.#bytes = bytes
    this.#keySerde = keySerde
    this.#sequence = sequence
  }

  add(key: K, left: boolean, timestamp: number, value: Uint8Array): void {
    const prefix = this.#prefix(key, left, timestamp)
    const bytes = new Uint8Array(prefix.length + 8)
    bytes.set(prefix)
    writeTime(bytes, prefix.length, this.#sequence.value++)
    this.#bytes.put(bytes, value, timestamp)
  }

  /** Removes the records of this key, side and time: they have met a match. */
  removeMatched(key: K, left: boolean, timestamp: number): void {
    const prefix = this.#prefix(key, left, timestamp)
    const lt = new Uint8Array(prefix.length + 9).fill(0xff)
    lt.set(prefix)
    const found: Uint8Array[] = []
    for (const [storeKey] of this.#bytes.scan({ gte: prefix, lt })) {
      if (storeKey.length === prefix.length + 8) found.push(storeKey)
    }
    for (const storeKey of found) this.#bytes.put(storeKey, null, timestamp)
  }

  remove(row: UnmatchedRow<K>): void {
    this.#bytes.put(row.storeKey, null, row.timestamp)
  }

  *all(): Generator<UnmatchedRow<K>> {
    for (const [storeKey, value] of this.#bytes.scan({})) {
      yield {
        storeKey,
        key: this.#keySerde.deserialize(storeKey.subarray(9, storeKey.length - 8)),
        timestamp: readTime(storeKey, 0),
        left: storeKey[8] === 1,
        value,
      }
    }
  }

  #prefix(key: K, left: boolean, timestamp: number): Uint8Array {
    const keyBytes = keyBytesOf(this.#keySerde, key)
    const bytes = new Uint8Array(9 + keyBytes.length)
    writeTime(bytes, 0, timestamp)
    bytes[8] = left ? 1 : 0
    bytes.set(keyBytes, 9)
    return bytes
  }
}
