import { UnsupportedError, ValueType } from '@varve/base'
import type { Memtable } from '@varve/memtable'
import { WriteBatchCursor } from '@varve/wal'

/** The memtable that entries of a family go to; undefined drops them (the family is gone, or has flushed them). */
export type MemtableOf = (columnFamilyId: number) => Memtable | undefined

/** What insertion needs to know of two-phase commit; only logs of RocksDB hold its marks. */
export interface TwoPhaseCommit {
  /** Keeps the entries up to the end of the section that begins here, and moves the cursor there. */
  prepare(cursor: WriteBatchCursor): void
  /** The entries of the transaction that the mark commits, as a batch; undefined when all of them are in tables. */
  commit(cursor: WriteBatchCursor): Uint8Array | undefined
  rollback(cursor: WriteBatchCursor): void
}

/**
 * Puts every entry of a batch into the memtable of its family, the i-th counted entry with `sequence + i`.
 * Returns the sequence after the last one. Entries that are dropped consume their sequence too. Entries
 * of a transaction take theirs where it is committed. `ofOneFamily` promises that all entries name the same family.
 *
 * @throws CorruptionError when the batch is malformed
 * @throws UnsupportedError for entries of two-phase commits, blob files and preferred sequence numbers
 */
export function insertBatch(
  cursor: WriteBatchCursor,
  sequence: number,
  memtableOf: MemtableOf,
  twoPhase?: TwoPhaseCommit,
  ofOneFamily: boolean = false,
): number {
  const { data, start } = cursor
  let family = -1
  let memtable: Memtable | undefined
  /** Where byte 0 of `data` would be in the memtable; known only for a batch of one family that is copied as a whole. */
  let storedAt = 0
  let overwrites = false
  while (cursor.next()) {
    const { type } = cursor
    if (cursor.counted && cursor.columnFamilyId !== family) {
      family = cursor.columnFamilyId
      memtable = memtableOf(family)
      // One copy of the whole batch instead of one for every entry.
      if (ofOneFamily && memtable !== undefined) {
        overwrites = memtable.overwrites
        if (!overwrites) storedAt = memtable.store(data, start, cursor.end) - start
      }
    }
    switch (type) {
      case ValueType.Value:
      case ValueType.Deletion:
      case ValueType.SingleDeletion:
      case ValueType.Merge:
      case ValueType.WideColumnEntity:
        if (memtable !== undefined) {
          const { keyStart, keyEnd, valueStart, valueEnd } = cursor
          if (overwrites && type === ValueType.Value) {
            memtable.put(sequence, data, keyStart, keyEnd, valueStart, valueEnd)
            break
          }
          const end = valueEnd === 0 ? keyEnd : valueEnd
          const at =
            ofOneFamily && !overwrites ? storedAt : memtable.store(data, keyStart, end) - keyStart
          memtable.addStored(
            sequence,
            type,
            at + keyStart,
            keyEnd - keyStart,
            at + (valueEnd === 0 ? keyEnd : valueStart),
            valueEnd - valueStart,
          )
        }
        break
      case ValueType.RangeDeletion:
        memtable?.addRangeTombstone(sequence, cursor.key, cursor.value)
        break
      case ValueType.LogData:
      case ValueType.Noop:
        break
      case ValueType.BlobIndex:
        throw new UnsupportedError('blob files')
      case ValueType.ValuePreferredSeqno:
        throw new UnsupportedError('preferred sequence numbers in a write batch')
      case ValueType.BeginPrepareXID:
        if (twoPhase === undefined) throw new UnsupportedError('two-phase commit in a write batch')
        twoPhase.prepare(cursor)
        break
      case ValueType.CommitXID: {
        const batch = twoPhase?.commit(cursor)
        if (batch !== undefined)
          sequence = insertBatch(new WriteBatchCursor(batch), sequence, memtableOf)
        break
      }
      case ValueType.RollbackXID:
        twoPhase?.rollback(cursor)
        break
      default:
        throw new UnsupportedError(`transactions that are written before they commit (tag ${type})`)
    }
    if (cursor.counted) sequence++
  }
  return sequence
}
