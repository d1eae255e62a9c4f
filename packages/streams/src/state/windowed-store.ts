import type { ValueAndTimestamp, Window, Windowed } from '../record.ts'
import type { Serde } from '../serde.ts'
import { byteRangeOf, keyBytesOf, limited } from './key-value-store.ts'
import type { WindowLifetime } from './lifetime.ts'
import { readTime, writeTime } from './row-codec.ts'
import { RowStore, type KeyCodec, type RowStoreEnvironment } from './row-store.ts'
import type { KeyRange, ReadOnlyWindowStore, WindowedRow, WindowRange } from './store.ts'
import type { ByteRange } from './task-database.ts'
import type { ByteStore } from './task-state.ts'

const noValue = new Uint8Array(0)
const timeMax = Number.MAX_SAFE_INTEGER

/** What a windowed store is made of. */
export interface WindowedStoreOptions<K, V> {
  readonly name: string
  readonly keySerde: Serde<K>
  readonly valueSerde: Serde<V>
  readonly caching: boolean
  readonly lifetime: WindowLifetime
  /** Family of the index by time, where closed windows have to be found. */
  readonly index: ByteStore | undefined
}

/** Whether a window lies within the bounds. */
function within(window: Window, range: WindowRange | undefined): boolean {
  return (
    range === undefined ||
    ((range.startFrom === undefined || window.start >= range.startFrom) &&
      (range.startTo === undefined || window.start <= range.startTo) &&
      (range.endFrom === undefined || window.end >= range.endFrom) &&
      (range.endTo === undefined || window.end <= range.endTo))
  )
}

/** Key of the time index, `[window][key]`, of a row with the key `[key][window]`; a window takes the last `windowBytes`. */
export function timeIndexKey(keyBytes: Uint8Array, windowBytes: number): Uint8Array {
  const at = keyBytes.length - windowBytes
  const index = new Uint8Array(keyBytes.length)
  index.set(keyBytes.subarray(at))
  index.set(keyBytes.subarray(0, at), windowBytes)
  return index
}

/**
 * Rows by key and window. Keys are `[key][window]`, and a window begins with the time that {@link WindowLifetime} measures, in eight bytes.
 * Rows past their lifetime are hidden, then removed; with a cache they are seen until they are removed, as in Kafka Streams.
 */
