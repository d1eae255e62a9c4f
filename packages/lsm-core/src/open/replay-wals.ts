import { join } from 'node:path'

import { byteText, CorruptionError } from '@varve/base'
import { logFileName, type VersionSet } from '@varve/manifest'
import type { FileSystem } from '@varve/vfs'
import { LogReader, WriteBatchCursor, type WalRecoveryMode } from '@varve/wal'

import type { ColumnFamily } from '../column-family/column-family.ts'
import type { RecoveredTransaction } from '../db/two-phase-log.ts'
import { insertBatch } from '../write/memtable-inserter.ts'
import { readPredecessorMark } from '../write/predecessor-mark.ts'
import { PreparedTransactions } from './prepared-transactions.ts'
import { WrittenTransactions } from './written-transactions.ts'

/** Forgives a torn end and nothing else. */
const tornOnly: WalRecoveryMode = 'tolerateCorruptedTailRecords'

/** What replay needs and changes. */
export interface ReplayTarget {
  readonly fileSystem: FileSystem
  /** Directory of the logs. */
  readonly directory: string
  readonly mode: WalRecoveryMode
  readonly versions: VersionSet
  readonly families: ReadonlyMap<number, ColumnFamily>
  /** A family's memtable is full: it may be flushed now. */
  onFull(family: ColumnFamily): Promise<void>
  log(text: string): void
  /**
   * Sequence number up to which a family's entries are known to be in tables, whatever its log number says; batches that end
   * at or before it are passed over. Default: 0.
   */
  flushedUpTo?(columnFamilyId: number): number
  /** Somebody else writes to the database: a log may become another one while it is read. Default false. */
  readonly isFollowing?: boolean
}

/** How replay ended. */
export interface ReplayResult {
  /** Sequence number that the next write gets. */
  readonly nextSequence: number
  /** Transactions that were prepared and not decided. */
  readonly prepared: readonly RecoveredTransaction[]
  /** Log in which a point-in-time replay stopped at damage. */
  readonly stoppedAt: number | undefined
}

/**
 * Replays the logs `numbers`, ascending, into the memtables of their families. An entry goes to a family only if the log
 * may hold something unflushed of it.
 *
 * Damage is handled as the recovery mode says; see {@link LogReader}. A point-in-time replay that stopped goes on with a
 * later log whose first batch continues exactly where it stopped: that log was written after an earlier recovery.
 *
 * Zeros at the end of a log are space that was never written, but not where later logs have records and nothing is
 * forgiven: logs are synced to their end before the next one is.
 *
 * A log may say how long the one before was ({@link readPredecessorMark}). Where that is shorter, its end went with a loss of power
 * while neither was synced: what follows is damage to a point-in-time replay, which stops there, and to one that forgives nothing. So it
 * is where sequence numbers have no gap, for records of two-phase commit take none.
 *
 * Of two-phase commit, what is committed counts from its commit on; what is prepared only is left out, and must be logged
 * anew. Logs older than any family needs are read for such transactions alone: they were synced to their end before a
 * table went ahead of them, so they may be torn there, by a writer that kept them after a crash, but not damaged.
 *
 * @throws IoError when a log is gone, or was written over while it was read
 */
