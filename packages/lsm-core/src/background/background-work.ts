import { AbortedError } from '@varve/base'
import {
  createCompactionJob,
  LeveledCompactionPicker,
  outputFileNumbersNeeded,
  type Compaction,
  type JobResult,
  type ManualRange,
  type OutputDescription,
  type PickInput,
} from '@varve/compaction'
import { tableFileName, type VersionEdit } from '@varve/manifest'

import type { ColumnFamily } from '../column-family/column-family.ts'
import { tableOptionsOf } from '../options/resolve.ts'
import type { BackgroundTarget } from './background-target.ts'
import { isBuiltInComparator, runJob, timeToLive, type Job } from './jobs.ts'
import { workerPool } from './worker-pool.ts'

interface Waiter {
  readonly done: () => boolean
  resolve(): void
  reject(error: unknown): void
}

/**
 * Flushes and compacts one database. {@link BackgroundWork.schedule} looks for work and starts it; whatever changes the
 * state calls it.
 *
 * Of a family one flush and one compaction run at a time, of the database one compaction. Jobs only read and write table
 * files; what they did becomes true here, in the MANIFEST first.
 */
export class BackgroundWork {
  readonly #db: BackgroundTarget
  readonly #running = new Set<Promise<void>>()
  readonly #abort = new AbortController()
  readonly #pickers = new Map<ColumnFamily, LeveledCompactionPicker>()
  #waiters: Waiter[] = []
  #scheduled = false
  #compacting = false
  /** Manual compactions that want the turn; automatic ones step back. */
  #manual = 0
  readonly stats: {
    flushes: number
    compactions: number
    trivialMoves: number
    bytesFlushed: number
    bytesCompacted: number
  } = { flushes: 0, compactions: 0, trivialMoves: 0, bytesFlushed: 0, bytesCompacted: 0 }

