import type { ValueAndTimestamp, Windowed } from '../record.ts'
import type { Serde } from '../serde.ts'
import { encodeKeyBefore, encodeWindowKey, partOf, readTime, writeTime } from './row-codec.ts'
import type { KeyCodec, RowStoreEnvironment } from './row-store.ts'
import type { WindowedRow, WindowRange } from './store.ts'
import { WindowedStore, type WindowedStoreOptions } from './windowed-store.ts'

const timeMax = Number.MAX_SAFE_INTEGER

/** Bytes of a time window in a key: `[start]`. */
export const timeWindowBytes = 8

/** `[key][start]` ↔ windowed key of windows of one size. */
export function windowKeyCodec<K>(serde: Serde<K>, sizeMs: number): KeyCodec<Windowed<K>> {
  return {
    encode({ key, window }) {
      const bytes = encodeKeyBefore(serde, key, timeWindowBytes)
      writeTime(bytes, bytes.length - timeWindowBytes, window.start)
      return bytes
    },
    decode(bytes) {
      const start = readTime(bytes, bytes.length - timeWindowBytes)
      return {
        key: serde.deserialize(partOf(bytes, 0, bytes.length - timeWindowBytes)),
        window: { start, end: start + sizeMs },
      }
    },
  }
}

/** Rows by key and window start. */
export class WindowStore<K, V> extends WindowedStore<K, V> {
  readonly #sizeMs: number

  constructor(
    options: WindowedStoreOptions<K, V> & { readonly windowSizeMs: number },
    environment: RowStoreEnvironment,
  ) {
    const codec = windowKeyCodec(options.keySerde, options.windowSizeMs)
    super(options, codec, timeWindowBytes, environment)
    this.#sizeMs = options.windowSizeMs
  }

  override get(
    key: Windowed<K> | K,
    window?: { readonly start: number },
  ): ValueAndTimestamp<V> | undefined {
    const windowed =
      window === undefined
        ? (key as Windowed<K>)
        : { key: key as K, window: { start: window.start, end: window.start + this.#sizeMs } }
    const { start } = windowed.window
    if (start < this.visibleFrom) return undefined
    return start > this.lifetime.observed ? super.getUnwrittenRow(windowed) : super.getRow(windowed)
  }

  override fetch(key: K, range?: WindowRange): Generator<WindowedRow<K, V>> {
    return this.rowsOf(key, range?.startFrom, range?.startTo, range)
  }

  protected override firstKeyAt(key: Uint8Array, time: number): Uint8Array {
    return encodeWindowKey(key, time)
  }

  protected override lastKeyOf(key: Uint8Array): Uint8Array {
    return encodeWindowKey(key, timeMax)
  }
}
