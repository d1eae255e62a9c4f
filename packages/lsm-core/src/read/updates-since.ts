import { join } from 'node:path'

import { NotFoundError, type CorruptionError } from '@varve/base'
import { logFileName } from '@varve/manifest'
import { isNotFound } from '@varve/vfs'
import { LogReader, WriteBatch } from '@varve/wal'

import type { Database } from '../db/database.ts'
import { readPredecessorMark } from '../write/predecessor-mark.ts'

/**
 * The batches of the logs from the one on that holds `sequence`, up to what was logged at the first step. A log that is deleted
 * meanwhile is read all the same.
 *
 * @throws NotFoundError when the logs do not reach back that far
 * @throws CorruptionError when a log is damaged
 */
export async function* updatesSince(
  db: Database,
  sequence: number,
): AsyncGenerator<WriteBatch, void, undefined> {
  db.checkOpen()
  const readers: LogReader[] = []
  const release = db.wals.hold()
  let damage: CorruptionError | undefined
  try {
    for (const { number, sizeBytes } of db.wals.liveLogs()) {
      const path = join(db.walDirectory, logFileName(number))
      try {
        // Opened before the first is read: afterwards they may go.
        readers.push(
          await LogReader.open(db.fileSystem, path, {
            logNumber: number,
            sizeBytes,
            recoveryMode: 'absoluteConsistency',
            onCorruption: (error) => (damage ??= error),
          }),
        )
      } catch (error) {
        if (!isNotFound(error)) throw error
      }
    }
    let reachesBack = false
    for (const reader of readers) {
      for (let record = reader.readRecord(); record !== undefined; record = reader.readRecord()) {
        if (damage !== undefined) break
        const batch = WriteBatch.from(record)
        if (batch.sequence <= sequence) reachesBack = true
        if (batch.sequence + batch.count <= sequence) continue
        if (reader.recordOffset === 0 && readPredecessorMark(record) !== undefined) continue
        if (!reachesBack) throw gone(sequence, batch.sequence)
        yield batch
      }
      if (damage !== undefined) throw damage
    }
    if (!reachesBack && sequence <= db.versions.lastSequence) throw gone(sequence, undefined)
  } finally {
    release()
    for (const reader of readers) await reader.close()
  }
}

function gone(sequence: number, first: number | undefined): NotFoundError {
  return new NotFoundError(
    `the logs do not reach back to sequence number ${sequence}` +
      (first === undefined ? '' : `, they begin with ${first}`),
  )
}
