import { sequenceOf, sequenceSentinel, userKeyOf } from '@varve/base'
import type { FileMetadata, Version } from '@varve/manifest'

import type { CompactionInputLevel, KeyRange } from '../job/job-description.ts'
import type {
  Compaction,
  CompactionPicker,
  CompactionReason,
  LevelScore,
  ManualRange,
  PickInput,
} from './compaction.ts'
import { compensatedSizeBytes, totalSizeBytes } from './file-size.ts'
import { computeLevelTargets, type LevelTargets } from './level-targets.ts'
import {
  resolveLeveledOptions,
  type LeveledCompactionOptions,
  type ResolvedLeveledOptions,
} from './leveled-options.ts'

/**
 * Leveled compaction: level 0 collects flushed tables, every deeper level is one sorted run with a target size. The level
 * that exceeds its target most gives a table to the next one.
 *
 * Source: RocksDB, leveled compaction; file choice by the smallest ratio of overlap.
 */
export class LeveledCompactionPicker implements CompactionPicker {
  readonly #options: ResolvedLeveledOptions

  constructor(options: LeveledCompactionOptions = {}) {
    this.#options = resolveLeveledOptions(options)
  }

  scores(input: PickInput): readonly LevelScore[] {
    return this.#scores(input, computeLevelTargets(input.version, this.#options))
  }

  needsCompaction(input: PickInput): boolean {
    if ((this.scores(input)[0]?.score ?? 0) >= 1) return true
    return (
      this.#freeableBottommostFile(input) !== undefined || this.#markedFile(input) !== undefined
    )
  }

  pick(input: PickInput): Compaction | undefined {
    const targets = computeLevelTargets(input.version, this.#options)
    for (const { level, score } of this.#scores(input, targets)) {
      if (score < 1) break
      const compaction =
        level === 0 ? this.#pickLevel0(input, targets) : this.#pickLevel(input, level, targets)
      if (compaction !== undefined) return compaction
    }
    const marked = this.#markedFile(input)
    if (marked !== undefined) {
      const compaction = this.#pickFrom(
        input,
        marked.level,
        [marked.file],
        targets,
        'markedForCompaction',
      )
      if (compaction !== undefined) return compaction
    }
    const freeable = this.#freeableBottommostFile(input)
    if (freeable === undefined) return undefined
    return this.#rewrite(input, freeable.level, [freeable.file], 'bottommostTombstones')
  }

  pickRange(input: PickInput, level: number, range: ManualRange): Compaction | 'busy' | undefined {
    const { version } = input
    const files = version.overlappingFiles(level, range.begin, range.end)
    if (files.length === 0) return undefined
    const targets = computeLevelTargets(version, this.#options)
    const isLast = level === version.levels.length - 1
    const compaction = isLast
      ? this.#rewrite(input, level, files, 'manual')
      : this.#pickFrom(input, level, files, targets, 'manual')
    return compaction ?? 'busy'
  }

  #scores(input: PickInput, targets: LevelTargets): LevelScore[] {
    const { version, filesInCompaction } = input
    const { level0FileNumCompactionTrigger, maxBytesForLevelBase, dynamicLevelBytes } =
      this.#options
    const idle = (level: number): FileMetadata[] =>
      version.levels[level]!.filter((file) => !filesInCompaction.has(file.number))
    const scores: LevelScore[] = []
    const level0 = idle(0)
    let score = level0.length / level0FileNumCompactionTrigger
    if (version.levels.length > 1) {
      const size = totalSizeBytes(level0)
      if (!dynamicLevelBytes) {
        score = Math.max(score, size / maxBytesForLevelBase)
      } else {
        if (size >= maxBytesForLevelBase) score = Math.max(score, 1.01)
        const baseBytes = Math.max(version.levelSizeBytes(targets.baseLevel), maxBytesForLevelBase)
        if (targets.baseLevel < version.levels.length - 1 || size > baseBytes) {
          score = Math.max(score, size / baseBytes)
        }
        if (score > 1) score *= 10
      }
    }
    scores.push({ level: 0, score })
    let comingDown = totalSizeBytes(level0)
    for (let level = 1; level < version.levels.length - 1; level++) {
      const target = targets.bytes[level]!
      let bytes = 0
      for (const file of idle(level)) bytes += compensatedSizeBytes(file)
      let levelScore = target === Number.POSITIVE_INFINITY ? (bytes > 0 ? 1.01 : 0) : bytes / target
      if (dynamicLevelBytes && target !== Number.POSITIVE_INFINITY && levelScore > 1) {
        // What still comes down from above would be over it too: count the level as less urgent then.
        levelScore = (bytes / (target + comingDown)) * 10
      }
      if (target !== Number.POSITIVE_INFINITY && bytes > target) comingDown += bytes - target
      scores.push({ level, score: levelScore })
    }
    return scores.sort((a, b) => b.score - a.score || a.level - b.level)
  }

