import type { ValueAndTimestamp } from '../record.ts'
import type { Serde } from '../serde.ts'
import { byteRangeOf, keyBytesOf, limited } from './key-value-store.ts'
import { encodeWindowKey, readTime } from './row-codec.ts'
import { byteString } from './sorted-byte-map.ts'
import type { KeyedRow, KeyRange, ReadOnlyKeyValueStore } from './store.ts'
import type { ByteStore } from './task-state.ts'

const timeMax = Number.MAX_SAFE_INTEGER
const tombstone = new Uint8Array([0])

/** What became of a version that was put: the row of now, part of the past, or too old to be kept. */
export type VersionPlace = 'latest' | 'past' | 'expired'

/** Bytes of the time of a version in its key. */
export const versionBytes = 8

/**
 * Rows of a table with their past: each update is a version, valid from its own time until that of the next. Updates may come in any order
 * of time; those more than the history behind the greatest time put are refused. Source of the semantics: KIP-889.
 *
 * `[key][valid from, 8 bytes]` → `[1][value]`, or `[0]` for a deletion.
 */
export class VersionedStore<K, V> implements ReadOnlyKeyValueStore<K, V> {
  readonly name: string
  readonly historyMs: number
  readonly #bytes: ByteStore
  readonly #keySerde: Serde<K>
  readonly #valueSerde: Serde<V>
  readonly #observed: { value: number }

  constructor(
    name: string,
    bytes: ByteStore,
    keySerde: Serde<K>,
    valueSerde: Serde<V>,
    historyMs: number,
    observed: { value: number },
  ) {
    this.name = name
    this.historyMs = historyMs
    this.#bytes = bytes
    this.#keySerde = keySerde
    this.#valueSerde = valueSerde
    this.#observed = observed
  }

  /** The row of now. */
  get(key: K): ValueAndTimestamp<V> | undefined {
    return this.#newestBelow(key, timeMax)
  }

  /** The row as of a time. Undefined also where the past has been forgotten: then only the row of now still answers. */
  getAsOf(key: K, time: number): ValueAndTimestamp<V> | undefined {
    if (time >= this.#horizon) return this.#newestBelow(key, time + 1)
    const now = this.get(key)
    return now !== undefined && now.timestamp <= time ? now : undefined
  }

  /** Adds a version; `null` deletes the row from `timestamp` on. */
  put(key: K, value: V | null, timestamp: number): VersionPlace {
    if (timestamp < this.#horizon) return 'expired'
    if (timestamp > this.#observed.value) this.#observed.value = timestamp
    const prefix = keyBytesOf(this.#keySerde, key)
    const versionKey = encodeWindowKey(prefix, timestamp)
    const newer = {
      gte: encodeWindowKey(prefix, timestamp + 1),
      lt: encodeWindowKey(prefix, timeMax),
    }
    const place = this.#first(newer, prefix.length) === undefined ? 'latest' : 'past'
    const payload = value === null ? null : this.#valueSerde.serialize(value)
    if (payload === null && place === 'latest' && this.#takesBack(prefix, versionKey)) {
      this.#bytes.put(versionKey, null, timestamp)
    } else this.#bytes.put(versionKey, encodeVersion(payload), timestamp)
    this.#forget(prefix, timestamp)
    return place
  }

  /**
   * Whether a deletion takes back the row's first version, put with the same time: then the row never was, and older updates are news.
   */
  #takesBack(prefix: Uint8Array, versionKey: Uint8Array): boolean {
    const same = this.#bytes.get(versionKey)
    if (same === undefined || same[0] === 0) return false
    const older = { gte: encodeWindowKey(prefix, 0), lt: versionKey, reverse: true }
    const before = this.#first(older, prefix.length)
    return before === undefined || before[1][0] === 0
  }

  *range(range: KeyRange<K>): Generator<KeyedRow<K, V>> {
    yield* limited(this.#rows(range), range.limit)
  }

  all(): Iterable<KeyedRow<K, V>> {
    return this.range({})
  }

  /** Rows as of a time before this one are forgotten. */
  get #horizon(): number {
    return this.#observed.value - this.historyMs
  }

  #newestBelow(key: K, time: number): ValueAndTimestamp<V> | undefined {
    const prefix = keyBytesOf(this.#keySerde, key)
    const bounds = { gte: encodeWindowKey(prefix, 0), lt: encodeWindowKey(prefix, time) }
    const row = this.#first({ ...bounds, reverse: true }, prefix.length)
    return row === undefined ? undefined : this.#decode(row[0], row[1])
  }

  #first(
    range: Parameters<ByteStore['scan']>[0],
    keyLength: number,
  ): readonly [Uint8Array, Uint8Array] | undefined {
    for (const row of this.#bytes.scan(range)) {
      if (row[0].length === keyLength + versionBytes) return row
    }
    return undefined
  }

  /** Removes versions of the key that nothing can ask for any more. */
  #forget(prefix: Uint8Array, timestamp: number): void {
    const lt = encodeWindowKey(prefix, Math.max(0, this.#horizon) + 1)
    const gone: Uint8Array[] = []
    let newest = true
    for (const [key, version] of this.#bytes.scan({
      gte: encodeWindowKey(prefix, 0),
      lt,
      reverse: true,
    })) {
      if (key.length !== prefix.length + versionBytes) continue
      if (!newest || version[0] === 0) gone.push(key)
      newest = false
    }
    for (const key of gone) this.#bytes.put(key, null, timestamp)
  }

  *#rows(range: KeyRange<K>): Generator<KeyedRow<K, V>> {
    const bounds = byteRangeOf((key: K) => keyBytesOf(this.#keySerde, key), range)
    let held: KeyedRow<K, V> | undefined
    let heldId: string | undefined
    const { lt, ...from } = bounds
    for (const [key, version] of this.#bytes.scan(from)) {
      const prefix = key.subarray(0, key.length - versionBytes)
      if (from.gte !== undefined && Buffer.compare(prefix, from.gte) < 0) continue
      if (lt !== undefined && Buffer.compare(prefix, lt) >= 0) continue
      const id = byteString(prefix)
      const row = this.#decode(key, version)
      const shown =
        row === undefined ? undefined : { key: this.#keySerde.deserialize(prefix), ...row }
      if (id !== heldId) {
        if (held !== undefined) yield held
        held = shown
      } else if (range.reverse !== true) held = shown
      heldId = id
    }
    if (held !== undefined) yield held
  }

  #decode(key: Uint8Array, version: Uint8Array): ValueAndTimestamp<V> | undefined {
    if (version[0] === 0) return undefined
    return {
      value: this.#valueSerde.deserialize(version.subarray(1)),
      timestamp: readTime(key, key.length - versionBytes),
    }
  }
}

function encodeVersion(payload: Uint8Array | null): Uint8Array {
  if (payload === null) return tombstone
  const bytes = new Uint8Array(1 + payload.length)
  bytes[0] = 1
  bytes.set(payload, 1)
  return bytes
}
