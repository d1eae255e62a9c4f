import { userKeyOf } from '@varve/base'
import type { FileMetadata, Version } from '@varve/manifest'

import type { CompactionInputLevel } from '../job/job-description.ts'
import { cleanCut } from './clean-cut.ts'
import type {
  Compaction,
  CompactionPicker,
  CompactionReason,
  LevelScore,
  ManualLevels,
  ManualRange,
  ManualStep,
  PickInput,
} from './compaction.ts'
import {
  filesBeyondPeriod,
  filesBeyondTtl,
  filesFreedBySnapshots,
  filesMarkedForCompaction,
  type LevelFile,
} from './due-files.ts'
import { byPriority } from './file-priority.ts'
import { totalSizeBytes } from './file-size.ts'
import { finishCompaction } from './finish-compaction.ts'
import { growInputs } from './grow-inputs.ts'
import { findIntraLevel0Files } from './intra-level0.ts'
import { keyRangeOf } from './key-range.ts'
import { computeLevelScores } from './level-scores.ts'
import { computeLevelTargets, type LevelTargets } from './level-targets.ts'
import {
  resolveLeveledOptions,
  type LeveledCompactionOptions,
  type ResolvedLeveledOptions,
} from './leveled-options.ts'
import { filesWithCompany, overlappedLevels } from './manual-files.ts'
import { estimatePendingCompactionBytes } from './pending-compaction-bytes.ts'
import { canMoveTrivially } from './trivial-move.ts'

/** Tables that merging within level 0 takes at least. */
const minIntraLevel0Files = 4

/**
 * Leveled compaction: level 0 collects flushed tables, every deeper level is one sorted run with a target size. The level
 * that exceeds its target most gives a table to the next one.
 *
 * Source: RocksDB, leveled compaction.
 */
export class LeveledCompactionPicker implements CompactionPicker {
  readonly #options: ResolvedLeveledOptions

  constructor(options: LeveledCompactionOptions = {}) {
    this.#options = resolveLeveledOptions(options)
  }