  #pickLevel0(input: PickInput, targets: LevelTargets): Compaction | undefined {
    const files = input.version.levels[0]!
    if (files.some((file) => input.filesInCompaction.has(file.number))) return undefined
    const oldest = files.at(-1)
    if (oldest === undefined) return undefined
    // With every table that overlaps it, and so on. Tables that came in key order are moved one by one.
    return this.#pickFrom(input, 0, [oldest], targets, 'level0FileCount')
  }

  /** The table whose compaction rewrites least per byte moved. */
  #pickLevel(input: PickInput, level: number, targets: LevelTargets): Compaction | undefined {
    const { version, filesInCompaction } = input
    const candidates = version.levels[level]!.filter((file) => !filesInCompaction.has(file.number))
    const ratio = new Map<FileMetadata, number>()
    for (const file of candidates) {
      const overlap = totalSizeBytes(
        version.overlappingFiles(level + 1, userKeyOf(file.smallest), userKeyOf(file.largest)),
      )
      ratio.set(file, (overlap * 1024) / compensatedSizeBytes(file))
    }
    const byRatio = [...candidates].sort(
      (a, b) => ratio.get(a)! - ratio.get(b)! || version.comparator.compare(a.smallest, b.smallest),
    )
    for (const file of byRatio) {
      const compaction = this.#pickFrom(input, level, [file], targets, 'levelSize')
      if (compaction !== undefined) return compaction
    }
    return undefined
  }

  #markedFile(input: PickInput): { level: number; file: FileMetadata } | undefined {
    const last = input.version.levels.length - 1
    for (const entry of input.version.files()) {
      if (
        entry.level < last &&
        entry.file.markedForCompaction === true &&
        !input.filesInCompaction.has(entry.file.number)
      ) {
        return entry
      }
    }
    return undefined
  }

  /**
   * A table of the deepest filled level whose tombstones only a released snapshot kept: rewriting it frees them and what they
   * cover. Rewritten, it has none, so that the choice comes to an end.
   */
  #freeableBottommostFile(input: PickInput): { level: number; file: FileMetadata } | undefined {
    const { version, filesInCompaction } = input
    const bottom = version.levels.findLastIndex((files) => files.length > 0)
    if (bottom < 1) return undefined
    const oldest = input.oldestSnapshot ?? Number.POSITIVE_INFINITY
    for (const file of version.levels[bottom]!) {
      if (filesInCompaction.has(file.number)) continue
      if ((file.deletions ?? 0) > 0 && file.largestSequence < oldest) return { level: bottom, file }
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
  ): Compaction | undefined {
    const { version, filesInCompaction } = input
    const outputLevel = level === 0 ? Math.max(1, targets.baseLevel) : level + 1
    if (outputLevel >= version.levels.length) return undefined
    let start = level === 0 ? this.#growLevel0(version, files) : cleanCut(version, level, files)
    let range = keyRange(version, start)
    let below = cleanCut(
      version,
      outputLevel,
      version.overlappingFiles(outputLevel, range.smallest, range.largest),
    )
    // More of the start level may go along as long as nothing more of the output level comes in.
    if (level > 0 && below.length > 0) {
      const all = keyRange(version, [...start, ...below])
      const wider = cleanCut(
        version,
        level,
        version.overlappingFiles(level, all.smallest, all.largest),
      )
      if (wider.length > start.length && wider.every((f) => !filesInCompaction.has(f.number))) {
        const widerRange = keyRange(version, wider)
        const widerBelow = cleanCut(
          version,
          outputLevel,
          version.overlappingFiles(outputLevel, widerRange.smallest, widerRange.largest),
        )
        const bytes = totalSizeBytes(wider) + totalSizeBytes(below)
        if (widerBelow.length === below.length && bytes <= this.#options.maxCompactionBytes) {
          start = wider
          range = widerRange
          below = widerBelow
        }
      }
    }
    const inputs: CompactionInputLevel[] = [{ level, files: start }]
    if (below.length > 0) inputs.push({ level: outputLevel, files: below })
    return this.#finish(input, inputs, outputLevel, reason)
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

  #finish(
    input: PickInput,
    inputs: readonly CompactionInputLevel[],
    outputLevel: number,
    reason: CompactionReason,
  ): Compaction | undefined {
    const { version, filesInCompaction } = input
    const all = inputs.flatMap(({ files }) => files)
    if (all.some((file) => filesInCompaction.has(file.number))) return undefined
    const range = keyRange(version, all)
    const user = version.comparator.user
    for (const running of input.runningOutputs ?? []) {
      const overlaps =
        running.level === outputLevel &&
        user.compare(running.smallest, range.largest) <= 0 &&
        user.compare(running.largest, range.smallest) >= 0
      if (overlaps) return undefined
    }
    const deeperLevels: KeyRange[][] = []
    for (let level = outputLevel + 1; level < version.levels.length; level++) {
      const files = version.overlappingFiles(level, range.smallest, range.largest)
      if (files.length > 0) {
        deeperLevels.push(
          files.map((file) => ({
            smallest: userKeyOf(file.smallest),
            largest: userKeyOf(file.largest),
          })),
        )
      }
    }
    const grandparents =
      outputLevel + 1 < version.levels.length
        ? version.overlappingFiles(outputLevel + 1, range.smallest, range.largest)
        : []
    const { maxCompactionBytes } = this.#options
    const first = inputs[0]!
    const isAlone = inputs.length === 1 && first.level !== outputLevel
    const isSingle = first.files.length === 1
    return {
      reason,
      inputs,
      outputLevel,
      trivialMove:
        isAlone &&
        isSingle &&
        first.files[0]!.fileSizeBytes + totalSizeBytes(grandparents) <= maxCompactionBytes,
      bottommost: deeperLevels.length === 0,
      deeperLevels,
      grandparents,
      targetFileSizeBytes: this.#targetFileSizeBytes(outputLevel, version),
      maxCompactionBytes,
    }
  }

  #targetFileSizeBytes(level: number, version: Version): number {
    const { targetFileSizeBaseBytes, targetFileSizeMultiplier } = this.#options
    const { baseLevel } = computeLevelTargets(version, this.#options)
    const steps = Math.max(0, level - Math.max(1, baseLevel))
    return Math.floor(targetFileSizeBaseBytes * targetFileSizeMultiplier ** steps)
  }

  /** All level-0 tables that overlap the growing range of `files`, newest first. */
  #growLevel0(version: Version, files: readonly FileMetadata[]): readonly FileMetadata[] {
    const range = keyRange(version, files)
    return version.overlappingFiles(0, range.smallest, range.largest)
  }
}

