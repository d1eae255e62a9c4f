import type { Windowed } from '../record.ts'
import type { Serde } from '../serde.ts'
import { byteRangeOf, keyBytesOf, limited } from './key-value-store.ts'
import { encodeWindowKey, readTime, writeTime } from './row-codec.ts'
import { RowStore, type KeyCodec, type RowStoreEnvironment } from './row-store.ts'
import type { KeyRange, ReadOnlyWindowStore, WindowedRow, WindowRange } from './store.ts'
import type { ByteRange } from './task-database.ts'
import type { ByteStore } from './task-state.ts'
import type { ValueAndTimestamp } from '../record.ts'

const timeMax = Number.MAX_SAFE_INTEGER

/** `[key][start]` ↔ windowed key of windows of one size. */
export function windowKeyCodec<K>(serde: Serde<K>, sizeMs: number): KeyCodec<Windowed<K>> {
  return {
    encode: ({ key, window }) => encodeWindowKey(keyBytesOf(serde, key), window.start),
    decode(bytes) {
      const start = readTime(bytes, bytes.length - 8)
      return {
        key: serde.deserialize(bytes.subarray(0, bytes.length - 8)),
        window: { start, end: start + sizeMs },
      }
    },
  }
}

/** Whether a window lies within the bounds. */
export function withinWindowRange(
  window: { readonly start: number; readonly end: number },
  range: WindowRange | undefined,
): boolean {
  return (
    range === undefined ||
    ((range.startFrom === undefined || window.start >= range.startFrom) &&
      (range.startTo === undefined || window.start <= range.startTo) &&
      (range.endFrom === undefined || window.end >= range.endFrom) &&
      (range.endTo === undefined || window.end <= range.endTo))
  )
}

/** What a window store is made of. */
export interface WindowStoreOptions<K, V> {
  readonly name: string
  readonly keySerde: Serde<K>
  readonly valueSerde: Serde<V>
  readonly caching: boolean
  readonly windowSizeMs: number
  readonly retentionMs: number
  /** Family of the index `[start][key]`, where closed windows have to be found. */
  readonly index: ByteStore | undefined
  /** Greatest window start written, kept with the state. */
  readonly observedStart: { value: number }
}

/**
 * Rows by key and window start. Rows whose window began at or before (greatest start written − retention) are hidden;
 * with a time index those at the limit itself are still seen, as in Kafka Streams' time-ordered stores.
 */
