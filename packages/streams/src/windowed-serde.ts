import { DeserializationError } from '@varve/base'

import type { Windowed } from './record.ts'
import type { Serde } from './serde.ts'
import { partOf } from './state/row-codec.ts'
import { sessionKeyCodec } from './state/session-store.ts'
import { windowKeyCodec } from './state/window-store.ts'

/** Keys of time-windowed results as Kafka Streams writes them: key bytes, then the window's start as 8 bytes, big-endian. */
export function timeWindowedSerde<K>(keys: Serde<K>, sizeMs: number): Serde<Windowed<K>> {
  const codec = windowKeyCodec(keys, sizeMs)
  return {
    serialize: (key) => codec.encode(key),
    deserialize: (bytes) => codec.decode(atLeast(bytes, 8)),
    partitionKey: (bytes) => partOf(bytes, 0, bytes.length - 8),
  }
}

/** Keys of sessions as Kafka Streams writes them: key bytes, then end and start as 8 bytes each, big-endian. */
export function sessionWindowedSerde<K>(keys: Serde<K>): Serde<Windowed<K>> {
  const codec = sessionKeyCodec(keys)
  return {
    serialize: (key) => codec.encode(key),
    deserialize: (bytes) => codec.decode(atLeast(bytes, 16)),
    partitionKey: (bytes) => partOf(bytes, 0, bytes.length - 16),
  }
}

function atLeast(bytes: Uint8Array | null, length: number): Uint8Array {
  if (bytes === null || bytes.length < length) {
    throw new DeserializationError(`a windowed key has at least ${length} bytes`)
  }
  return bytes
}
