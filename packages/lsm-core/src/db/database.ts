import { join } from 'node:path'

import {
  AlreadyExistsError,
  assert,
  BusyError,
  InvalidOptionError,
  IoError,
  NotFoundError,
  NotOpenError,
  ReadOnlyError,
  resourceClosed,
  resourceOpened,
  UnsupportedError,
} from '@varve/base'
import { logFileName, tableFileName, type VersionSet } from '@varve/manifest'
import type { Memtable } from '@varve/memtable'
import { isNotFound, type FileLock, type FileSystem } from '@varve/vfs'
import { recordStart, WriteBatch, WriteBatchCursor } from '@varve/wal'

import { BackgroundWork } from '../background/background-work.ts'
import { ColumnFamily } from '../column-family/column-family.ts'
import { attemptAll } from '../files/attempt-all.ts'
import { writeOptionsFile } from '../open/options-content.ts'
import type { ColumnFamilyOptions } from '../options/column-family-options.ts'
import type { EventListener } from '../options/event-listener.ts'
import { notifyListeners } from '../options/notify-listeners.ts'
import {
  changeDBOptions,
  changeFamilyOptions,
  type MutableColumnFamilyOptions,
  type MutableDBOptions,
} from '../options/dynamic-options.ts'
import { resolveColumnFamilyOptions, type ResolvedDBOptions } from '../options/resolve.ts'
import type { TableCache } from '../read/table-cache.ts'
import { StatisticsListener } from '../statistics/statistics-listener.ts'
import { countCommit, countSync, observeDatabase, timedStall } from '../statistics/count-writes.ts'
import { CommitPipeline, keptBatchBytes, type CommitTarget } from '../write/commit-pipeline.ts'
import { insertBatch } from '../write/memtable-inserter.ts'
import { batchWithTimes } from '../write/value-time.ts'
import { TurnLimit } from '../write/turn-limit.ts'
import type { WalSet } from '../write/wal-set.ts'
import { exceeds, type WriteBufferMember } from '../write/write-buffer-manager.ts'
import { WriteController } from '../write/write-controller.ts'
import type { InfoLog } from './info-log.ts'
import { SnapshotList } from './snapshot-list.ts'
import { TwoPhaseLog, type RecoveredTransaction } from './two-phase-log.ts'

/** Room for more than this in all memtables counts as this. */
const maxRoomBytes = 1 << 20
/** Room that is taken to be there at least of what several databases share: their bound is a soft one. */
const sharedRoomBytes = 1 << 18
/** A family whose memtables hold more than this is written to: it will come to hold what {@link memtablesInTurn} take. */
const busyFamilyBytes = 1 << 20
/** One takes writes while another is flushed. */
const memtablesInTurn = 2
/** An entry takes more memory than it has bytes: the room is looked at again when this part of it is used. */
const roomCheckFraction = 16

/** What opening hands over. */
export interface DatabaseParts {
  readonly directory: string
  /** Where the logs are: the same, unless the options say otherwise. */
  readonly walDirectory: string
  readonly options: ResolvedDBOptions
  readonly versions: VersionSet
  readonly families: Map<number, ColumnFamily>
  readonly tables: TableCache
  readonly wals: WalSet
  readonly infoLog: InfoLog
  /** Absent when the database is open for reading only. */
  readonly lock: FileLock | undefined
  readonly dbId: string
  readonly sessionId: string
  /** Transactions that the logs have prepared and nobody has decided. */
  readonly prepared: readonly RecoveredTransaction[]
}

/**
 * The state of an open database and the rules by which it changes; {@link DB} is its face.
 *
 * One thread owns it. Whatever follows an `await` must look at the state again.
 */
