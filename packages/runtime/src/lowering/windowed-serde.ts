import { DeserializationError } from '@varve/base'
import type { Row } from '@varve/serde'
import type { WindowInfo } from '@varve/sql'
import type { Serde, Windowed } from '@varve/streams'

import type { PlanKey } from './flow.ts'

/**
 * Keys with their window, as Kafka Streams writes them on topics: the key's bytes, then the window's start (time windows), or its end and
 * its start (sessions), eight bytes each, big-endian milliseconds.
 */
export function withWindow(
  inner: Serde<Row | null>,
  window: WindowInfo | undefined,
): Serde<PlanKey> {
  if (window === undefined) return inner as Serde<PlanKey>
  const suffixLength = window.type === 'SESSION' ? 16 : 8
  return {
    serialize(key) {
      if (key === null) return null
      const windowed = key as Windowed<Row>
      const bytes =
        inner.serializeBefore === undefined
          ? withSpace(inner.serialize(windowed.key), suffixLength)
          : inner.serializeBefore(windowed.key, suffixLength)
      if (bytes === null) return null
      const { start, end } = windowed.window
      writeTime(bytes, bytes.length - 8, start)
      if (window.type === 'SESSION') writeTime(bytes, bytes.length - 16, end)
      return bytes
    },
    deserialize(bytes): PlanKey {
      if (bytes === null) return null
      if (bytes.length < suffixLength) {
        throw new DeserializationError(
          `windowed key of ${bytes.length} bytes is shorter than its window`,
        )
      }
      const keyLength = bytes.length - suffixLength
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
      const key = inner.deserialize(bytes.subarray(0, keyLength))
      if (key === null) return null
      const first = Number(view.getBigInt64(keyLength))
      if (window.type === 'SESSION') {
        return { key, window: { start: Number(view.getBigInt64(keyLength + 8)), end: first } }
      }
      return { key, window: { start: first, end: first + window.sizeMs } }
    },
    prepare: (bytes) =>
      inner.prepare?.(bytes.subarray(0, Math.max(0, bytes.length - suffixLength))) ??
      Promise.resolve(),
    // A copy, as a view would first move these few bytes off the heap.
    partitionKey: (bytes) => bytes.slice(0, bytes.length - suffixLength),
  }
}

function withSpace(bytes: Uint8Array | null, space: number): Uint8Array | null {
  if (bytes === null) return null
  const longer = new Uint8Array(bytes.length + space)
  longer.set(bytes)
  return longer
}

/** Whole milliseconds in eight bytes, big-endian. Hot: a bigint or a view would cost more than the rest of the key. */
function writeTime(bytes: Uint8Array, at: number, time: number): void {
  const high = Math.floor(time / 0x1_0000_0000)
  bytes[at] = high >>> 24
  bytes[at + 1] = high >>> 16
  bytes[at + 2] = high >>> 8
  bytes[at + 3] = high
  bytes[at + 4] = time >>> 24
  bytes[at + 5] = time >>> 16
  bytes[at + 6] = time >>> 8
  bytes[at + 7] = time
}
