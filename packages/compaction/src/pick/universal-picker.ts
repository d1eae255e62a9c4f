import type { Version } from '@varve/manifest'

import type { CompactionInputLevel } from '../job/job-description.ts'
import type {
  Compaction,
  CompactionKind,
  CompactionPicker,
  CompactionReason,
  CompressionByPlace,
  LevelScore,
  ManualLevels,
  ManualRange,
  ManualStep,
  PickInput,
} from './compaction.ts'
import { filesBeyondPeriod, filesMarkedForCompaction } from './due-files.ts'
import { totalSizeBytes } from './file-size.ts'
import { finishCompaction } from './finish-compaction.ts'
import { someOverlap } from './key-range.ts'
import { resolveLeveledOptions, type LeveledCompactionOptions } from './leveled-options.ts'
import { filesWithCompany, overlappedLevels } from './manual-files.ts'
import { startOfSizeAmplification } from './size-amplification.ts'
import { findSimilarRuns } from './size-ratio.ts'
import { inputsOf, sortedRuns, type SortedRun } from './sorted-runs.ts'
import { canMoveTrivially } from './trivial-move.ts'
import {
  resolveUniversalOptions,
  type ResolvedUniversalOptions,
  type UniversalCompactionOptions,
} from './universal-options.ts'

/** What of the leveled options counts in universal compaction as well. */
export type UniversalPickerOptions = UniversalCompactionOptions &
  Pick<
    LeveledCompactionOptions,
    | 'level0FileNumCompactionTrigger'
    | 'targetFileSizeBaseBytes'
    | 'targetFileSizeMultiplier'
    | 'maxCompactionBytes'
    | 'periodicCompactionSeconds'
    | 'compressionOf'
    | 'ttl'
  >

/**
 * Universal compaction: neighbouring sorted runs (a table of level 0, or a deeper level as a whole) of about one size are merged,
 * and everything when what is newer than the oldest run has grown too large. Writes each byte less often than leveled compaction
 * does, and takes more space.
 *
 * Source: RocksDB, universal compaction.
 */
export class UniversalCompactionPicker implements CompactionPicker {
  readonly #options: ResolvedUniversalOptions
  readonly #trigger: number
  readonly #targetFileSizeBaseBytes: number
  readonly #targetFileSizeMultiplier: number
  readonly #maxCompactionBytes: number
  readonly #periodS: number
  readonly #compressionOf: CompressionByPlace | undefined

  constructor(options: UniversalPickerOptions = {}) {
    this.#options = resolveUniversalOptions(options)
    // An age alone rewrites: here a table has no level to go down to.
    const ages = [options.ttl ?? 0, options.periodicCompactionSeconds ?? 0].filter((s) => s > 0)
    const common = resolveLeveledOptions({ ...pickCommon(options), ttl: 0 })
    this.#periodS = ages.length === 0 ? 0 : Math.min(...ages)
    this.#compressionOf = options.compressionOf
    this.#trigger = common.level0FileNumCompactionTrigger
    this.#targetFileSizeBaseBytes = common.targetFileSizeBaseBytes
    this.#targetFileSizeMultiplier = common.targetFileSizeMultiplier
    this.#maxCompactionBytes = common.maxCompactionBytes
  }

