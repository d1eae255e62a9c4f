import type { RecordHeader } from '@varve/kafka'

import type { StreamRecord } from '../record.ts'
import type { Serde } from '../serde.ts'
import type { BytesStore } from '../state/bytes-store.ts'
import { keyBytesOf } from '../state/key-value-store.ts'
import { readTime, writeTime } from '../state/row-codec.ts'
import type { PersistedNumber } from '../topology/processor.ts'

/**
 * Records of a stream that wait until stream time has passed theirs, kept with the task's state.
 *
 * `[time, 8 bytes][key][sequence, 8 bytes]` → `[length of the headers, 4 bytes][headers as JSON][value]`: in the order in which they go on.
 */
export class WaitingRecords<K, V> {
  readonly #rows: BytesStore['rows']
  readonly #keySerde: Serde<K>
  readonly #valueSerde: Serde<V>
  readonly #sequence: PersistedNumber

  constructor(
    store: BytesStore,
    keySerde: Serde<K>,
    valueSerde: Serde<V>,
    sequence: PersistedNumber,
  ) {
    this.#rows = store.rows
    this.#keySerde = keySerde
    this.#valueSerde = valueSerde
    this.#sequence = sequence
  }

  add(record: StreamRecord<K, V>): void {
    const key = keyBytesOf(this.#keySerde, record.key)
    const rowKey = new Uint8Array(key.length + 16)
    writeTime(rowKey, 0, record.timestamp)
    rowKey.set(key, 8)
    writeTime(rowKey, key.length + 8, this.#sequence.value++)
    const value = this.#valueSerde.serialize(record.value) ?? new Uint8Array(0)
    this.#rows.put(rowKey, encode(record.headers, value), record.timestamp)
  }

  /** Takes out the records with times up to `time`, by time, key bytes and arrival. */
  *takeUntil(time: number): Generator<StreamRecord<K, V>> {
    if (time < 0) return
    const lt = new Uint8Array(8)
    writeTime(lt, 0, time + 1)
    for (const [rowKey, bytes] of this.#rows.scan({ lt })) {
      const timestamp = readTime(rowKey, 0)
      this.#rows.put(rowKey, null, timestamp)
      const { headers, value } = decode(bytes)
      yield {
        key: this.#keySerde.deserialize(rowKey.subarray(8, rowKey.length - 8)),
        value: this.#valueSerde.deserialize(value),
        timestamp,
        headers,
      }
    }
  }
}

type StoredHeader = readonly [key: string, value: string | null]

function encode(headers: readonly RecordHeader[], value: Uint8Array): Uint8Array {
  const stored = headers.map(({ key, value: bytes }): StoredHeader => [
    key,
    bytes === null ? null : Buffer.from(bytes).toString('base64'),
  ])
  const text = stored.length === 0 ? Buffer.alloc(0) : Buffer.from(JSON.stringify(stored))
  const bytes = new Uint8Array(4 + text.length + value.length)
  new DataView(bytes.buffer).setUint32(0, text.length)
  bytes.set(text, 4)
  bytes.set(value, 4 + text.length)
  return bytes
}

function decode(bytes: Uint8Array): { headers: readonly RecordHeader[]; value: Uint8Array } {
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0)
  const text = Buffer.from(bytes.subarray(4, 4 + length)).toString()
  const stored = length === 0 ? [] : (JSON.parse(text) as StoredHeader[])
  return {
    headers: stored.map(([key, value]) => ({
      key,
      value: value === null ? null : new Uint8Array(Buffer.from(value, 'base64')),
    })),
    value: bytes.subarray(4 + length),
  }
}