export class Database implements CommitTarget, WriteBufferMember {
  readonly directory: string
  readonly walDirectory: string
  /** Replaced only by {@link setDBOptions}. */
  options: ResolvedDBOptions
  readonly fileSystem: FileSystem
  /** Replaced only by {@link adopt}. */
  versions: VersionSet
  readonly families: Map<number, ColumnFamily>
  readonly tables: TableCache
  readonly wals: WalSet
  readonly infoLog: InfoLog
  readonly snapshots: SnapshotList
  readonly writeController: WriteController
  readonly pipeline: CommitPipeline
  readonly background: BackgroundWork
  readonly twoPhase: TwoPhaseLog
  readonly dbId: string
  readonly sessionId: string
  readonly readOnly: boolean
  readonly #lock: FileLock | undefined
  readonly #endObservation: () => void
  readonly #listeners: readonly EventListener[]
  #failure: unknown
  #closing: Promise<void> | undefined
  /** Writes that were asked for before the close are still made. */
  #writesEnded = false
  /** Something was written past the log: closing flushes it. */
  #hasUnloggedData = false
  #purging: Promise<void> = Promise.resolve()
  #purgeScheduled = false
  readonly #turn = new TurnLimit()
  /** Families whose values end in the time of their write. */
  readonly #timedFamilies = new Set<number>()
  /** Cursors and other readers that must be closed with the database. */
  readonly readers: Set<{ close(): void }> = new Set()
  #reservedBytes = 0
  /** Of batches whose memory may be held until the next one. */
  readonly #cursor = new WriteBatchCursor(new WriteBatch(0).data)
  /** A memtable was sealed since blocking writes were last found to have room; nothing else takes it from them. */
  #mayBeFarBehind = true
  /** Bytes of batches until {@link makeRoom} looks at the memtables again. */
  #untilRoomCheckBytes = 0
  /** Newest sequence number that a reader may still be at work with; versions above it are seen by nobody once there are newer ones. */
  #viewedTo = 0
  /** Why reads are refused, too. */
  #unreadable: unknown
  readonly #activeMemtable = (id: number): Memtable | undefined => {
    const memtable = this.families.get(id)?.active.memtable
    if (memtable !== undefined) memtable.viewedTo = this.#viewedTo
    return memtable
  }

  constructor(parts: DatabaseParts) {
    this.directory = parts.directory
    this.walDirectory = parts.walDirectory
    this.options = parts.options
    this.fileSystem = parts.options.fileSystem
    this.versions = parts.versions
    this.families = parts.families
    for (const { id, options } of parts.families.values())
      if (options.ttlSeconds !== undefined) this.#timedFamilies.add(id)
    this.tables = parts.tables
    this.wals = parts.wals
    this.infoLog = parts.infoLog
    this.dbId = parts.dbId
    this.sessionId = parts.sessionId
    this.#lock = parts.lock
    this.readOnly = parts.lock === undefined
    this.snapshots = new SnapshotList(() => this.background.schedule(), parts.options.clock)
    this.writeController = new WriteController({
      clock: parts.options.clock,
      delayedWriteRate: parts.options.delayedWriteRate,
      onChange: (info) => this.notify('onStallConditionsChanged', info),
    })
    this.pipeline = new CommitPipeline(this)
    this.background = new BackgroundWork(this)
    this.twoPhase = new TwoPhaseLog(this, parts.prepared)
    this.wals.pinnedBy = (flushed) => this.twoPhase.oldestLogNumber(flushed)
    const { listeners, statistics } = parts.options
    this.#listeners =
      statistics === undefined ? listeners : [...listeners, new StatisticsListener(statistics)]
    this.#endObservation = observeDatabase(parts.options)
    this.options.blockCache.reserve(this.#rowCacheBytes)
    resourceOpened(this, `database ${this.directory}`)
  }

  get #rowCacheBytes(): number {
    return this.tables.rows?.capacityBytes ?? 0
  }

  /** Why writes are refused, undefined while they are not. */
  get failure(): unknown {
    return this.#failure
  }

  get closed(): boolean {
    return this.#closing !== undefined
  }

  checkOpen(): void {
    if (this.#closing !== undefined)
      throw new NotOpenError(`database "${this.directory}" is closed`)
  }

  /** Of a reader that outlasts the call, at this moment by default: what it sees is not written over from now on. */
  view(sequence: number = this.versions.lastSequence): number {
    if (sequence > this.#viewedTo) this.#viewedTo = sequence
    return sequence
  }

  /** The family behind a handle of this database. */
  family(handle: { readonly id: number } | undefined): ColumnFamily {
    this.checkOpen()
    if (this.#unreadable !== undefined) {
      throw new NotOpenError(
        `a write to database "${this.directory}" failed in the middle: open it again`,
        { cause: this.#unreadable },
      )
    }
    const family = this.families.get(handle?.id ?? 0)
    if (family === undefined || (handle instanceof ColumnFamily && handle !== family)) {
      throw new NotOpenError('column family is dropped or not of this database')
    }
    return family
  }

  /** From here on writes are refused with `error` as the reason; reads go on. The first failure counts. */
  fail(error: unknown): void {
    if (this.#failure !== undefined) return
    this.#failure = error
    // A batch that failed half-way may be in some rows.
    for (const { rows } of this.families.values()) rows?.forget()
    this.infoLog.write(`writes are refused from now on: ${String(error)}`)
    this.writeController.release()
  }

  /** Tells the listeners of the options. */
  notify<Event extends keyof EventListener>(
    event: Event,
    info: Parameters<NonNullable<EventListener[Event]>>[0],
  ): void {
    const listeners = this.#listeners
    if (listeners.length > 0)
      notifyListeners(listeners, event, info, (text) => this.infoLog.write(text))
  }

  // CommitTarget

  checkWritable(): void {
    if (this.#writesEnded) this.checkOpen()
    if (this.readOnly)
      throw new ReadOnlyError(`database "${this.directory}" is open for reading only`)
    if (this.#failure !== undefined) {
      throw new ReadOnlyError(`database "${this.directory}" refuses writes after a failure`, {
        cause: this.#failure,
      })
    }
  }

  checkBatch(batch: WriteBatch): void {
    // Found out before it is logged: a log with such a record could not be replayed.
    if (!batch.plain) throw new UnsupportedError('write batches with other than plain entries')
    for (const id of batch.columnFamilyIds) {
      if (!this.families.has(id))
        throw new NotOpenError(`write to column family ${id}, which is not open`)
    }
  }

  stall(): Promise<void> | undefined {
    const { paused } = this.writeController
    if (paused !== undefined) return paused
    if (this.#failure !== undefined || this.#closing !== undefined) return undefined
    const pause = this.writeController.holdBack(this.families.values())
    if (pause === undefined) return undefined
    this.background.schedule()
    const { statistics } = this.options
    return statistics === undefined ? pause : timedStall(statistics, pause)
  }

  checkRoomForBlockingWrite(): void {
    if (this.writeController.paused !== undefined)
      throw new BusyError('writes wait for files that are taken in')
    if (!this.#mayBeFarBehind) return
    if (this.writeController.isTooFarBehind(this.families.values())) {
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
    const { versions } = this
    const batch = this.stored(asked)
    const { count } = batch
    if (count === 0 && batch.sizeBytes === 12) return
    this.#untilRoomCheckBytes -= batch.sizeBytes
    if (this.#untilRoomCheckBytes < 0) this.makeRoom()
    const sequence = versions.lastSequence + 1
    batch.sequence = sequence
    const bytes = batch.seal()
    const end = recordStart + batch.sizeBytes
    try {
      if (disableWal) this.#hasUnloggedData = true
      else this.wals.appendIn(bytes, recordStart, end)
      const next = insertBatch(
        this.#cursorOf(bytes, end),
        sequence,
        this.#activeMemtable,
        undefined,
        batch.ofOneFamily,
      )
      assert(next === sequence + count, 'every counted entry took a sequence number')
    } catch (error) {
      // What has reached the log is in doubt: nothing may be logged behind it.
      this.fail(error)
      // Values that it wrote over are only in the log now.
      if (this.families.values().some(({ active }) => active.memtable.overwrittenTo >= sequence))
        this.#unreadable = error
      throw error
    }
    versions.lastSequence = sequence + count - 1
    this.writeController.noteWritten(batch.sizeBytes)
    const { statistics } = this.options
    if (statistics !== undefined) countCommit(statistics, count, batch.sizeBytes, !disableWal)
  }

  #cursorOf(batch: Uint8Array, end: number): WriteBatchCursor {
    if (batch.length <= keptBatchBytes) return this.#cursor.reset(batch, recordStart, end)
    return new WriteBatchCursor(batch, undefined, recordStart, end)
  }

  /** The batch as it is logged: with the present time behind values of families that keep it. */
  stored(batch: WriteBatch): WriteBatch {
    if (this.#timedFamilies.size === 0) return batch
    return batchWithTimes(batch, this.#timedFamilies, Math.floor(this.options.clock.now() / 1000))
  }

  async sync(): Promise<void> {
    const { statistics } = this.options
    const startMs = statistics === undefined ? 0 : performance.now()
    try {
      await this.wals.sync()
      await this.recordSyncedLogs()
    } catch (error) {
      this.fail(error)
      throw error
    }
    if (statistics !== undefined) countSync(statistics, performance.now() - startMs)
  }

  syncSync(): void {
    const { statistics } = this.options
    const startMs = statistics === undefined ? 0 : performance.now()
    try {
      this.wals.syncSync()
    } catch (error) {
      this.fail(error)
      throw error
    }
    if (statistics !== undefined) countSync(statistics, performance.now() - startMs)
  }

  /** Has the MANIFEST say which logs were finished and synced since the last call; nothing unless they are tracked. */
  async recordSyncedLogs(): Promise<void> {
    const walAdditions = this.wals.takeSynced()
    if (walAdditions.length === 0) return
    try {
      await this.versions.logAndApply({ walAdditions })
    } catch (error) {
      this.fail(error)
      throw error
    }
  }

  /** Hands log records that wait in memory to the kernel. */
  flushWal(): void {
    try {
      this.wals.flush()
    } catch (error) {
      this.fail(error)
      throw error
    }
  }

  // Memtables

  /** Seals what is full before the next write goes in. */
  makeRoom(): void {
    const { dbWriteBufferSizeBytes, writeBufferManager } = this.options
    let room = maxRoomBytes
    for (const family of this.families.values()) {
      const { writeBufferSizeBytes } = family.options
      const bytes = family.active.memtable.approximateMemoryBytes
      if (bytes >= writeBufferSizeBytes) this.switchMemtable(family)
      else room = Math.min(room, writeBufferSizeBytes - bytes)
    }
    const { active, total } = this.memoryChanged()
    if (dbWriteBufferSizeBytes > 0) {
      if (exceeds(active, total, dbWriteBufferSizeBytes)) this.flushLargest()
      room = Math.min(room, Math.max(0, dbWriteBufferSizeBytes - total))
    }
    // While others hold the memory, looking at every write would not free it.
    if (writeBufferManager !== undefined)
      room = Math.min(room, Math.max(writeBufferManager.roomBytes, sharedRoomBytes))
    this.#untilRoomCheckBytes = Math.floor(room / roomCheckFraction)
    if (this.wals.totalSizeBytes > this.#maxTotalWalSizeBytes && this.#logsOutgrowMemtables) {
      const oldest = this.#oldestNeededLog
      // Logs that only wait for a transaction to be decided are not helped by a flush.
      if (this.wals.sizeFrom(oldest) > this.#maxTotalWalSizeBytes) this.#releaseLog(oldest)
    }
  }

  /** Counts the memtables against the budgets they share with others, which may have a memtable of any of them flushed. */
  memoryChanged(): { readonly active: number; readonly total: number } {
    let active = 0
    let total = 0
    let resident = 0
    let expected = 0
    for (const family of this.families.values()) {
      const { residentBytes } = family
      active += family.active.memtable.approximateMemoryBytes
      total += family.memoryBytes
      resident += residentBytes
      if (residentBytes > busyFamilyBytes)
        expected = Math.max(expected, memtablesInTurn * family.options.writeBufferSizeBytes)
    }
    // Blocks that leave the cache for memtables leave holes in the heap, which memtables cannot fill: the room is kept from the beginning.
    const half = this.options.blockCache.capacityBytes / 2
    this.#reserveMemory(Math.max(resident, Math.min(expected, half)))
    if (!this.closed) this.options.writeBufferManager?.update(this, active, total)
    return { active, total }
  }

  /** Bytes of the largest memtable that takes writes; 0 when none can be flushed. */
  get largestActiveBytes(): number {
    return this.#largest?.active.memtable.approximateMemoryBytes ?? 0
  }

  /** Seals the largest memtable, so that it is flushed. */
  flushLargest(): void {
    const family = this.#largest
    if (family === undefined) return
    try {
      this.switchMemtable(family)
    } catch (error) {
      // Said to those who write here; perhaps it was the write of another database that asked.
      this.fail(error)
    }
  }

  get #largest(): ColumnFamily | undefined {
    if (this.closed || this.#failure !== undefined) return undefined
    let largest: ColumnFamily | undefined
    let most = 0
    for (const family of this.families.values()) {
      const { memtable } = family.active
      if (memtable.empty || memtable.approximateMemoryBytes <= most) continue
      largest = family
      most = memtable.approximateMemoryBytes
    }
    return largest
  }

  /** Whether logs can grow without a memtable that becomes full: a quiet family keeps them all, or memory does not grow with what is written. */
  get #logsOutgrowMemtables(): boolean {
    return (
      this.families.size > 1 ||
      this.families.values().some(({ active }) => active.memtable.overwrittenTo > 0)
    )
  }

  get #maxTotalWalSizeBytes(): number {
    if (this.options.maxTotalWalSizeBytes > 0) return this.options.maxTotalWalSizeBytes
    let bytes = 0
    for (const { options } of this.families.values()) {
      // The log of a single family outgrows its memtable only where values are written over. Recovery reads it all.
      const number = this.families.size > 1 ? options.maxWriteBufferNumber : 1
      bytes += options.writeBufferSizeBytes * number
    }
    return bytes * 4
  }

  /** Oldest log that some family holds something of in memory. */
  get #oldestNeededLog(): number {
    let oldest = this.wals.currentNumber
    for (const family of this.families.values()) oldest = Math.min(oldest, family.oldestLogNumber)
    return oldest
  }

  /** Flushes every family that pins the log `oldest`, so that one quiet family does not keep all logs. */
  #releaseLog(oldest: number): void {
    for (const family of this.families.values()) {
      if (family.oldestLogNumber > oldest) continue
      if (family.active.memtable.empty) {
        if (family.immutables.length > 0) family.flushRequested = true
      } else if (family.active.logNumber <= oldest) {
        this.switchMemtable(family)
      }
    }
    this.background.schedule()
  }

  /**
   * Seals the active memtable of a family, if it holds anything, and has it flushed; with `atomicFlush` those of all families.
   * Starts a log with it.
   */
  switchMemtable(family: ColumnFamily): void {
    if (family.active.memtable.empty) return
    if (!this.wals.currentIsEmpty) this.startLog()
    const together = this.options.atomicFlush ? this.families.values() : [family]
    for (const one of together) {
      if (one.active.memtable.empty) continue
      const { memtable } = one.active
      one.switchMemtable(this.wals.currentNumber)
      this.#mayBeFarBehind = true
      this.notify('onMemTableSealed', {
        columnFamilyName: one.name,
        entries: memtable.entryCount,
        deletions: memtable.deletionCount,
        firstSequence: memtable.smallestSequence,
        lastSequence: memtable.largestSequence,
      })
    }
    this.background.schedule()
  }

  /** Waits until one more sealed memtable of each family would not hold writes back. */
  async waitForRoomToFlush(families: readonly ColumnFamily[]): Promise<void> {
    for (;;) {
      this.checkOpen()
      const full = families.filter(
        ({ active, immutables, options, dropped }) =>
          !dropped &&
          !active.memtable.empty &&
          immutables.length + 2 > options.maxWriteBufferNumber,
      )
      if (full.length === 0) return
      await this.background.waitForFlush(full)
    }
  }

  /** Starts a new log. Families that hold nothing need no older one. */
  startLog(): void {
    try {
      this.wals.startLog(this.versions.newFileNumber())
    } catch (error) {
      this.fail(error)
      throw error
    }
    for (const family of this.families.values()) {
      if (family.immutables.length === 0 && family.active.memtable.empty) {
        family.active.logNumber = this.wals.currentNumber
      }
    }
  }

  /** Counts memtables against the memory budget that they share with the block cache. */
  #reserveMemory(bytes: number): void {
    const granule = 1 << 18
    const rounded = Math.ceil(bytes / granule) * granule
    if (rounded === this.#reservedBytes) return
    this.options.blockCache.reserve(rounded - this.#reservedBytes)
    this.#reservedBytes = rounded
  }

  // Families

  /** @throws AlreadyExistsError when there is a family of that name */
  async createColumnFamily(name: string, options: ColumnFamilyOptions): Promise<ColumnFamily> {
    const family = await this.addColumnFamily(name, options)
    await writeOptionsFile(this)
    return family
  }

  /** {@link createColumnFamily} without writing the OPTIONS file. */
  async addColumnFamily(name: string, options: ColumnFamilyOptions): Promise<ColumnFamily> {
    this.checkWritable()
    if (name === '') throw new InvalidOptionError('columnFamilies', 'a column family has a name')
    const resolved = resolveColumnFamilyOptions(options, this.options)
    if (this.familyNamed(name) !== undefined)
      throw new AlreadyExistsError(`column family "${name}" exists`)
    const logNumber = this.wals.currentNumber
    let stored
    try {
      stored = await this.versions.addColumnFamily(
        name,
        resolved.comparator,
        logNumber,
        resolved.numLevels,
      )
    } catch (error) {
      if (this.versions.failure !== undefined) this.fail(error)
      throw error
    }
    const family = new ColumnFamily(
      stored.id,
      name,
      resolved,
      stored.current,
      this.wals.currentNumber,
      this.tables,
    )
    this.families.set(family.id, family)
    if (resolved.ttlSeconds !== undefined) this.#timedFamilies.add(family.id)
    this.infoLog.write(`created column family "${name}" with id ${family.id}`)
    return family
  }

  async dropColumnFamily(family: ColumnFamily): Promise<void> {
    this.checkWritable()
    if (family.id === 0) throw new InvalidOptionError('columnFamilies', 'the default family stays')
    family.dropped = true
    this.families.delete(family.id)
    try {
      await this.versions.logAndApply({ columnFamily: family.id, dropColumnFamily: true })
    } catch (error) {
      this.fail(error)
      throw error
    }
    family.close()
    this.schedulePurge()
    this.writeController.release()
    await writeOptionsFile(this)
    this.infoLog.write(`dropped column family "${family.name}"`)
  }

  /** Changes options of a family; the new OPTIONS file has them. @throws InvalidOptionError, and nothing is changed */
  async setOptions(family: ColumnFamily, changes: MutableColumnFamilyOptions): Promise<void> {
    this.checkWritable()
    family.changeOptions(changeFamilyOptions(family.options, changes, this.options))
    this.makeRoom()
    this.writeController.release()
    this.background.schedule()
    await writeOptionsFile(this)
    this.infoLog.write(`changed options of "${family.name}": ${Object.keys(changes).join(', ')}`)
  }

  /** {@link setOptions} of the database. */
  async setDBOptions(changes: MutableDBOptions): Promise<void> {
    this.checkWritable()
    this.options = changeDBOptions(this.options, changes)
    this.tables.maxOpenFiles = this.options.maxOpenFiles
    this.makeRoom()
    this.background.schedule()
    await writeOptionsFile(this)
    this.infoLog.write(`changed options of the database: ${Object.keys(changes).join(', ')}`)
  }

  familyNamed(name: string): ColumnFamily | undefined {
    for (const family of this.families.values()) if (family.name === name) return family
    return undefined
  }

  /** @throws NotFoundError when no family of that name is open */
  columnFamily(name: string): ColumnFamily {
    this.checkOpen()
    const family = this.familyNamed(name)
    if (family === undefined)
      throw new NotFoundError(`no column family "${name}" in "${this.directory}"`)
    return family
  }

  /** Takes the newer state of a database that is open for reading; cursors go on with theirs. An older one is let go. */
  adopt(versions: VersionSet, families: ReadonlyMap<number, ColumnFamily>): void {
    assert(this.readOnly, 'a database that is written to knows its state')
    if (versions.lastSequence < this.versions.lastSequence) {
      for (const family of families.values()) family.close()
      return
    }
    this.versions = versions
    for (const [id, family] of this.families) {
      const next = families.get(id)
      if (next !== undefined) {
        family.adopt(next)
        continue
      }
      family.dropped = true
      this.families.delete(id)
      family.close()
    }
    for (const [id, family] of families) if (!this.families.has(id)) this.families.set(id, family)
    // A cursor on the old state may come back to its tables.
    if (this.readers.size > 0) return
    for (const number of this.tables.numbers())
      if (!versions.isLive(number)) this.tables.evict(number)
  }

  // Files

  /** Has the tables deleted that no version lists any more. */
  schedulePurge(): void {
    if (this.#purgeScheduled || this.readOnly) return
    this.#purgeScheduled = true
    this.#purging = this.#purging.then(() => this.#purge())
  }

  async #purge(): Promise<void> {
    this.#purgeScheduled = false
    for (const number of this.versions.takeObsoleteFiles()) {
      this.tables.evict(number)
      const fileName = tableFileName(number)
      await this.removeFile(fileName)
      this.notify('onTableFileDeleted', { fileNumber: number, fileName })
    }
  }

  /** Logs below `number` are needed by nobody: forgets and removes them. */
  async releaseLogs(number: number): Promise<void> {
    for (const log of this.wals.forgetBelow(number))
      await this.removeFile(logFileName(log), this.walDirectory)
  }

  async #removeSpareLogs(): Promise<void> {
    for (const log of this.wals.takeSpare())
      await this.removeFile(logFileName(log), this.walDirectory)
  }

  /** Removes a file of the database; one that is gone already is fine, any other failure is noted and tried at the next open. */
  async removeFile(name: string, directory: string = this.directory): Promise<void> {
    try {
      await this.fileSystem.remove(join(directory, name))
    } catch (error) {
      if (!isNotFound(error)) this.infoLog.write(`cannot remove ${name}: ${String(error)}`)
    }
  }

  // End

  close(): Promise<void> {
    return (this.#closing ??= this.#close())
  }

  async #close(): Promise<void> {
    this.writeController.release()
    const errors = await attemptAll([() => this.pipeline.drain()])
    this.#writesEnded = true
    errors.push(
      ...(await attemptAll([
        () => this.#flushUnlogged(),
        () => this.background.stop(),
        ...[...this.readers].map((reader) => () => reader.close()),
        ...[...this.families.values()].map((family) => () => family.close()),
        () => this.versions.close(),
        () => this.#purging,
        () => this.wals.close(),
        () => this.#removeSpareLogs(),
        () => this.tables.closeAll(),
        () => this.options.blockCache.reserve(-this.#reservedBytes - this.#rowCacheBytes),
        () => this.options.writeBufferManager?.remove(this),
        () => this.#endObservation(),
        () => this.infoLog.write('closed'),
        () => this.infoLog.close(),
        () => this.#lock?.release(),
      ])),
    )
    resourceClosed(this)
    if (errors.length === 1) throw errors[0]
    if (errors.length > 1) {
      const cause = new AggregateError(errors, errors.map(String).join('; '))
      throw new IoError(`closing "${this.directory}" failed`, { path: this.directory, cause })
    }
  }

  /** What skipped the log is nowhere else. */
  async #flushUnlogged(): Promise<void> {
    if (!this.#hasUnloggedData || this.#failure !== undefined) return
    for (const family of this.families.values()) this.switchMemtable(family)
    await this.background.waitForFlush([...this.families.values()])
  }
}
