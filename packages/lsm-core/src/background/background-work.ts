import { AbortedError, InvalidOptionError, type Timer } from '@varve/base'
import { filesWithinRanges, type Compaction, type ManualRange } from '@varve/compaction'

import type { ColumnFamily } from '../column-family/column-family.ts'
import type { BackgroundTarget } from './background-target.ts'
import { compactFamily } from './compact-family.ts'
import { FamilyCompactions } from './family-compactions.ts'
import { flushFamilies } from './flush-family.ts'
import { JobRunner } from './job-runner.ts'
import {
  compactRangeByHand,
  type ManualCompactionHost,
  type ManualCompactionOptions,
} from './manual-compaction.ts'
import { recordChange } from './record-change.ts'
import { refitLevel } from './refit-level.ts'
import { Waiters } from './waiters.ts'

/** How often a database that is left alone looks for tables that have become old. */
const ageTimerMs = 60 * 60 * 1000

/**
 * Flushes and compacts one database. {@link BackgroundWork.schedule} looks for work and starts it; whatever changes the
 * state calls it.
 *
 * Of a family one flush runs at a time, and as many compactions as do not meet; of the database as many of both as the options
 * allow. Jobs only read and write table files; what they did becomes true here, in the MANIFEST first.
 */
export class BackgroundWork {
  readonly #db: BackgroundTarget
  readonly #runner: JobRunner
  readonly #running = new Set<Promise<void>>()
  readonly #abort = new AbortController()
  readonly #families = new Map<ColumnFamily, FamilyCompactions>()
  readonly #waiters: Waiters
  #scheduled = false
  #flushes = 0
  #compactions = 0
  /** Those who want no compaction to begin by itself. */
  #holds = 0
  /** One of them has what it wants: no compaction runs but its own. */
  #isExclusive = false
  #ageTimer: Timer | undefined
  /** Tables of an earlier process have been looked into. */
  #hasLooked = false
  readonly stats: {
    flushes: number
    compactions: number
    trivialMoves: number
    bytesFlushed: number
    bytesCompacted: number
  } = { flushes: 0, compactions: 0, trivialMoves: 0, bytesFlushed: 0, bytesCompacted: 0 }

  constructor(db: BackgroundTarget) {
    this.#db = db
    this.#runner = new JobRunner(db)
    const { signal } = this.#abort
    this.#waiters = new Waiters(() => (signal.aborted ? (signal.reason as unknown) : db.failure))
  }

  /** Flushes that run now. */
  get runningFlushes(): number {
    return this.#flushes
  }

  /** Compactions that run now. */
  get runningCompactions(): number {
    return this.#compactions
  }

  /** What compactions of a family do and have done. */
  compactionsOf(family: ColumnFamily): FamilyCompactions {
    let compactions = this.#families.get(family)
    if (compactions === undefined) {
      compactions = new FamilyCompactions(this.#db, family)
      this.#families.set(family, compactions)
    }
    return compactions
  }

  /** Whether a compaction of the family is due, could it run. */
  isCompactionPending(family: ColumnFamily): boolean {
    return family.compactionPicker.needsCompaction(this.compactionsOf(family).pickInput)
  }

  get #stopped(): boolean {
    return this.#abort.signal.aborted || this.#db.failure !== undefined || this.#db.readOnly
  }

  /** Starts what there is to do, after the present turn. */
  schedule(): void {
    if (this.#scheduled || this.#stopped) return
    this.#scheduled = true
    queueMicrotask(() => {
      this.#scheduled = false
      this.#start()
    })
  }

  /** Resolves when the sealed memtables that the families have now are in tables. */
  waitForFlush(families: readonly ColumnFamily[]): Promise<void> {
    const pending = families.map((family) => ({ family, last: family.immutables.at(-1) }))
    this.schedule()
    return this.#waiters.until(() =>
      pending.every(
        ({ family, last }) =>
          last === undefined || family.dropped || !family.immutables.includes(last),
      ),
    )
  }

