import type { ValueAndTimestamp, Windowed } from '../record.ts'
import type { Serde } from '../serde.ts'
import { byteRangeOf, keyBytesOf, limited } from './key-value-store.ts'
import { encodeSessionKey, readTime, writeTime } from './row-codec.ts'
import { RowStore, type KeyCodec, type RowStoreEnvironment } from './row-store.ts'
import type { KeyRange, ReadOnlyWindowStore, WindowedRow, WindowRange } from './store.ts'
import type { ByteRange } from './task-database.ts'
import type { ByteStore } from './task-state.ts'
import { withinWindowRange } from './window-store.ts'

const timeMax = Number.MAX_SAFE_INTEGER

/** `[key][end][start]` ↔ windowed key of a session. */
export function sessionKeyCodec<K>(serde: Serde<K>): KeyCodec<Windowed<K>> {
  return {
    encode: ({ key, window }) => encodeSessionKey(keyBytesOf(serde, key), window.start, window.end),
    decode: (bytes) => ({
      key: serde.deserialize(bytes.subarray(0, bytes.length - 16)),
      window: { start: readTime(bytes, bytes.length - 8), end: readTime(bytes, bytes.length - 16) },
    }),
  }
}

/** What a session store is made of. */
export interface SessionStoreOptions<K, V> {
  readonly name: string
  readonly keySerde: Serde<K>
  readonly valueSerde: Serde<V>
  readonly caching: boolean
  readonly retentionMs: number
  /** Family of the index `[end][start][key]`, where closed sessions have to be found. */
  readonly index: ByteStore | undefined
  /** Greatest session end written, kept with the state. */
  readonly observedEnd: { value: number }
}

/** Sessions by key. Sessions that ended at or before (greatest end written − retention) are hidden, then removed. */
export class SessionStore<K, V>
  extends RowStore<Windowed<K>, V>
  implements ReadOnlyWindowStore<K, V>
{
  readonly retentionMs: number
  readonly #keySerde: Serde<K>
  readonly #index: ByteStore | undefined
  readonly #observedEnd: { value: number }

  constructor(options: SessionStoreOptions<K, V>, environment: RowStoreEnvironment) {
    super(
      options.name,
      sessionKeyCodec(options.keySerde),
      options.valueSerde,
      options.caching,
      environment,
    )
    this.retentionMs = options.retentionMs
    this.#keySerde = options.keySerde
    this.#index = options.index
    this.#observedEnd = options.observedEnd
  }

  /** Ends below this one are no longer visible. */
  get visibleFrom(): number {
    return this.#observedEnd.value - this.retentionMs + 1
  }

  override get(
    key: Windowed<K> | K,
    window?: { readonly start: number; readonly end?: number },
  ): ValueAndTimestamp<V> | undefined {
    if (window !== undefined && window.end === undefined) {
      const [row] = this.fetch(key as K, {
        startFrom: window.start,
        startTo: window.start,
        limit: 1,
      })
      return row
    }
    const { start, end } =
      window === undefined
        ? (key as Windowed<K>).window
        : { start: window.start, end: window.end ?? window.start }
    if (end < this.visibleFrom) return undefined
    const plain = window === undefined ? (key as Windowed<K>).key : (key as K)
    return this.getByBytes(encodeSessionKey(keyBytesOf(this.#keySerde, plain), start, end))
  }

  /** Sessions of the key with end ≥ `endFrom` and start ≤ `startTo`, by end. */
  findSessions(key: K, endFrom: number, startTo: number): WindowedRow<K, V>[] {
    return [...this.fetch(key, { endFrom, startTo })]
  }

  *fetch(key: K, range?: WindowRange): Generator<WindowedRow<K, V>> {
    const prefix = keyBytesOf(this.#keySerde, key)
    const from = Math.max(0, this.visibleFrom, range?.endFrom ?? 0, range?.startFrom ?? 0)
    const to = Math.min(timeMax - 1, range?.endTo ?? timeMax - 1)
    if (from > to) return
    const rows = this.#rows(
      {
        gte: encodeSessionKey(prefix, 0, from),
        lt: encodeSessionKey(prefix, 0, to + 1),
        reverse: range?.reverse === true,
      },
      range,
      prefix.length + 16,
    )
    yield* limited(rows, range?.limit)
  }

  fetchRange(keys: KeyRange<K>, range?: WindowRange): Iterable<WindowedRow<K, V>> {
    const encode = (key: K): Uint8Array => keyBytesOf(this.#keySerde, key)
    const bounds: { gte?: Uint8Array; lt?: Uint8Array } = byteRangeOf(encode, {
      ...(keys.gte === undefined ? {} : { gte: keys.gte }),
      ...(keys.lt === undefined ? {} : { lt: keys.lt }),
    })
    if (keys.gt !== undefined) bounds.gte = encodeSessionKey(encode(keys.gt), timeMax, timeMax)
    if (keys.lte !== undefined) bounds.lt = encodeSessionKey(encode(keys.lte), timeMax, timeMax)
    return limited(
      this.#rows({ ...bounds, reverse: keys.reverse === true }, range, undefined),
      range?.limit ?? keys.limit,
    )
  }

  all(range?: WindowRange): Iterable<WindowedRow<K, V>> {
    return limited(this.#rows({ reverse: range?.reverse === true }, range, undefined), range?.limit)
  }

  /** Sessions that end in `[from, to]`, by end, start, key bytes. Needs the time index. */
  closedBetween(from: number, to: number): WindowedRow<K, V>[] {
    const first = Math.max(0, from)
    if (this.#index === undefined || to < first) return []
    const gte = new Uint8Array(8)
    const lt = new Uint8Array(8)
    writeTime(gte, 0, first)
    writeTime(lt, 0, to + 1)
    const rows: WindowedRow<K, V>[] = []
    for (const [indexKey] of this.#index.scan({ gte, lt })) {
      const keyBytes = encodeSessionKey(
        indexKey.subarray(16),
        readTime(indexKey, 8),
        readTime(indexKey, 0),
      )
      const row = this.getByBytes(keyBytes)
      if (row !== undefined) rows.push({ key: this.keys.decode(keyBytes), ...row })
    }
    return rows
  }

  /** Index rows of a row restored from the changelog. */
  static indexKeyOf(keyBytes: Uint8Array): Uint8Array {
    const at = keyBytes.length - 16
    const index = new Uint8Array(keyBytes.length)
    index.set(keyBytes.subarray(at))
    index.set(keyBytes.subarray(0, at), 16)
    return index
  }

  protected override observe(keyBytes: Uint8Array): void {
    const time = readTime(keyBytes, keyBytes.length - 16)
    if (time > this.#observedEnd.value) this.#observedEnd.value = time
  }

  protected override writeRow(keyBytes: Uint8Array, value: V | null, timestamp: number): void {
    super.writeRow(keyBytes, value, timestamp)
    this.#index?.put(
      SessionStore.indexKeyOf(keyBytes),
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
      if (row.key.window.end < visibleFrom || !withinWindowRange(row.key.window, range)) continue
      yield { key: row.key, value: row.value, timestamp: row.timestamp }
    }
  }
}