  scores(input: PickInput): readonly LevelScore[] {
    return computeLevelScores(input, this.#targets(input.version), this.#options)
  }

  needsCompaction(input: PickInput): boolean {
    if ((this.scores(input)[0]?.score ?? 0) >= 1) return true
    return this.#dueFiles(input).next().done !== true
  }

  pick(input: PickInput): Compaction | undefined {
    const targets = this.#targets(input.version)
    let level0Waits = false
    for (const { level, score } of computeLevelScores(input, targets, this.#options)) {
      if (score < 1) break
      // What level 0 waits for would only grow by more from above.
      if (level0Waits && level === targets.baseLevel) continue
      const compaction =
        level === 0 ? this.#pickLevel0(input, targets) : this.#pickLevel(input, level, targets)
      if (compaction !== undefined) return compaction
      if (level === 0) {
        const within = this.#pickIntraLevel0(input)
        if (within !== undefined) return within
        level0Waits = true
      }
    }
    for (const { level, file, reason, goesDown } of this.#dueFiles(input)) {
      const compaction = goesDown
        ? this.#pickFrom(input, level, [file], targets, reason)
        : this.#rewrite(input, level, [file], reason)
      if (compaction !== undefined) return compaction
    }
    return undefined
  }

  manualLevels(version: Version, range: ManualRange): ManualLevels | undefined {
    return overlappedLevels(version, range)
  }

  pickManual(input: PickInput, step: ManualStep): Compaction | 'busy' | undefined {
    const { version } = input
    const { range, level, forbidsMove, beforeFileNumber = Number.POSITIVE_INFINITY } = step
    let files: readonly FileMetadata[] = version
      .overlappingFiles(level, range.begin, range.end)
      .filter((file) => level === 0 || file.number < beforeFileNumber)
    if (level === 0 && files.every((file) => file.number >= beforeFileNumber)) return undefined
    if (files.length === 0) return undefined
    if (level > 0) files = this.#withinLimit(version, level, step, files)
    if (files.some((file) => input.filesInCompaction.has(file.number))) return 'busy'
    const compaction =
      step.outputLevel === level
        ? this.#rewrite(input, level, files, 'manual')
        : this.#pickFrom(input, level, files, this.#targets(version), 'manual', forbidsMove)
    return compaction ?? 'busy'
  }

  pickFiles(
    input: PickInput,
    fileNumbers: readonly number[],
    outputLevel: number,
  ): Compaction | 'busy' {
    const inputs = filesWithCompany(input.version, fileNumbers, outputLevel)
    return this.#finish(input, inputs, outputLevel, 'files', true) ?? 'busy'
  }

  pendingCompactionBytes(version: Version): number {
    return estimatePendingCompactionBytes(version, this.#options)
  }

  #targets(version: Version): LevelTargets {
    return computeLevelTargets(version, this.#options)
  }

  /** Tables that are due for another reason than the size of their level, in the order of the reasons. */
  *#dueFiles(
    input: PickInput,
  ): Generator<LevelFile & { reason: CompactionReason; goesDown: boolean }, void, void> {
    for (const entry of filesMarkedForCompaction(input))
      yield { ...entry, reason: 'markedForCompaction', goesDown: true }
    for (const entry of filesFreedBySnapshots(input))
      yield { ...entry, reason: 'bottommostFiles', goesDown: false }
    for (const entry of filesBeyondTtl(input, this.#options.ttl))
      yield { ...entry, reason: 'ttl', goesDown: true }
    for (const entry of filesBeyondPeriod(input, this.#options.periodicCompactionSeconds))
      yield { ...entry, reason: 'periodic', goesDown: false }
  }

  /** The oldest table and every one that overlaps it, and so on: tables that came in key order are moved one by one. */
  #pickLevel0(input: PickInput, targets: LevelTargets): Compaction | undefined {
    const oldest = input.version.levels[0]!.at(-1)
    if (oldest === undefined) return undefined
    return this.#pickFrom(input, 0, [oldest], targets, 'level0FileCount')
  }

  #pickIntraLevel0(input: PickInput): Compaction | undefined {
    const { level0FileNumCompactionTrigger, maxCompactionBytes } = this.#options
    if (input.version.levels[0]!.length < level0FileNumCompactionTrigger + 2) return undefined
    const files = findIntraLevel0Files(input, {
      minFiles: minIntraLevel0Files,
      maxBytesPerDeletedFile: Number.POSITIVE_INFINITY,
      maxCompactionBytes,
    })
    if (files === undefined) return undefined
    return this.#finish(input, [{ level: 0, files }], 0, 'level0FileCount')
  }

  #pickLevel(input: PickInput, level: number, targets: LevelTargets): Compaction | undefined {
    for (const file of byPriority(input, level, this.#options)) {
      if (input.filesInCompaction.has(file.number)) continue
      const compaction = this.#pickFrom(input, level, [file], targets, 'levelSize')
      if (compaction !== undefined) return compaction
    }
    return undefined
  }

  /** Compacts `files` of `level` into the level below; `undefined` when something running is in the way. */
  #pickFrom(
    input: PickInput,
    level: number,
    files: readonly FileMetadata[],
    targets: LevelTargets,
    reason: CompactionReason,
    forbidsMove = false,
  ): Compaction | undefined {
    const { version, filesInCompaction } = input
    const isLevel0 = level === 0
    const outputLevel = isLevel0 ? Math.max(1, targets.baseLevel) : level + 1
    if (outputLevel >= version.levels.length) return undefined
    // Tables of level 0 overlap: two compactions down could change the order of versions.
    if (isLevel0 && version.levels[0]!.some((file) => filesInCompaction.has(file.number)))
      return undefined
    const range = keyRangeOf(version, files)
    const start = isLevel0
      ? version.overlappingFiles(0, range.smallest, range.largest)
      : cleanCut(version, level, files)
    const inputs = growInputs(input, level, start, outputLevel, this.#options.maxCompactionBytes)
    return this.#finish(input, inputs, outputLevel, reason, forbidsMove)
  }

  /** Rewrites tables of one level in place. */
  #rewrite(
    input: PickInput,
    level: number,
    files: readonly FileMetadata[],
    reason: CompactionReason,
  ): Compaction | undefined {
    const start = cleanCut(input.version, level, files)
    return this.#finish(input, [{ level, files: start }], level, reason)
  }

  /** So many of the tables of a step as one compaction should take. */
  #withinLimit(
    version: Version,
    level: number,
    { outputLevel }: ManualStep,
    files: readonly FileMetadata[],
  ): readonly FileMetadata[] {
    let bytes = 0
    let end = 0
    while (end < files.length && (end === 0 || bytes < this.#options.maxCompactionBytes)) {
      const file = files[end++]!
      bytes += file.fileSizeBytes
      if (outputLevel !== level && level + 1 < version.levels.length) {
        bytes += totalSizeBytes(
          version.overlappingFiles(level + 1, userKeyOf(file.smallest), userKeyOf(file.largest)),
        )
      }
    }
    return files.slice(0, end)
  }

  #finish(
    input: PickInput,
    inputs: readonly CompactionInputLevel[],
    outputLevel: number,
    reason: CompactionReason,
    forbidsMove = false,
  ): Compaction | undefined {
    const { version } = input
    const { maxCompactionBytes, dynamicFileSize } = this.#options
    const draft = {
      reason,
      inputs,
      outputLevel,
      baseLevel: Math.max(1, this.#targets(version).baseLevel),
      targetFileSizeBytes: this.#targetFileSizeBytes(outputLevel, version),
      alignsWithGrandparents: dynamicFileSize,
      maxCompactionBytes,
    }
    return finishCompaction(input, draft, (compaction) =>
      !forbidsMove && canMoveTrivially(version, compaction, this.#options.compressionOf)
        ? 'move'
        : 'rewrite',
    )
  }

  #targetFileSizeBytes(level: number, version: Version): number {
    if (level === 0) return Number.MAX_SAFE_INTEGER
    const { targetFileSizeBaseBytes, targetFileSizeMultiplier } = this.#options
    const { baseLevel } = this.#targets(version)
    const steps = Math.max(0, level - Math.max(1, baseLevel))
    return Math.floor(targetFileSizeBaseBytes * targetFileSizeMultiplier ** steps)
  }
}