  /** Resolves when no flush and no compaction runs or is due, but those that are switched off. */
  async waitForCompactions(): Promise<void> {
    const isQuiet = (): boolean => {
      const families = [...this.#db.families.values()]
      return (
        this.#running.size === 0 &&
        !this.#scheduled &&
        families.every((family) => family.immutables.length === 0) &&
        (this.#holds > 0 || families.every((family) => !this.#mayBeDue(family)))
      )
    }
    this.schedule()
    await this.#waiters.until(isQuiet)
  }

  /**
   * Compacts the tables of a range, level by level, down to the deepest level that has any.
   *
   * @throws AbortedError when the database is closed meanwhile
   */
  async compactRange(
    family: ColumnFamily,
    range: ManualRange,
    options: ManualCompactionOptions = {},
  ): Promise<void> {
    const {
      exclusiveManualCompaction = true,
      bottommostLevelCompaction = 'ifHaveCompactionFilter',
      changeLevel = false,
    } = options
    if (options.targetLevel !== undefined && !changeLevel)
      throw new InvalidOptionError('targetLevel', 'needs changeLevel')
    const work = async (): Promise<void> => {
      const host = this.#manualHost(family)
      const level = await compactRangeByHand(host, range, bottommostLevelCompaction)
      if (changeLevel && level !== undefined && !host.ended)
        await this.#refit(family, level, options.targetLevel)
    }
    if (exclusiveManualCompaction || changeLevel) await this.#exclusively(work)
    else await work()
    this.#throwIfStopped()
  }

  /**
   * Compacts named tables, and what must go with them, into a level.
   *
   * @throws InvalidOptionError when there are no such tables, or the level lies above them
   */
  async compactFiles(
    family: ColumnFamily,
    fileNumbers: readonly number[],
    outputLevel: number,
  ): Promise<void> {
    const host = this.#manualHost(family)
    while (!host.ended) {
      const input = host.pickInput()
      const compaction = family.compactionPicker.pickFiles(input, fileNumbers, outputLevel)
      if (compaction !== 'busy') {
        await host.run(compaction)
        break
      }
      if (!(await host.waitForOther())) break
    }
    this.#throwIfStopped()
  }

  /** Has the tables of a range compacted when there is time. */
  suggestCompactRange(family: ColumnFamily, range: ManualRange): void {
    this.compactionsOf(family).suggest(range)
    this.schedule()
  }

  /** Deletes tables below level 0 that lie within one of the ranges, as they are. */
  async deleteFilesInRanges(family: ColumnFamily, ranges: readonly ManualRange[]): Promise<void> {
    await this.#exclusively(async () => {
      if (family.dropped || this.#stopped) return
      const { versions } = this.#db
      const { current } = versions.columnFamily(family.id)
      const files = filesWithinRanges(current, ranges, new Set())
      if (files.length === 0) return
      await recordChange(this.#db, {
        columnFamily: family.id,
        deletedFiles: files.map(({ level, file }) => ({ level, number: file.number })),
      })
      if (!family.dropped) family.installSuperVersion(versions.columnFamily(family.id).current)
      this.#db.fileRemoval.schedulePurge()
    })
  }

  /** Runs `action` while no compaction of the database runs or begins. */
  async withoutCompactions(action: () => Promise<void>): Promise<void> {
    await this.#exclusively(action)
  }