export abstract class WindowedStore<K, V>
  extends RowStore<Windowed<K>, V>
  implements ReadOnlyWindowStore<K, V>
{
  readonly lifetime: WindowLifetime
  protected readonly keySerde: Serde<K>
  readonly #windowBytes: number
  readonly #index: ByteStore | undefined

  constructor(
    options: WindowedStoreOptions<K, V>,
    codec: KeyCodec<Windowed<K>>,
    windowBytes: number,
    environment: RowStoreEnvironment,
  ) {
    super(options.name, codec, options.valueSerde, options.caching, environment)
    this.lifetime = options.lifetime
    this.keySerde = options.keySerde
    this.#windowBytes = windowBytes
    this.#index = options.index
  }

  /** The greatest key of the rows of one key. */
  protected abstract lastKeyOf(key: Uint8Array): Uint8Array

  /** The smallest key of the rows of one key whose window begins with this time or a later one. */
  protected abstract firstKeyAt(key: Uint8Array, time: number): Uint8Array

  abstract fetch(key: K, range?: WindowRange): Iterable<WindowedRow<K, V>>

  /** Rows before this time are not shown. */
  protected get visibleFrom(): number {
    return this.cached ? 0 : this.lifetime.visibleFrom
  }

  abstract override get(
    key: Windowed<K> | K,
    window?: { readonly start: number; readonly end?: number },
  ): ValueAndTimestamp<V> | undefined

  fetchRange(keys: KeyRange<K>, range?: WindowRange): Iterable<WindowedRow<K, V>> {
    const encode = (key: K): Uint8Array => keyBytesOf(this.keySerde, key)
    const bounds: { gte?: Uint8Array; lt?: Uint8Array } = byteRangeOf(encode, {
      ...(keys.gte === undefined ? {} : { gte: keys.gte }),
      ...(keys.lt === undefined ? {} : { lt: keys.lt }),
    })
    if (keys.gt !== undefined) bounds.gte = this.lastKeyOf(encode(keys.gt))
    if (keys.lte !== undefined) bounds.lt = this.lastKeyOf(encode(keys.lte))
    return limited(
      this.rows({ ...bounds, reverse: keys.reverse === true }, range, undefined),
      range?.limit ?? keys.limit,
    )
  }

  all(range?: WindowRange): Iterable<WindowedRow<K, V>> {
    return limited(this.rows({ reverse: range?.reverse === true }, range, undefined), range?.limit)
  }

  /** Rows with times in `[from, to]` by time, then the rest of the window, then key bytes. Needs the time index. */
  closedBetween(from: number, to: number): WindowedRow<K, V>[] {
    const first = Math.max(0, from, this.lifetime.closableFrom)
    if (this.#index === undefined || to < first) return []
    const gte = new Uint8Array(8)
    const lt = new Uint8Array(8)
    writeTime(gte, 0, first)
    writeTime(lt, 0, to + 1)
    const rows: WindowedRow<K, V>[] = []
    for (const [indexKey] of this.#index.scan({ gte, lt })) {
      const keyBytes = timeIndexKey(indexKey, indexKey.length - this.#windowBytes)
      const row = this.getByBytes(keyBytes)
      if (row !== undefined) rows.push({ key: this.keys.decode(keyBytes), ...row })
    }
    return rows
  }

  /** Rows of one key whose windows begin with a time in `[from, to]`, and lie within the bounds. */
  protected *rowsOf(
    key: K,
    from: number | undefined,
    to: number | undefined,
    range: WindowRange | undefined,
  ): Generator<WindowedRow<K, V>> {
    const prefix = keyBytesOf(this.keySerde, key)
    const first = Math.max(0, this.visibleFrom, from ?? 0)
    const last = Math.min(timeMax - 1, to ?? timeMax - 1)
    if (first > last) return
    const bytes = {
      gte: this.firstKeyAt(prefix, first),
      lt: this.firstKeyAt(prefix, last + 1),
      reverse: range?.reverse === true,
    }
    yield* limited(this.rows(bytes, range, prefix.length + this.#windowBytes), range?.limit)
  }

  /** Rows within bounds on bytes and windows; `keyLength` shuts out longer keys that share a prefix. */
  protected *rows(
    bytes: ByteRange,
    range: WindowRange | undefined,
    keyLength: number | undefined,
  ): Generator<WindowedRow<K, V>> {
    const { visibleFrom } = this
    for (const row of this.scan(bytes)) {
      if (keyLength !== undefined && row.keyBytes.length !== keyLength) continue
      if (this.#timeOf(row.keyBytes) < visibleFrom || !within(row.key.window, range)) continue
      yield { key: row.key, value: row.value, timestamp: row.timestamp }
    }
  }

  protected override observe(keyBytes: Uint8Array): void {
    this.lifetime.observe(this.#timeOf(keyBytes))
  }

  protected override isHidden(keyBytes: Uint8Array): boolean {
    return this.#timeOf(keyBytes) < this.lifetime.visibleFrom
  }

  protected override writeRow(
    keyBytes: Uint8Array,
    hash: number,
    value: V | null,
    timestamp: number,
  ): void {
    super.writeRow(keyBytes, hash, value, timestamp)
    this.#index?.put(
      timeIndexKey(keyBytes, this.#windowBytes),
      value === null ? null : noValue,
      timestamp,
    )
  }

  #timeOf(keyBytes: Uint8Array): number {
    return readTime(keyBytes, keyBytes.length - this.#windowBytes)
  }
}
