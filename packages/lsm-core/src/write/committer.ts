import { assert, BusyError, NotOpenError, UnsupportedError, type Clock } from '@varve/base'
import type { VersionSet } from '@varve/manifest'
import type { Memtable } from '@varve/memtable'
import { recordStart, WriteBatch, WriteBatchCursor } from '@varve/wal'

import type { ColumnFamily } from '../column-family/column-family.ts'
import type { ResolvedDBOptions } from '../options/resolve.ts'
import { countCommit, countSync, timedStall } from '../statistics/count-writes.ts'
import type { Statistics } from '../statistics/statistics.ts'
import { keptBatchBytes, type CommitTarget } from './commit-pipeline.ts'
import type { MemtableBudget } from './memtable-budget.ts'
import { insertBatch } from './memtable-inserter.ts'
import { TurnLimit } from './turn-limit.ts'
import { batchWithTimes } from './value-time.ts'
import type { WalSet } from './wal-set.ts'
import type { WriteController } from './write-controller.ts'

/** What committing needs of its database. */
export interface CommitterTarget {
  readonly options: ResolvedDBOptions
  readonly versions: VersionSet
  readonly families: ReadonlyMap<number, ColumnFamily>
  readonly wals: WalSet
  readonly writeController: WriteController
  readonly memtableBudget: MemtableBudget
  readonly background: { schedule(): void }
  readonly closed: boolean
  /** Newest sequence number that a reader may still be at work with. */
  readonly viewedTo: number
  /** Why writes are refused, undefined while they are not. */
  readonly failure: unknown
  checkWritable(): void
  /** From here on writes are refused. */
  fail(error: unknown): void
  /** From here on reads are, too. */
  refuseReads(error: unknown): void
}

/**
 * Carries out what the {@link CommitPipeline} has put in order: a batch goes to the log, then into the memtables, then it is published; and
 * logs are synced. Whatever fails in the log is the end of writing: nothing may be logged behind a record that is in doubt.
 */
export class Committer implements CommitTarget {
  readonly #db: CommitterTarget
  readonly #wals: WalSet
  /** A database that is written to keeps the one it was opened with. */
  readonly #versions: VersionSet
  readonly #memtableBudget: MemtableBudget
  readonly #writeController: WriteController
  readonly #statistics: Statistics | undefined
  readonly #clock: Clock
  readonly #turn = new TurnLimit()
  /** Of batches whose memory may be held until the next one. */
  readonly #cursor = new WriteBatchCursor(new WriteBatch(0).data)
  readonly #activeMemtable: (id: number) => Memtable | undefined
  /** Families whose values end in the time of their write. */
  readonly #timedFamilies = new Set<number>()
  /** A memtable was sealed since blocking writes were last found to have room; nothing else takes it from them. */
  #mayBeFarBehind = true
  #hasUnloggedData = false

