import { join } from 'node:path'

import { CorruptionError } from '@varve/base'
import { logFileName, type VersionSet } from '@varve/manifest'
import type { FileSystem } from '@varve/vfs'
import { LogReader, WriteBatchCursor, type WalRecoveryMode } from '@varve/wal'

import type { ColumnFamily } from '../column-family/column-family.ts'
import { insertBatch } from '../write/memtable-inserter.ts'

/** What replay needs and changes. */
export interface ReplayTarget {
  readonly fileSystem: FileSystem
  readonly directory: string
  readonly mode: WalRecoveryMode
  readonly versions: VersionSet
  readonly families: ReadonlyMap<number, ColumnFamily>
  /** A family's memtable is full: it may be flushed now. */
  onFull(family: ColumnFamily): Promise<void>
  log(text: string): void
}

/** How replay ended. */
export interface ReplayResult {
  /** Sequence number that the next write gets. */
  readonly nextSequence: number
  /** Log in which a point-in-time replay stopped at damage. */
  readonly stoppedAt: number | undefined
}

/**
 * Replays the logs `numbers`, ascending, into the memtables of their families. An entry goes to a family only if the log
 * may hold something unflushed of it.
 *
 * Damage is handled as the recovery mode says; see {@link LogReader}. A point-in-time replay that stopped goes on with a
 * later log whose first batch continues exactly where it stopped: that log was written after an earlier recovery.
 */
export async function replayWals(
  target: ReplayTarget,
  numbers: readonly number[],
): Promise<ReplayResult> {
  const { mode, versions, families } = target
  /** Sequence after the last entry replayed; what the MANIFEST says must not make a gap look like a continuation. */
  let next: number | undefined
  let stoppedAt: number | undefined
  for (const number of numbers) {
    versions.markFileNumberUsed(number)
    const path = join(target.directory, logFileName(number))
    let damage: CorruptionError | undefined
    await using reader = await LogReader.open(target.fileSystem, path, {
      recoveryMode: mode,
      logNumber: number,
      onCorruption: (error) => {
        target.log(`log ${number}: ${error.message}`)
        damage ??= error
      },
    })
    const memtableOf = (id: number): ColumnFamily['active']['memtable'] | undefined => {
      const family = families.get(id)
      if (family === undefined || versions.columnFamily(id).logNumber > number) return undefined
      return family.active.memtable
    }
    for (let record = reader.readRecord(); record !== undefined; record = reader.readRecord()) {
      if (damage !== undefined && mode !== 'skipAnyCorruptedRecords') break
      if (record.length < 12) {
        damage = new CorruptionError('log record too small', {
          file: path,
          offset: reader.recordOffset,
        })
        if (mode === 'skipAnyCorruptedRecords') continue
        break
      }
      const cursor = new WriteBatchCursor(record, { file: path, offset: reader.recordOffset })
      if (stoppedAt !== undefined) {
        if (cursor.sequence !== next) break
        stoppedAt = undefined
      }
      const end = insertBatch(cursor, cursor.sequence, memtableOf)
      next = Math.max(next ?? 0, end)
      for (const family of families.values()) {
        if (family.active.memtable.approximateMemoryBytes >= family.options.writeBufferSizeBytes) {
          await target.onFull(family)
        }
      }
    }
    if (damage === undefined) continue
    switch (mode) {
      case 'tolerateCorruptedTailRecords':
      case 'absoluteConsistency':
        throw damage
      case 'pointInTime':
        stoppedAt = number
        break
      case 'skipAnyCorruptedRecords':
        break
    }
  }
  if (stoppedAt !== undefined) checkNoTableAhead(target, stoppedAt)
  return { nextSequence: Math.max(versions.lastSequence + 1, next ?? 0), stoppedAt }
}

/** Tables of a family that were made after the point where replay stopped would mix two moments. */
function checkNoTableAhead({ families, versions }: ReplayTarget, stoppedAt: number): void {
  for (const { id, name } of families.values()) {
    const { logNumber, current } = versions.columnFamily(id)
    if (logNumber > stoppedAt && current.levels.some((files) => files.length > 0)) {
      throw new CorruptionError(`tables are ahead of the logs in column family "${name}"`)
    }
  }
}