export class WindowStore<K, V>
  extends RowStore<Windowed<K>, V>
  implements ReadOnlyWindowStore<K, V>
{
  readonly windowSizeMs: number
  readonly retentionMs: number
  readonly #keySerde: Serde<K>
  readonly #index: ByteStore | undefined
  readonly #observedStart: { value: number }

  constructor(options: WindowStoreOptions<K, V>, environment: RowStoreEnvironment) {
    super(
      options.name,
      windowKeyCodec(options.keySerde, options.windowSizeMs),
      options.valueSerde,
      options.caching,
      environment,
    )
    this.windowSizeMs = options.windowSizeMs
    this.retentionMs = options.retentionMs
    this.#keySerde = options.keySerde
    this.#index = options.index
    this.#observedStart = options.observedStart
  }

  /** Starts below this one are no longer visible. */
  get visibleFrom(): number {
    return this.#observedStart.value - this.retentionMs + (this.#index === undefined ? 1 : 0)
  }

  override get(
    key: Windowed<K> | K,
    window?: { readonly start: number },
  ): ValueAndTimestamp<V> | undefined {
    const start = window === undefined ? (key as Windowed<K>).window.start : window.start
    if (start < this.visibleFrom) return undefined
    const plain = window === undefined ? (key as Windowed<K>).key : (key as K)
    return this.getByBytes(encodeWindowKey(keyBytesOf(this.#keySerde, plain), start))
  }

  *fetch(key: K, range?: WindowRange): Generator<WindowedRow<K, V>> {
    const prefix = keyBytesOf(this.#keySerde, key)
    const from = Math.max(0, this.visibleFrom, range?.startFrom ?? 0)
    const to = Math.min(timeMax - 1, range?.startTo ?? timeMax - 1)
    if (from > to) return
    const bytes: ByteRange = {
      gte: encodeWindowKey(prefix, from),
      lt: encodeWindowKey(prefix, to + 1),
      reverse: range?.reverse === true,
    }
    const rows = this.#rows(bytes, range, prefix.length + 8)
    yield* limited(rows, range?.limit)
  }

  fetchRange(keys: KeyRange<K>, range?: WindowRange): Iterable<WindowedRow<K, V>> {
    const encode = (key: K): Uint8Array => keyBytesOf(this.#keySerde, key)
    const bounds: { gte?: Uint8Array; lt?: Uint8Array } = byteRangeOf(encode, {
      ...(keys.gte === undefined ? {} : { gte: keys.gte }),
      ...(keys.lt === undefined ? {} : { lt: keys.lt }),
    })
    if (keys.gt !== undefined) bounds.gte = encodeWindowKey(encode(keys.gt), timeMax)
    if (keys.lte !== undefined) bounds.lt = encodeWindowKey(encode(keys.lte), timeMax)
    return limited(
      this.#rows({ ...bounds, reverse: keys.reverse === true }, range, undefined),
      range?.limit ?? keys.limit,
    )
  }

  all(range?: WindowRange): Iterable<WindowedRow<K, V>> {
    return limited(this.#rows({ reverse: range?.reverse === true }, range, undefined), range?.limit)
  }

  /** Rows whose window starts in `[from, to]`, by start, then key bytes. Needs the time index. */
  closedBetween(from: number, to: number): WindowedRow<K, V>[] {
    const visible = Math.max(0, from, this.visibleFrom)
    if (this.#index === undefined || to < visible) return []
    const gte = new Uint8Array(8)
    const lt = new Uint8Array(8)
    writeTime(gte, 0, visible)
    writeTime(lt, 0, to + 1)
    const rows: WindowedRow<K, V>[] = []
    for (const [indexKey] of this.#index.scan({ gte, lt })) {
      const start = readTime(indexKey, 0)
      const keyBytes = encodeWindowKey(indexKey.subarray(8), start)
      const row = this.getByBytes(keyBytes)
      if (row !== undefined) rows.push({ key: this.keys.decode(keyBytes), ...row })
    }
    return rows
  }

  /** Index rows of a row restored from the changelog. */
  static indexKeyOf(keyBytes: Uint8Array): Uint8Array {
    const at = keyBytes.length - 8
    const index = new Uint8Array(keyBytes.length)
    index.set(keyBytes.subarray(at))
    index.set(keyBytes.subarray(0, at), 8)
    return index
  }

  protected override observe(keyBytes: Uint8Array): void {
    const time = readTime(keyBytes, keyBytes.length - 8)
    if (time > this.#observedStart.value) this.#observedStart.value = time
  }

  protected override writeRow(keyBytes: Uint8Array, value: V | null, timestamp: number): void {
    super.writeRow(keyBytes, value, timestamp)
    this.#index?.put(
      WindowStore.indexKeyOf(keyBytes),
      value === null ? null : new Uint8Array(0),
      timestamp,
    )
  }

  *#rows(
    bytes: ByteRange,
    range: WindowRange | undefined,
    keyLength: number | undefined,
  ): Generator<WindowedRow<K, V>> {
    const visibleFrom = this.visibleFrom
    for (const row of this.scan(bytes)) {
      if (keyLength !== undefined && row.keyBytes.length !== keyLength) continue
      if (row.key.window.start < visibleFrom || !withinWindowRange(row.key.window, range)) continue
      yield { key: row.key, value: row.value, timestamp: row.timestamp }
    }
  }
}
