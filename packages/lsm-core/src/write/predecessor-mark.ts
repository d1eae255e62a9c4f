import { equalBytes, readFixed64, utf8Bytes, ValueType, writeFixed64 } from '@varve/base'
import { WriteBatch, WriteBatchCursor } from '@varve/wal'

/** A log and how long it was when the next one began. */
export interface Predecessor {
  readonly number: number
  readonly sizeBytes: number
}

const name = utf8Bytes('varve.predecessor')

/**
 * A record that says which log came before its own, and how long that was: the first one of a log that begins while the one before
 * is not synced. A loss of power may take the end of the older log and leave the newer one; without the mark nobody would see that
 * something is missing between them.
 *
 * It is a batch with a note and without entries, which readers that do not know it pass over, of the sequence number of the record that
 * follows.
 *
 *     fixed64 sequence | fixed32 0 | LogData: "varve.predecessor" | fixed64 number | fixed64 size
 */
export function predecessorMark(sequence: number, { number, sizeBytes }: Predecessor): Uint8Array {
  const note = new Uint8Array(name.length + 16)
  note.set(name)
  writeFixed64(note, name.length, number)
  writeFixed64(note, name.length + 8, sizeBytes)
  const batch = new WriteBatch(note.length + 8)
  batch.sequence = sequence
  return batch.logData(note).data
}

/** What a record says of the log before its own; undefined for records of other kinds. */
export function readPredecessorMark(record: Uint8Array): Predecessor | undefined {
  const cursor = new WriteBatchCursor(record)
  if (cursor.count !== 0 || !cursor.next() || cursor.type !== ValueType.LogData) return undefined
  const note = cursor.key
  if (note.length !== name.length + 16 || !equalBytes(note.subarray(0, name.length), name))
    return undefined
  return {
    number: readFixed64(note, name.length),
    sizeBytes: readFixed64(note, name.length + 8),
  }
}
