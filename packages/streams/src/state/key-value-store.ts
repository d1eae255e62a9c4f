import type { Serde } from '../serde.ts'
import { RowStore, type KeyCodec, type RowStoreEnvironment } from './row-store.ts'
import type { KeyedRow, KeyRange, ReadOnlyKeyValueStore } from './store.ts'
import type { ByteRange } from './task-database.ts'

/** Bytes that {@link Serde.serialize} must give for the key of a row. */
export function keyBytesOf<K>(serde: Serde<K>, key: K): Uint8Array {
  const bytes = serde.serialize(key)
  return bytes ?? new Uint8Array(0)
}

/** The key serde as a codec. */
function serdeKeyCodec<K>(serde: Serde<K>): KeyCodec<K> {
  return {
    encode: (key) => keyBytesOf(serde, key),
    decode: (bytes) => serde.deserialize(bytes),
  }
}

/** The least bytes above `bytes`. */
function successor(bytes: Uint8Array): Uint8Array {
  const next = new Uint8Array(bytes.length + 1)
  next.set(bytes)
  return next
}

/** Bounds on keys as bounds on bytes. */
export function byteRangeOf<K>(encode: (key: K) => Uint8Array, range: KeyRange<K>): ByteRange {
  const gte =
    range.gte !== undefined
      ? encode(range.gte)
      : range.gt !== undefined
        ? successor(encode(range.gt))
        : undefined
  const lt =
    range.lt !== undefined
      ? encode(range.lt)
      : range.lte !== undefined
        ? successor(encode(range.lte))
        : undefined
  return {
    ...(gte === undefined ? {} : { gte }),
    ...(lt === undefined ? {} : { lt }),
    reverse: range.reverse === true,
  }
}

/** The first `limit` of `rows`. */
export function* limited<T>(rows: Iterable<T>, limit: number | undefined): Generator<T> {
  if (limit === undefined) {
    yield* rows
    return
  }
  let left = limit
  if (left <= 0) return
  for (const row of rows) {
    yield row
    if (--left <= 0) return
  }
}

/** Rows of a table by key. */
export class KeyValueStore<K, V> extends RowStore<K, V> implements ReadOnlyKeyValueStore<K, V> {
  constructor(
    name: string,
    keySerde: Serde<K>,
    valueSerde: Serde<V>,
    caching: boolean,
    environment: RowStoreEnvironment,
  ) {
    super(name, serdeKeyCodec(keySerde), valueSerde, caching, environment)
  }

  range(range: KeyRange<K>): Iterable<KeyedRow<K, V>> {
    return limited(this.scan(byteRangeOf((key: K) => this.keys.encode(key), range)), range.limit)
  }

  all(): Iterable<KeyedRow<K, V>> {
    return this.scan({})
  }
}
