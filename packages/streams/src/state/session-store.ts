import type { ValueAndTimestamp, Windowed } from '../record.ts'
import type { Serde } from '../serde.ts'
import { keyBytesOf } from './key-value-store.ts'
import { encodeKeyBefore, encodeSessionKey, partOf, readTime, writeTime } from './row-codec.ts'
import type { KeyCodec, RowStoreEnvironment } from './row-store.ts'
import type { WindowedRow, WindowRange } from './store.ts'
import { WindowedStore, type WindowedStoreOptions } from './windowed-store.ts'

const timeMax = Number.MAX_SAFE_INTEGER

/** Bytes of a session in a key: `[end][start]`. */
export const sessionWindowBytes = 16

/** `[key][end][start]` ↔ windowed key of a session. */
export function sessionKeyCodec<K>(serde: Serde<K>): KeyCodec<Windowed<K>> {
  return {
    encode({ key, window }) {
      const bytes = encodeKeyBefore(serde, key, sessionWindowBytes)
      writeTime(bytes, bytes.length - sessionWindowBytes, window.end)
      writeTime(bytes, bytes.length - 8, window.start)
      return bytes
    },
    decode: (bytes) => ({
      key: serde.deserialize(partOf(bytes, 0, bytes.length - sessionWindowBytes)),
      window: {
        start: readTime(bytes, bytes.length - 8),
        end: readTime(bytes, bytes.length - sessionWindowBytes),
      },
    }),
  }
}

/** Sessions by key, end and start. */
export class SessionStore<K, V> extends WindowedStore<K, V> {
  constructor(options: WindowedStoreOptions<K, V>, environment: RowStoreEnvironment) {
    super(options, sessionKeyCodec(options.keySerde), sessionWindowBytes, environment)
  }

  override get(
    key: Windowed<K> | K,
    window?: { readonly start: number; readonly end?: number },
  ): ValueAndTimestamp<V> | undefined {
    if (window === undefined) return this.#get(key as Windowed<K>)
    const { start, end } = window
    if (end !== undefined) return this.#get({ key: key as K, window: { start, end } })
    const [row] = this.fetch(key as K, { startFrom: start, startTo: start, limit: 1 })
    return row
  }

  /** Sessions of the key with end ≥ `endFrom` and start ≤ `startTo`, by end. Hot: {@link fetch} without its layers. */
  findSessions(key: K, endFrom: number, startTo: number): WindowedRow<K, V>[] {
    const prefix = keyBytesOf(this.keySerde, key)
    const from = Math.max(0, this.visibleFrom, endFrom)
    const found: WindowedRow<K, V>[] = []
    const range = {
      gte: encodeSessionKey(prefix, 0, from),
      lt: encodeSessionKey(prefix, 0, timeMax),
    }
    for (const [keyBytes, bytes] of this.scanBytes(range)) {
      if (keyBytes.length !== prefix.length + sessionWindowBytes) continue
      const start = readTime(keyBytes, prefix.length + 8)
      if (start > startTo) continue
      const { value, timestamp } = this.decodeValue(bytes)
      const window = { start, end: readTime(keyBytes, prefix.length) }
      found.push({ key: { key, window }, value, timestamp })
    }
    return found
  }

  override fetch(key: K, range?: WindowRange): Generator<WindowedRow<K, V>> {
    // No session ends before it starts.
    const endFrom = Math.max(range?.endFrom ?? 0, range?.startFrom ?? 0)
    return this.rowsOf(key, endFrom, range?.endTo, range)
  }

  protected override firstKeyAt(key: Uint8Array, time: number): Uint8Array {
    return encodeSessionKey(key, 0, time)
  }

  protected override lastKeyOf(key: Uint8Array): Uint8Array {
    return encodeSessionKey(key, timeMax, timeMax)
  }

  #get(session: Windowed<K>): ValueAndTimestamp<V> | undefined {
    return session.window.end < this.visibleFrom ? undefined : super.getRow(session)
  }
}
