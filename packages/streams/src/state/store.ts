import type { ValueAndTimestamp, Windowed } from '../record.ts'

/** What every store has. */
export interface StateStore {
  readonly name: string
}

/** Bounds of a read by key, in the order of the key bytes. */
export interface KeyRange<K> {
  readonly gte?: K
  readonly gt?: K
  readonly lte?: K
  readonly lt?: K
  readonly reverse?: boolean
  /** Greatest number of rows. */
  readonly limit?: number
}

/** A row of a windowed store. */
export interface WindowedRow<K, V> extends ValueAndTimestamp<V> {
  readonly key: Windowed<K>
}

/** A row of a key-value store. */
export interface KeyedRow<K, V> extends ValueAndTimestamp<V> {
  readonly key: K
}

/** Rows by key, read only. Iterators are lazy and read a consistent state only as long as nothing is committed between two steps. */
export interface ReadOnlyKeyValueStore<K, V> extends StateStore {
  get(key: K): ValueAndTimestamp<V> | undefined
  range(range: KeyRange<K>): Iterable<KeyedRow<K, V>>
  all(): Iterable<KeyedRow<K, V>>
}

/** Bounds of a read by window start (sessions: all bounds apply to the session's own start and end). Inclusive, milliseconds. */
export interface WindowRange {
  readonly startFrom?: number
  readonly startTo?: number
  readonly endFrom?: number
  readonly endTo?: number
  readonly reverse?: boolean
  readonly limit?: number
}

/** Rows by key and window, read only. */
export interface ReadOnlyWindowStore<K, V> extends StateStore {
  get(
    key: K,
    window: { readonly start: number; readonly end?: number },
  ): ValueAndTimestamp<V> | undefined
  /** Windows of one key, earliest first. */
  fetch(key: K, range?: WindowRange): Iterable<WindowedRow<K, V>>
  /** Windows of all keys in a range of keys, by key, then start. */
  fetchRange(keys: KeyRange<K>, range?: WindowRange): Iterable<WindowedRow<K, V>>
  all(range?: WindowRange): Iterable<WindowedRow<K, V>>
}