  constructor(db: CommitterTarget) {
    this.#db = db
    this.#wals = db.wals
    this.#versions = db.versions
    this.#memtableBudget = db.memtableBudget
    this.#writeController = db.writeController
    this.#statistics = db.options.statistics
    this.#clock = db.options.clock
    this.#activeMemtable = (id) => {
      const memtable = db.families.get(id)?.active.memtable
      if (memtable !== undefined) memtable.viewedTo = db.viewedTo
      return memtable
    }
    for (const family of db.families.values()) this.noteFamily(family)
  }

  /** Something was written past the log: it is in memtables alone. */
  get hasUnloggedData(): boolean {
    return this.#hasUnloggedData
  }

  /** There is a new family. */
  noteFamily({ id, options }: ColumnFamily): void {
    if (options.ttlSeconds !== undefined) this.#timedFamilies.add(id)
  }

  /** A memtable was sealed. */
  noteSealed(): void {
    this.#mayBeFarBehind = true
  }

  check(batch: WriteBatch): void {
    this.#db.checkWritable()
    // Found out before it is logged: a log with such a record could not be replayed.
    if (!batch.plain) throw new UnsupportedError('write batches with other than plain entries')
    for (const id of batch.columnFamilyIds) {
      if (!this.#db.families.has(id))
        throw new NotOpenError(`write to column family ${id}, which is not open`)
    }
  }

  stall(): Promise<void> | undefined {
    const { paused } = this.#writeController
    if (paused !== undefined) return paused
    const { failure, closed, families, background } = this.#db
    if (failure !== undefined || closed) return undefined
    const pause = this.#writeController.holdBack(families.values())
    if (pause === undefined) return undefined
    background.schedule()
    return this.#statistics === undefined ? pause : timedStall(this.#statistics, pause)
  }

  checkRoomForBlockingWrite(): void {
    if (this.#writeController.paused !== undefined)
      throw new BusyError('writes wait for files that are taken in')
    if (!this.#mayBeFarBehind) return
    if (this.#writeController.isTooFarBehind(this.#db.families.values())) {
      throw new BusyError(
        'blocking writes have run ahead of flush: let the event loop turn, or await put and write',
      )
    }
    this.#mayBeFarBehind = false
  }

  yieldIfLong(): Promise<void> | undefined {
    return this.#turn.yieldIfLong()
  }

  commit(asked: WriteBatch, disableWal: boolean): void {
    const versions = this.#versions
    const batch = this.stored(asked)
    const { count } = batch
    if (count === 0 && batch.sizeBytes === 12) return
    this.#memtableBudget.beforeWrite(batch.sizeBytes)
    const sequence = versions.lastSequence + 1
    batch.sequence = sequence
    const bytes = batch.seal()
    const end = recordStart + batch.sizeBytes
    try {
      if (disableWal) this.#hasUnloggedData = true
      else this.#wals.appendIn(bytes, recordStart, end)
      const next = insertBatch(
        this.#cursorOf(bytes, end),
        sequence,
        this.#activeMemtable,
        undefined,
        batch.ofOneFamily,
      )
      assert(next === sequence + count, 'every counted entry took a sequence number')
    } catch (error) {
      this.#db.fail(error)
      // Values that it wrote over are only in the log now.
      const { families } = this.#db
      if (families.values().some(({ active }) => active.memtable.overwrittenTo >= sequence))
        this.#db.refuseReads(error)
      throw error
    }
    versions.lastSequence = sequence + count - 1
    this.#writeController.noteWritten(batch.sizeBytes)
    if (this.#statistics !== undefined)
      countCommit(this.#statistics, count, batch.sizeBytes, !disableWal)
  }

  #cursorOf(batch: Uint8Array, end: number): WriteBatchCursor {
    if (batch.length <= keptBatchBytes) return this.#cursor.reset(batch, recordStart, end)
    return new WriteBatchCursor(batch, undefined, recordStart, end)
  }

  /** The batch as it is logged: with the present time behind values of families that keep it. */
  stored(batch: WriteBatch): WriteBatch {
    if (this.#timedFamilies.size === 0) return batch
    return batchWithTimes(batch, this.#timedFamilies, Math.floor(this.#clock.now() / 1000))
  }

  async sync(): Promise<void> {
    const startMs = this.#statistics === undefined ? 0 : performance.now()
    try {
      await this.#wals.sync()
      await this.recordSyncedLogs()
    } catch (error) {
      this.#db.fail(error)
      throw error
    }
    if (this.#statistics !== undefined) countSync(this.#statistics, performance.now() - startMs)
  }

  syncSync(): void {
    const startMs = this.#statistics === undefined ? 0 : performance.now()
    try {
      this.#wals.syncSync()
    } catch (error) {
      this.#db.fail(error)
      throw error
    }
    if (this.#statistics !== undefined) countSync(this.#statistics, performance.now() - startMs)
  }

  /** Has the MANIFEST say which logs were finished and synced since the last call; nothing unless they are tracked. */
  async recordSyncedLogs(): Promise<void> {
    const walAdditions = this.#wals.takeSynced()
    if (walAdditions.length === 0) return
    try {
      await this.#versions.logAndApply({ walAdditions })
    } catch (error) {
      this.#db.fail(error)
      throw error
    }
  }

  /** Hands log records that wait in memory to the kernel. */
  flushWal(): void {
    try {
      this.#wals.flush()
    } catch (error) {
      this.#db.fail(error)
      throw error
    }
  }
}