  /** Gives up running compactions, finishes nothing, and starts nothing more. */
  async stop(): Promise<void> {
    this.#abort.abort(new AbortedError('the database closes'))
    this.#ageTimer?.cancel()
    while (this.#running.size > 0) await Promise.allSettled(this.#running)
    this.#waiters.settle()
  }

  /** Runs `action` when no compaction runs; what it runs itself is its own affair. */
  async #exclusively(action: () => Promise<void>): Promise<void> {
    this.#holds++
    try {
      // Looked at again after each wait: another holder may have been let go by the same event.
      while (this.#isExclusive || this.#compactions > 0)
        await this.#waiters.until(() => !this.#isExclusive && this.#compactions === 0)
      this.#isExclusive = true
      const work = action().finally(() => {
        this.#isExclusive = false
      })
      const ended = work
        .catch(() => undefined) // the caller gets it
        .finally(() => this.#running.delete(ended))
      this.#running.add(ended)
      await work
    } finally {
      this.#holds--
      this.#waiters.settle()
      this.schedule()
    }
  }

  /** What was asked for by hand has come to its end, or to nothing. */
  #throwIfStopped(): void {
    this.#abort.signal.throwIfAborted()
    if (this.#db.failure !== undefined) throw this.#db.failure
  }

  #manualHost(family: ColumnFamily): ManualCompactionHost {
    const compactions = this.compactionsOf(family)
    const isEnded = (): boolean => family.dropped || this.#stopped
    return {
      family,
      pickInput: () => compactions.pickInput,
      get ended() {
        return isEnded()
      },
      nextFileNumber: () => this.#db.versions.nextFileNumber,
      run: (compaction) => this.#run(compactions, compaction),
      waitForOther: async () => {
        const { running } = compactions
        if (running.count === 0) return false
        const { generation } = running
        await this.#waiters.until(() => running.generation !== generation)
        return true
      },
    }
  }

  async #refit(family: ColumnFamily, level: number, target: number | undefined): Promise<void> {
    const { versions } = this.#db
    const edit = refitLevel(family.id, versions.columnFamily(family.id).current, level, target)
    if (edit === undefined) return
    await recordChange(this.#db, edit)
    if (!family.dropped) family.installSuperVersion(versions.columnFamily(family.id).current)
    this.#db.infoLog.write(`moved level ${level} of "${family.name}" to ${String(target ?? 'top')}`)
  }

  #start(): void {
    if (this.#stopped) return
    if (!this.#hasLooked) this.#lookIntoTables()
    this.#startFlushes()
    this.#startCompactions()
    this.#watchAges()
    this.#waiters.settle()
  }

  #lookIntoTables(): void {
    this.#hasLooked = true
    const { signal } = this.#abort
    for (const family of this.#db.families.values()) {
      if (family.options.disableAutoCompactions) continue
      const compactions = this.compactionsOf(family)
      void this.#track(compactions.lookIntoTables(signal))
    }
  }

  #startFlushes(): void {
    const { families, options } = this.#db
    const waiting = [...families.values()].filter(({ immutables }) => immutables.length > 0)
    if (options.atomicFlush) {
      // One after the other: what is sealed together goes together, and in order.
      if (waiting.length > 0 && this.#flushes === 0) this.#startFlush(waiting)
      return
    }
    for (const family of waiting) {
      if (this.#flushes >= options.maxBackgroundFlushes) return
      if (family.flushing === 0) this.#startFlush([family])
    }
  }

  #startFlush(families: readonly ColumnFamily[]): void {
    this.#flushes++
    const surroundings = {
      db: this.#db,
      runner: this.#runner,
      signal: this.#abort.signal,
      statsOf: (family: ColumnFamily) => this.compactionsOf(family).stats,
    }
    void this.#track(
      flushFamilies(families, surroundings)
        .then((results) => {
          for (const { stats } of results) {
            this.stats.flushes++
            this.stats.bytesFlushed += stats.bytesWritten
          }
        })
        .finally(() => this.#flushes--),
    )
  }

  /** The most urgent ones first, over all families. */
  #startCompactions(): void {
    const { families, options } = this.#db
    for (const family of this.#families.keys()) if (family.dropped) this.#families.delete(family)
    if (this.#holds > 0) return
    const due = [...families.values()].filter((family) => this.#mayBeDue(family))
    const byUrgency = due
      .map((family) => this.compactionsOf(family))
      .map((compactions) => ({ compactions, score: due.length > 1 ? compactions.score : 0 }))
      .sort((a, b) => b.score - a.score)
    for (const { compactions } of byUrgency) {
      while (this.#compactions < options.maxBackgroundCompactions) {
        const compaction = compactions.pick()
        if (compaction === undefined) break
        void this.#run(compactions, compaction)
      }
    }
  }

  #mayBeDue(family: ColumnFamily): boolean {
    return !family.options.disableAutoCompactions && this.compactionsOf(family).mayBeDue
  }

  #run(compactions: FamilyCompactions, compaction: Compaction): Promise<void> {
    this.#compactions++
    const end = compactions.running.begin(compaction)
    const surroundings = {
      db: this.#db,
      runner: this.#runner,
      compactions,
      signal: this.#abort.signal,
    }
    return this.#track(
      compactFamily(compaction, surroundings)
        .then(() => {
          if (compaction.kind === 'move') this.stats.trivialMoves++
          else this.stats.compactions++
          if (compaction.kind !== 'rewrite') return
          for (const { files } of compaction.inputs)
            for (const file of files) this.stats.bytesCompacted += file.fileSizeBytes
        })
        .finally(() => {
          this.#compactions--
          end()
        }),
    )
  }

  /** Runs `work` to its end whatever comes of it: failures stop the writes of the database. */
  #track(work: Promise<void>): Promise<void> {
    const tracked = work
      .catch((error: unknown) => {
        if (this.#abort.signal.aborted || this.#db.failure !== undefined) return
        this.#db.fail(error)
        this.#db.notify('onBackgroundError', { error })
      })
      .finally(() => {
        this.#running.delete(tracked)
        this.#waiters.settle()
        this.schedule()
      })
    this.#running.add(tracked)
    return tracked
  }

  /** Tables become old although nothing happens. */
  #watchAges(): void {
    if (this.#ageTimer !== undefined) return
    const isAgeing = [...this.#db.families.values()].some(
      ({ options }) => options.ttl > 0 || options.periodicCompactionSeconds > 0,
    )
    if (!isAgeing) return
    const look = (): void => {
      this.#ageTimer = undefined
      this.schedule()
    }
    this.#ageTimer = this.#db.options.clock.setTimer(look, ageTimerMs, { unref: true })
  }
}
