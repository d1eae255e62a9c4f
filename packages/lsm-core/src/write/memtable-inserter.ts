import { UnsupportedError, ValueType } from '@varve/base'
import type { Memtable } from '@varve/memtable'
import type { WriteBatchCursor } from '@varve/wal'

/** The memtable that entries of a family go to; undefined drops them (the family is gone, or has flushed them). */
export type MemtableOf = (columnFamilyId: number) => Memtable | undefined

/**
 * Puts every entry of a batch into the memtable of its family, the i-th counted entry with `sequence + i`.
 * Returns the sequence after the last one. Entries that are dropped consume their sequence too.
 *
 * @throws CorruptionError when the batch is malformed
 * @throws UnsupportedError for entries of two-phase commits, blob files and preferred sequence numbers
 */
export function insertBatch(
  cursor: WriteBatchCursor,
  sequence: number,
  memtableOf: MemtableOf,
): number {
  const { data } = cursor
  while (cursor.next()) {
    const { type } = cursor
    switch (type) {
      case ValueType.Value:
      case ValueType.Deletion:
      case ValueType.SingleDeletion:
      case ValueType.Merge:
      case ValueType.WideColumnEntity:
        memtableOf(cursor.columnFamilyId)?.addRange(
          sequence,
          type,
          data,
          cursor.keyStart,
          cursor.keyEnd,
          data,
          cursor.valueStart,
          cursor.valueEnd,
        )
        break
      case ValueType.RangeDeletion:
        memtableOf(cursor.columnFamilyId)?.addRangeTombstone(sequence, cursor.key, cursor.value)
        break
      case ValueType.LogData:
      case ValueType.Noop:
        break
      case ValueType.BlobIndex:
        throw new UnsupportedError('blob files')
      case ValueType.ValuePreferredSeqno:
        throw new UnsupportedError('preferred sequence numbers in a write batch')
      default:
        throw new UnsupportedError('two-phase commit in a write batch')
    }
    if (cursor.counted) sequence++
  }
  return sequence
}