  constructor(db: BackgroundTarget) {
    this.#db = db
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
    return this.#waitFor(() =>
      pending.every(
        ({ family, last }) =>
          last === undefined || family.dropped || !family.immutables.includes(last),
      ),
    )
  }

  /** Compacts the tables of a range, level by level, down to the deepest level that has any. */
  async compactRange(family: ColumnFamily, range: ManualRange): Promise<void> {
    this.#manual++
    try {
      let deepest = 1
      for (let level = 0; level < deepest; level++) {
        // Looked at again after each wait: another manual compaction may have been let go by the same event.
        while (this.#compacting) await this.#waitFor(() => !this.#compacting)
        if (family.dropped || this.#stopped) break
        const { levels } = this.#db.versions.columnFamily(family.id).current
        deepest = Math.max(
          1,
          levels.findLastIndex((files) => files.length > 0),
        )
        const compaction = this.#picker(family).pickRange(this.#pickInput(family), level, range)
        if (compaction === undefined || compaction === 'busy') continue
        this.#compacting = true
        try {
          await this.#track(this.#compact(family, compaction))
        } finally {
          this.#compacting = false
        }
      }
      if (this.#db.failure !== undefined) throw this.#db.failure
    } finally {
      this.#manual--
      this.#settle()
    }
  }

  /** Runs `action` while no compaction of the database runs or begins. */
  async withoutCompactions(action: () => Promise<void>): Promise<void> {
    this.#manual++
    try {
      while (this.#compacting) await this.#waitFor(() => !this.#compacting)
      this.#compacting = true
      const work = action().finally(() => {
        this.#compacting = false
      })
      const ended = work
        .catch(() => undefined) // the caller gets it
        .finally(() => this.#running.delete(ended))
      this.#running.add(ended)
      await work
    } finally {
      this.#manual--
      this.#settle()
      this.schedule()
    }
  }

  /** Gives up running compactions, finishes nothing, and starts nothing more. */
  async stop(): Promise<void> {
    this.#abort.abort(new AbortedError('the database closes'))
    while (this.#running.size > 0) await Promise.allSettled(this.#running)
    this.#settle()
  }

  #start(): void {
    if (this.#stopped) return
    const { families } = this.#db
    for (const family of families.values()) {
      if (family.immutables.length > 0 && family.flushing === 0)
        void this.#track(this.#flush(family))
    }
    if (this.#compacting || this.#manual > 0) return
    let best: { family: ColumnFamily; score: number } | undefined
    for (const family of families.values()) {
      if (family.options.disableAutoCompactions) continue
      const input = this.#pickInput(family)
      if (!this.#picker(family).needsCompaction(input)) continue
      const score = this.#picker(family).scores(input)[0]?.score ?? 0
      if (best === undefined || score > best.score) best = { family, score }
    }
    if (best === undefined) return
    const compaction = this.#picker(best.family).pick(this.#pickInput(best.family))
    if (compaction === undefined) return
    this.#compacting = true
    void this.#track(
      this.#compact(best.family, compaction).finally(() => {
        this.#compacting = false
      }),
    )
  }

  /** Runs `work` to its end whatever comes of it: failures stop the writes of the database. */
  #track(work: Promise<void>): Promise<void> {
    const tracked = work
      .catch((error: unknown) => {
        if (!this.#abort.signal.aborted) this.#db.fail(error)
      })
      .finally(() => {
        this.#running.delete(tracked)
        this.#settle()
        this.schedule()
      })
    this.#running.add(tracked)
    return tracked
  }

  async #flush(family: ColumnFamily): Promise<void> {
    const db = this.#db
    const sealed = family.immutables.slice()
    family.flushing = sealed.length
    try {
      const job: Job = {
        kind: 'flush',
        mergeOperator: family.options.mergeOperator,
        ...timeToLive(family.options.ttlSeconds, db.options.clock),
        description: { ...this.#outputDescription(family, 1) },
        memtables: sealed.map(({ memtable }) => memtable.share()).reverse(),
      }
      const result = await this.#run(family, job)
      // Logs that hold halves of the same batches must not be lost behind the table.
      await db.wals.syncClosedLogs()
      if (family.dropped) return await this.#discard(result)
      const next = family.immutables[sealed.length] ?? family.active
      const edit: VersionEdit = {
        columnFamily: family.id,
        logNumber: next.logNumber,
        newFiles: result.outputs,
      }
      const minLogNumberToKeep = this.#minLogNumber(family, next.logNumber)
      await db.versions.logAndApply({ ...edit, minLogNumberToKeep })
      family.immutables.splice(0, sealed.length)
      if (!family.dropped) family.installSuperVersion(db.versions.columnFamily(family.id).current)
      this.stats.flushes++
      this.stats.bytesFlushed += result.stats.bytesWritten
      db.infoLog.write(
        `flushed ${sealed.length} memtables of "${family.name}" to ${describeOutputs(result)} in ${result.stats.durationMs.toFixed(1)} ms`,
      )
      await db.releaseLogs(minLogNumberToKeep)
      db.schedulePurge()
      db.writeController.release()
    } finally {
      family.flushing = 0
    }
  }

  async #compact(family: ColumnFamily, compaction: Compaction): Promise<void> {
    const db = this.#db
    const { inputs, outputLevel } = compaction
    const deletedFiles = inputs.flatMap(({ level, files }) =>
      files.map(({ number }) => ({ level, number })),
    )
    if (compaction.trivialMove) {
      const newFiles = inputs.flatMap(({ files }) =>
        files.map((file) => ({ level: outputLevel, file })),
      )
      await this.#applyCompaction(family, { columnFamily: family.id, deletedFiles, newFiles })
      this.stats.trivialMoves++
      db.infoLog.write(
        `moved ${newFiles.length} tables of "${family.name}" to level ${outputLevel}`,
      )
      return
    }
    const output = this.#outputDescription(family, outputFileNumbersNeeded(compaction))
    // The tables must outlive the job even when a newer version drops them.
    const version = db.versions.columnFamily(family.id).current.ref()
    try {
      const result = await this.#run(family, {
        kind: 'compaction',
        mergeOperator: family.options.mergeOperator,
        ...timeToLive(family.options.ttlSeconds, db.options.clock),
        description: createCompactionJob(compaction, output),
      })
      if (family.dropped) return await this.#discard(result)
      await this.#applyCompaction(family, {
        columnFamily: family.id,
        deletedFiles,
        newFiles: result.outputs,
      })
      this.stats.compactions++
      this.stats.bytesCompacted += result.stats.bytesRead
      db.infoLog.write(
        `compacted ${deletedFiles.length} tables of "${family.name}" (${compaction.reason}) to level ${outputLevel}: ` +
          `${describeOutputs(result)} in ${result.stats.durationMs.toFixed(1)} ms`,
      )
    } finally {
      version.unref()
      db.schedulePurge()
    }
  }

  async #applyCompaction(family: ColumnFamily, edit: VersionEdit): Promise<void> {
    const db = this.#db
    await db.versions.logAndApply(edit)
    if (!family.dropped) family.installSuperVersion(db.versions.columnFamily(family.id).current)
    db.schedulePurge()
    db.writeController.release()
  }

  /** Oldest log that any family needs once `flushed` needs none below `logNumber`. */
  #minLogNumber(flushed: ColumnFamily, logNumber: number): number {
    let min = Math.min(logNumber, this.#db.wals.pinnedNumber)
    for (const family of this.#db.families.values()) {
      if (family !== flushed) min = Math.min(min, family.oldestLogNumber)
    }
    return min
  }

  #run(family: ColumnFamily, job: Job): Promise<JobResult> {
    const { options } = this.#db
    const { signal } = this.#abort
    const { comparator } = family.options
    if (options.background === 'worker' && isBuiltInComparator(comparator))
      return workerPool.run(job, signal)
    return runJob(job, {
      fileSystem: options.fileSystem,
      comparator: (name) => (name === comparator.name ? comparator : undefined),
      // A flush that has begun is finished on close: it is short, and what it wrote would be written again.
      ...(job.kind === 'compaction' ? { signal } : {}),
      yieldControl: () =>
        new Promise((resolve) => {
          setImmediate(resolve)
        }),
    })
  }

  /** Removes the tables of a job whose family went while it ran. */
  async #discard(result: JobResult): Promise<void> {
    for (const { file } of result.outputs) await this.#db.removeFile(tableFileName(file.number))
  }

  #outputDescription(family: ColumnFamily, fileNumbers: number): OutputDescription {
    const db = this.#db
    return {
      directory: db.directory,
      columnFamilyId: family.id,
      columnFamilyName: family.name,
      comparatorName: family.options.comparator.name,
      ...(family.lookup.mergeOperator === undefined
        ? {}
        : { mergeOperatorName: family.lookup.mergeOperator.name }),
      fileNumbers: { first: db.versions.reserveFileNumbers(fileNumbers), count: fileNumbers },
      snapshots: db.snapshots.sequences(),
      table: tableOptionsOf(family.options),
      dbId: db.dbId,
      sessionId: db.sessionId,
    }
  }

  #picker(family: ColumnFamily): LeveledCompactionPicker {
    let picker = this.#pickers.get(family)
    if (picker === undefined) {
      const { options } = family
      picker = new LeveledCompactionPicker({
        level0FileNumCompactionTrigger: options.level0FileNumCompactionTrigger,
        maxBytesForLevelBase: options.maxBytesForLevelBase,
        maxBytesForLevelMultiplier: options.maxBytesForLevelMultiplier,
        targetFileSizeBaseBytes: options.targetFileSizeBaseBytes,
        targetFileSizeMultiplier: options.targetFileSizeMultiplier,
      })
      this.#pickers.set(family, picker)
    }
    return picker
  }

  #pickInput(family: ColumnFamily): PickInput {
    const { versions, snapshots } = this.#db
    const stored = versions.columnFamily(family.id)
    const oldestSnapshot = snapshots.sequences()[0]
    return {
      version: stored.current,
      filesInCompaction: noFiles,
      compactCursors: stored.compactCursors,
      ...(oldestSnapshot === undefined ? {} : { oldestSnapshot }),
    }
  }

  #waitFor(done: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiters.push({ done, resolve, reject })
      this.#settle()
    })
  }

  /** Lets go of those whose condition holds, and of all when nothing will happen any more. */
  #settle(): void {
    const waiters = this.#waiters
    this.#waiters = []
    for (const waiter of waiters) {
      if (waiter.done()) waiter.resolve()
      else if (this.#abort.signal.aborted) waiter.reject(this.#abort.signal.reason)
      else if (this.#db.failure !== undefined) waiter.reject(this.#db.failure)
      else this.#waiters.push(waiter)
    }
  }
}

const noFiles: ReadonlySet<number> = new Set()

function describeOutputs({ outputs }: JobResult): string {
  if (outputs.length === 0) return 'nothing'
  return outputs
    .map(({ file }) => `${tableFileName(file.number)} (${file.fileSizeBytes} bytes)`)
    .join(', ')
}
