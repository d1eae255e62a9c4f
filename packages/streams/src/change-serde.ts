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
      if (bytes.length < 5) throw new DeserializationError('a table change has at least five bytes')
      const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0)
      const end = length === absent ? 4 : 4 + length
      if (end > bytes.length - 1) throw new DeserializationError('a table change is cut off')
      return {
        newValue: length === absent ? null : values.deserialize(bytes.subarray(4, end)),
        oldValue:
          bytes[bytes.length - 1] === 0
            ? null
            : values.deserialize(bytes.subarray(end, bytes.length - 1)),
      }
    },
  }
}
