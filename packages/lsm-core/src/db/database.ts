import {
  IoError,
  NotFoundError,
  NotOpenError,
  ReadOnlyError,
  resourceClosed,
  resourceOpened,
} from '@varve/base'
import type { VersionSet } from '@varve/manifest'
import type { FileLock, FileSystem } from '@varve/vfs'

import { BackgroundWork } from '../background/background-work.ts'
import { ColumnFamily } from '../column-family/column-family.ts'
import { attemptAll } from '../files/attempt-all.ts'
import { FileRemoval } from '../files/file-removal.ts'
import type { EventListener } from '../options/event-listener.ts'
import { notifyListeners } from '../options/notify-listeners.ts'
import type { ResolvedDBOptions } from '../options/resolve.ts'
import type { TableCache } from '../read/table-cache.ts'
import { StatisticsListener } from '../statistics/statistics-listener.ts'
import { observeDatabase } from '../statistics/count-writes.ts'
import { CommitPipeline } from '../write/commit-pipeline.ts'
import { Committer } from '../write/committer.ts'
import { MemtableBudget } from '../write/memtable-budget.ts'
import type { WalSet } from '../write/wal-set.ts'
import { WriteController } from '../write/write-controller.ts'
import type { InfoLog } from './info-log.ts'
import { OpenReaders } from './open-readers.ts'
import { SnapshotList } from './snapshot-list.ts'
import { TwoPhaseLog, type RecoveredTransaction } from './two-phase-log.ts'

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
export class Database {
  readonly directory: string
  readonly walDirectory: string
  /** Replaced only by `setDBOptions`. */
  options: ResolvedDBOptions
  readonly fileSystem: FileSystem
  /** Replaced only by `catchUp`, in a database that is open for reading. */
  versions: VersionSet
  readonly families: Map<number, ColumnFamily>
  readonly tables: TableCache
  readonly wals: WalSet
  readonly infoLog: InfoLog
  readonly snapshots: SnapshotList
  readonly writeController: WriteController
  readonly memtableBudget: MemtableBudget
  readonly committer: Committer
  readonly pipeline: CommitPipeline
  readonly fileRemoval: FileRemoval
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
  /** Cursors and other readers that must be closed with the database. */
  readonly readers: OpenReaders = new OpenReaders()
  #viewedTo = 0
  /** Why reads are refused, too. */
  #unreadable: unknown

  constructor(parts: DatabaseParts) {
    this.directory = parts.directory
    this.walDirectory = parts.walDirectory
    this.options = parts.options
    this.fileSystem = parts.options.fileSystem
    this.versions = parts.versions
    this.families = parts.families
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
    this.memtableBudget = new MemtableBudget(this)
    this.committer = new Committer(this)
    this.pipeline = new CommitPipeline(this.committer)
    this.fileRemoval = new FileRemoval(this)
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

  /** @throws ReadOnlyError when the database takes no writes */
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

  /** Newest sequence number that a reader may still be at work with; versions above it are seen by nobody once there are newer ones. */
  get viewedTo(): number {
    return this.#viewedTo
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

  /** The open family of a name. */
  familyNamed(name: string): ColumnFamily | undefined {
    for (const family of this.families.values()) if (family.name === name) return family
    return undefined
  }

  /** {@link familyNamed}, which must be there. @throws NotFoundError when no family of that name is open */
  columnFamily(name: string): ColumnFamily {
    this.checkOpen()
    const family = this.familyNamed(name)
    if (family === undefined)
      throw new NotFoundError(`no column family "${name}" in "${this.directory}"`)
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

  /** From here on reads are refused as well: what they would see is not what was written. */
  refuseReads(error: unknown): void {
    this.#unreadable = error
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

  /**
   * Seals the active memtable of a family, if it holds anything, and has it flushed; with `atomicFlush` those of all families.
   * Starts a log with it.
   */
  switchMemtable(family: ColumnFamily): void {
    if (family.active.memtable.empty) return
    if (!this.wals.currentIsEmpty) this.#startLog()
    const together = this.options.atomicFlush ? this.families.values() : [family]
    for (const one of together) {
      if (one.active.memtable.empty) continue
      const { memtable } = one.active
      one.switchMemtable(this.wals.currentNumber)
      this.committer.noteSealed()
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

  /** Starts a new log. Families that hold nothing need no older one. */
  #startLog(): void {
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
        () => this.fileRemoval.settled(),
        () => this.wals.close(),
        () => this.fileRemoval.removeSpareLogs(),
        () => this.tables.closeAll(),
        () => this.options.blockCache.reserve(-this.#rowCacheBytes),
        () => this.memtableBudget.close(),
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
    if (!this.committer.hasUnloggedData || this.#failure !== undefined) return
    for (const family of this.families.values()) this.switchMemtable(family)
    await this.background.waitForFlush([...this.families.values()])
  }
}