/** User-key range of tables, both ends inclusive. */
function keyRange(version: Version, files: readonly FileMetadata[]): KeyRange {
  const user = version.comparator.user
  let smallest = userKeyOf(files[0]!.smallest)
  let largest = userKeyOf(files[0]!.largest)
  for (const file of files) {
    const start = userKeyOf(file.smallest)
    const end = userKeyOf(file.largest)
    if (user.compare(start, smallest) < 0) smallest = start
    if (user.compare(end, largest) > 0) largest = end
  }
  return { smallest, largest }
}

/**
 * `files` of a sorted level with the neighbours that share a user key with them: all versions of a key must move
 * together, else an older one could come to lie above a newer one.
 */
function cleanCut(
  version: Version,
  level: number,
  files: readonly FileMetadata[],
): readonly FileMetadata[] {
  if (level === 0 || files.length === 0) return files
  const all = version.levels[level]!
  const numbers = new Set(files.map((file) => file.number))
  let first = all.findIndex((file) => numbers.has(file.number))
  let last = all.findLastIndex((file) => numbers.has(file.number))
  while (first > 0 && sharesUserKey(version, all[first - 1]!, all[first]!)) first--
  while (last + 1 < all.length && sharesUserKey(version, all[last]!, all[last + 1]!)) last++
  return all.slice(first, last + 1)
}

function sharesUserKey(version: Version, before: FileMetadata, after: FileMetadata): boolean {
  // A bound made by a range tombstone is exclusive: the table does not hold that key.
  if (sequenceOf(before.largest) === sequenceSentinel) return false
  return version.comparator.user.compare(userKeyOf(before.largest), userKeyOf(after.smallest)) === 0
}
