import { noHeaders, type Change, type StreamRecord, type Windowed } from '../record.ts'
import type { Serde } from '../serde.ts'
import type { BytesStore } from '../state/bytes-store.ts'
import { keyBytesOf } from '../state/key-value-store.ts'
import { readTime, writeTime } from '../state/row-codec.ts'
import type { PersistedNumber, ProcessorContext } from '../topology/processor.ts'
import { BaseProcessor } from './stateless.ts'

/**
 * Holds each windowed row back until its window closed, then sends its last value once. Rows that were deleted meanwhile are not sent.
 *
 * Buffer: `[window end, 8 bytes][windowed key]` → `[time of the row, 8 bytes][1 and value, or 0]`: in the order in which windows close.
 */
export class SuppressProcessor<K, V> extends BaseProcessor<
  Windowed<K>,
  Change<V>,
  Windowed<K>,
  Change<V>
> {
  readonly #store: string
  readonly #keySerde: Serde<Windowed<K>>
  readonly #valueSerde: Serde<V>
  readonly #closeAfterMs: number
  #buffer!: BytesStore
  #observed!: PersistedNumber
  /** Least window end in the buffer. */
  #earliest = 0

  /** @param closeAfterMs Milliseconds of event time between a window's end and its closing. */
  constructor(
    store: string,
    keySerde: Serde<Windowed<K>>,
    valueSerde: Serde<V>,
    closeAfterMs: number,
  ) {
    super()
    this.#store = store
    this.#keySerde = keySerde
    this.#valueSerde = valueSerde
    this.#closeAfterMs = closeAfterMs
  }

  override init(context: ProcessorContext<Windowed<K>, Change<V>>): void {
    super.init(context)
    this.#buffer = context.store<BytesStore>(this.#store)
    this.#observed = context.persistedNumber('observed', -1)
  }

  process(record: StreamRecord<Windowed<K>, Change<V>>): void {
    if (record.timestamp > this.#observed.value) this.#observed.value = record.timestamp
    const closed = this.#observed.value - this.#closeAfterMs
    const { end } = record.key.window
    const keyBytes = keyBytesOf(this.#keySerde, record.key)
    const row = new Uint8Array(8 + keyBytes.length)
    writeTime(row, 0, end)
    row.set(keyBytes, 8)
    this.#buffer.rows.put(row, this.#encode(record), record.timestamp)
    this.#earliest = Math.min(this.#earliest, end)
    if (this.#earliest <= closed) this.#emit(closed)
  }

  #emit(closed: number): void {
    this.#earliest = Number.POSITIVE_INFINITY
    for (const [row, bytes] of this.#buffer.rows.scan({})) {
      const end = readTime(row, 0)
      if (end > closed) {
        this.#earliest = end
        return
      }
      const timestamp = readTime(bytes, 0)
      this.#buffer.rows.put(row, null, timestamp)
      if (bytes[8] === 0) continue
      this.context.forward({
        key: this.#keySerde.deserialize(row.subarray(8)),
        value: { newValue: this.#valueSerde.deserialize(bytes.subarray(9)), oldValue: null },
        timestamp,
        headers: noHeaders,
      })
    }
  }

  #encode(record: StreamRecord<Windowed<K>, Change<V>>): Uint8Array {
    const { newValue } = record.value
    const value = newValue === null ? null : this.#valueSerde.serialize(newValue)
    const bytes = new Uint8Array(9 + (value?.length ?? 0))
    writeTime(bytes, 0, record.timestamp)
    if (value !== null) {
      bytes[8] = 1
      bytes.set(value, 9)
    }
    return bytes
  }
}