export async function replayWals(
  target: ReplayTarget,
  numbers: readonly number[],
): Promise<ReplayResult> {
  const { mode, versions, families } = target
  /** Sequence after the last entry replayed; what the MANIFEST says must not make a gap look like a continuation. */
  let next: number | undefined
  let stoppedAt: number | undefined
  /** What a log that ends in zeros is, if something follows: a record in another log, or a table of a family that went ahead. */
  let hole: CorruptionError | undefined
  let holeIn = 0
  /** Where the records of the logs that were read end. */
  const ends = new Map<number, number>()
  /** Replay stopped where the end of a log is lost. No table can be ahead of that: older logs are synced before a table counts. */
  let endIsLost = false
  const prepared = new PreparedTransactions()
  const isFlushed = (id: number, log: number): boolean =>
    families.has(id) && versions.columnFamily(id).logNumber > log
  const written = new WrittenTransactions({
    isFlushed,
    memtableAt: (id, log) => (isFlushed(id, log) ? undefined : families.get(id)?.active.memtable),
  })
  let oldestNeeded = Number.POSITIVE_INFINITY
  for (const { logNumber } of versions.columnFamilies.values())
    oldestNeeded = Math.min(oldestNeeded, logNumber)
  for (const number of numbers) {
    versions.markFileNumberUsed(number)
    prepared.logNumber = number
    /** Everything else in it is in tables. */
    const onlyPrepared = number < oldestNeeded
    const path = join(target.directory, logFileName(number))
    let damage: CorruptionError | undefined
    await using reader = await LogReader.open(target.fileSystem, path, {
      recoveryMode: onlyPrepared && mode !== 'skipAnyCorruptedRecords' ? tornOnly : mode,
      logNumber: number,
      onCorruption: (error) => {
        target.log(`log ${number}: ${error.message}`)
        damage ??= error
      },
    })
    /** Sequence number of the last entry of the batch in work. */
    let batchEnd = 0
    const memtableOf = (id: number): ColumnFamily['active']['memtable'] | undefined => {
      const family = families.get(id)
      if (family === undefined || isFlushed(id, number)) return undefined
      if (batchEnd <= (target.flushedUpTo?.(id) ?? 0)) return undefined
      return family.active.memtable
    }
    for (let record = reader.readRecord(); record !== undefined; record = reader.readRecord()) {
      if (hole !== undefined) throw hole
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
      const before = reader.recordOffset === 0 ? readPredecessorMark(record) : undefined
      if (
        before !== undefined &&
        before.number >= oldestNeeded &&
        (mode === 'pointInTime' || mode === 'absoluteConsistency') &&
        (ends.get(before.number) ?? before.sizeBytes) < before.sizeBytes
      ) {
        const lost = new CorruptionError('the end of a log is lost, and there is a later one', {
          file: join(target.directory, logFileName(before.number)),
          expected: before.sizeBytes,
          actual: ends.get(before.number)!,
        })
        if (mode === 'absoluteConsistency') throw lost
        target.log(`log ${before.number}: ${lost.message}`)
        endIsLost ||= stoppedAt === undefined
        stoppedAt ??= before.number
        break
      }
      if (stoppedAt !== undefined) {
        if (cursor.sequence !== next) break
        stoppedAt = undefined
        endIsLost = false
      }
      // A record that commits what was prepared before counts nothing itself.
      batchEnd = cursor.sequence + Math.max(cursor.count, 1) - 1
      const end = written.takes(cursor)
        ? written.insert(cursor, number)
        : insertBatch(cursor, cursor.sequence, memtableOf, prepared)
      if (onlyPrepared) continue
      next = Math.max(next ?? 0, end)
      for (const family of families.values()) {
        if (family.active.memtable.approximateMemoryBytes >= family.options.writeBufferSizeBytes) {
          await target.onFull(family)
        }
      }
    }
    ends.set(number, reader.endOffset)
    // Its name goes before anything in it is written over.
    if (target.isFollowing === true && reader.isRecyclable) await target.fileSystem.stat(path)
    if (
      mode === 'absoluteConsistency' &&
      reader.endsInZeros &&
      !onlyPrepared &&
      hole === undefined
    ) {
      holeIn = number
      hole = new CorruptionError('zeros in place of records, before those of a later log', {
        file: path,
      })
    }
    if (damage === undefined) continue
    if (onlyPrepared && mode !== 'skipAnyCorruptedRecords') throw damage
    switch (mode) {
      case 'tolerateCorruptedTailRecords':
      case 'absoluteConsistency':
        throw damage
      case 'pointInTime':
        // Damage behind the point where replay stopped changes nothing.
        stoppedAt ??= number
        break
      case 'skipAnyCorruptedRecords':
        break
    }
  }
  if (stoppedAt !== undefined && !endIsLost) checkNoTableAhead(target, stoppedAt)
  if (hole !== undefined) checkNoTableAhead(target, holeIn)
  const undecided = [...prepared.transactions, ...written.finish(prepared.transactions)]
  if (undecided.length > 0) {
    const names = undecided.map(({ name }) => byteText(name))
    target.log(`transactions are prepared and not decided, so left out: ${names.join(', ')}`)
  }
  return {
    nextSequence: Math.max(versions.lastSequence + 1, next ?? 0),
    prepared: undecided,
    stoppedAt,
  }
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
