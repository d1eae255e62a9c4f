import { DeserializationError } from '@varve/base'

import type { Change } from './record.ts'
import type { Serde } from './serde.ts'

const absent = 0xffff_ffff

/**
 * Changes in a repartition topic: `[length of new, 4 bytes big-endian, all ones when absent][new][old, to the end][1 when old is present, else 0]`.
 */
export function changeSerde<V>(values: Serde<V>): Serde<Change<V> | null> {
  return {
    serialize(change) {
      if (change === null) return null
      const after = change.newValue === null ? null : values.serialize(change.newValue)
      const before = change.oldValue === null ? null : values.serialize(change.oldValue)
      const bytes = new Uint8Array(5 + (after?.length ?? 0) + (before?.length ?? 0))
      new DataView(bytes.buffer).setUint32(0, after === null ? absent : after.length)
      if (after !== null) bytes.set(after, 4)
      if (before !== null) bytes.set(before, 4 + (after?.length ?? 0))
      bytes[bytes.length - 1] = before === null ? 0 : 1
      return bytes
    },
    deserialize(bytes) {
      if (bytes === null) return null
      const { after, before } = split(bytes)
      return {
        newValue: after === null ? null : values.deserialize(after),
        oldValue: before === null ? null : values.deserialize(before),
      }
    },
    async prepare(bytes) {
      const { after, before } = split(bytes)
      if (after !== null) await values.prepare?.(after)
      if (before !== null) await values.prepare?.(before)
    },
  }
}

function split(bytes: Uint8Array): {
  readonly after: Uint8Array | null
  readonly before: Uint8Array | null
} {
  if (bytes.length < 5) throw new DeserializationError('a table change has at least five bytes')
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0)
  const end = length === absent ? 4 : 4 + length
  if (end > bytes.length - 1) throw new DeserializationError('a table change is cut off')
  return {
    after: length === absent ? null : bytes.subarray(4, end),
    before: bytes[bytes.length - 1] === 0 ? null : bytes.subarray(end, bytes.length - 1),
  }
}