  scores(input: PickInput): readonly LevelScore[] {
    const idle = sortedRuns(input).filter((run) => !run.inCompaction)
    return [{ level: 0, score: idle.length / this.#trigger }]
  }

  needsCompaction(input: PickInput): boolean {
    return (
      this.scores(input)[0]!.score >= 1 ||
      filesBeyondPeriod(input, this.#periodS).next().done !== true ||
      filesMarkedForCompaction(input).next().done !== true
    )
  }

  pick(input: PickInput): Compaction | undefined {
    const runs = sortedRuns(input)
    return (
      this.#pickPeriodic(input, runs) ??
      (runs.length >= this.#trigger ? this.#pickBySize(input, runs) : undefined) ??
      this.#pickMarked(input, runs)
    )
  }

  manualLevels(version: Version, range: ManualRange): ManualLevels | undefined {
    const levels = overlappedLevels(version, range)
    if (levels === undefined) return undefined
    // A level is compacted as a whole here, so everything goes together, whatever the range.
    return { ...levels, together: version.levels.length - 1 }
  }

  pickManual(input: PickInput, step: ManualStep): Compaction | 'busy' | undefined {
    const runs = sortedRuns(input)
    const { beforeFileNumber = Number.POSITIVE_INFINITY } = step
    const isDone = runs.every(({ files }) => files.every((f) => f.number >= beforeFileNumber))
    if (runs.length === 0 || isDone) return undefined
    if (runs.some((run) => run.inCompaction)) return 'busy'
    return this.#toOldest(input, runs, 0, 'manual', step.forbidsMove) ?? 'busy'
  }

  pickFiles(
    input: PickInput,
    fileNumbers: readonly number[],
    outputLevel: number,
  ): Compaction | 'busy' {
    const inputs = filesWithCompany(input.version, fileNumbers, outputLevel)
    return this.#finish(input, inputs, outputLevel, 'files', true) ?? 'busy'
  }

  /** Nothing is due before the trigger; then all but the oldest run may have to be merged into it. */
  pendingCompactionBytes(version: Version): number {
    const runs = sortedRuns({ version, filesInCompaction: new Set() })
    if (runs.length < this.#trigger) return 0
    return runs.reduce((sum, run) => sum + run.sizeBytes, 0)
  }

  #pickBySize(input: PickInput, runs: readonly SortedRun[]): Compaction | undefined {
    const options = this.#options
    const start = startOfSizeAmplification(runs, options.maxSizeAmplificationPercent)
    if (start !== undefined) {
      const all = this.#toOldest(input, runs, start, 'universalSizeAmplification')
      if (all !== undefined) return all
    }
    const similar = findSimilarRuns(runs, options, options.sizeRatio, Number.POSITIVE_INFINITY)
    if (similar !== undefined) {
      const { start: from, end } = similar
      const compaction = this.#merge(input, runs, from, end, 'universalSizeRatio')
      if (compaction !== undefined) return compaction
    }
    // Reads suffer from the number of runs: bring it back whatever the sizes are.
    const idle = runs.filter((run) => !run.inCompaction).length
    if (idle <= this.#trigger) return undefined
    const any = Number.POSITIVE_INFINITY
    const newest = findSimilarRuns(runs, options, any, idle - this.#trigger + 1)
    if (newest === undefined) return undefined
    return this.#merge(input, runs, newest.start, newest.end, 'universalSortedRunCount')
  }

  /** When some table is old, everything that is idle up to the oldest run is rewritten: age and place go together. */
  #pickPeriodic(input: PickInput, runs: readonly SortedRun[]): Compaction | undefined {
    const due = new Set([...filesBeyondPeriod(input, this.#periodS)].map(({ file }) => file))
    if (due.size === 0) return undefined
    const start = runs.findLastIndex((run) => run.inCompaction) + 1
    if (!runs.slice(start).some(({ files }) => files.some((file) => due.has(file))))
      return undefined
    const compaction = this.#toOldest(input, runs, start, 'periodic', true)
    // What is due may be too new to be merged yet: then it waits, and the others with it.
    const isUseful = compaction?.inputs.some(({ files }) => files.some((file) => due.has(file)))
    return isUseful === true ? compaction : undefined
  }

  #pickMarked(input: PickInput, runs: readonly SortedRun[]): Compaction | undefined {
    const [marked] = filesMarkedForCompaction(input)
    if (marked === undefined) return undefined
    const start = runs.findIndex(({ files }) => files.includes(marked.file))
    if (runs.slice(start).some((run) => run.inCompaction)) return undefined
    return this.#toOldest(input, runs, start, 'markedForCompaction', true)
  }

  #toOldest(
    input: PickInput,
    runs: readonly SortedRun[],
    start: number,
    reason: CompactionReason,
    forbidsMove = false,
  ): Compaction | undefined {
    return this.#merge(input, runs, start, runs.length, reason, forbidsMove)
  }

  /** Merges the runs `[start, end)` into the deepest place above the next older one. */
  #merge(
    input: PickInput,
    runs: readonly SortedRun[],
    start: number,
    end: number,
    reason: CompactionReason,
    forbidsMove = false,
  ): Compaction | undefined {
    const older = runs[end]
    const outputLevel =
      older === undefined ? input.version.levels.length - 1 : Math.max(0, older.level - 1)
    let from = start
    if (outputLevel === 0) {
      const { earliestMemtableSequence = Number.POSITIVE_INFINITY } = input
      while (
        from < end &&
        runs[from]!.files.some((file) => file.largestSequence >= earliestMemtableSequence)
      )
        from++
      // One table alone gains nothing, unless it is to be written anew for its own sake: it would be picked again and again.
      if (end - from < (rewritesOne.has(reason) ? 1 : 2)) return undefined
    }
    return this.#finish(input, inputsOf(runs.slice(from, end)), outputLevel, reason, forbidsMove)
  }

  #finish(
    input: PickInput,
    inputs: readonly CompactionInputLevel[],
    outputLevel: number,
    reason: CompactionReason,
    forbidsMove: boolean,
  ): Compaction | undefined {
    const { version } = input
    const draft = {
      reason,
      inputs,
      outputLevel,
      baseLevel: 1,
      targetFileSizeBytes:
        outputLevel === 0
          ? Number.MAX_SAFE_INTEGER
          : this.#targetFileSizeBaseBytes * this.#targetFileSizeMultiplier ** (outputLevel - 1),
      alignsWithGrandparents: false,
      maxCompactionBytes: this.#maxCompactionBytes,
    }
    return finishCompaction(input, draft, (compaction) =>
      forbidsMove ? 'rewrite' : this.#kindOf(version, compaction),
    )
  }

  #kindOf(version: Version, compaction: Omit<Compaction, 'kind'>): CompactionKind {
    const { inputs, outputLevel } = compaction
    if (canMoveTrivially(version, compaction, this.#compressionOf)) return 'move'
    if (!this.#options.allowTrivialMove || outputLevel === 0) return 'rewrite'
    const files = inputs.flatMap((input) => input.files)
    const goesSomewhere = inputs.some(({ level }) => level !== outputLevel)
    const isSmall = totalSizeBytes(compaction.grandparents) === 0
    return goesSomewhere && isSmall && !someOverlap(version, files) ? 'move' : 'rewrite'
  }
}

/** Reasons to compact a table that stays alone in its place. */
const rewritesOne: ReadonlySet<CompactionReason> = new Set([
  'periodic',
  'markedForCompaction',
  'manual',
])

function pickCommon(options: UniversalPickerOptions): LeveledCompactionOptions {
  const {
    level0FileNumCompactionTrigger,
    targetFileSizeBaseBytes,
    targetFileSizeMultiplier,
    maxCompactionBytes,
  } = options
  return {
    ...(level0FileNumCompactionTrigger === undefined ? {} : { level0FileNumCompactionTrigger }),
    ...(targetFileSizeBaseBytes === undefined ? {} : { targetFileSizeBaseBytes }),
    ...(targetFileSizeMultiplier === undefined ? {} : { targetFileSizeMultiplier }),
    ...(maxCompactionBytes === undefined ? {} : { maxCompactionBytes }),
  }
}
