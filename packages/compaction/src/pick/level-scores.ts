import type { FileMetadata } from '@varve/manifest'

import type { LevelScore, PickInput } from './compaction.ts'
import { compensatedSizeBytes, totalSizeBytes } from './file-size.ts'
import type { LevelTargets } from './level-targets.ts'
import type { ResolvedLeveledOptions } from './leveled-options.ts'

/** Levels over their target count ten times with dynamic level sizes, so that they come before all others. */
const overTargetScale = 10

/**
 * How urgently each level wants compaction, descending. Tables in work do not count. Source: RocksDB, compaction scores of
 * static and dynamic level sizes.
 */
export function computeLevelScores(
  input: PickInput,
  targets: LevelTargets,
  options: ResolvedLeveledOptions,
): LevelScore[] {
  const { version, filesInCompaction } = input
  const scores: LevelScore[] = [{ level: 0, score: level0Score(input, targets, options) }]
  // What is over a target, or in level 0, will come down to the levels after.
  let comingDown = version.levelSizeBytes(0)
  for (let level = 1; level < version.levels.length - 1; level++) {
    const files = version.levels[level]!
    const target = targets.bytes[level]!
    let bytes = 0
    for (const file of files)
      if (!filesInCompaction.has(file.number)) bytes += compensatedSizeBytes(file)
    if (!options.dynamicLevelBytes) {
      scores.push({ level, score: bytes / target })
      continue
    }
    scores.push({
      level,
      score: bytes < target ? bytes / target : (bytes / (target + comingDown)) * overTargetScale,
    })
    const total = totalSizeBytes(files)
    if (total > target) comingDown += total - target
  }
  return scores.sort((a, b) => b.score - a.score || a.level - b.level)
}

function level0Score(
  { version, filesInCompaction }: PickInput,
  { baseLevel, bytes: targets }: LevelTargets,
  options: ResolvedLeveledOptions,
): number {
  const { level0FileNumCompactionTrigger, maxBytesForLevelBase, dynamicLevelBytes } = options
  const idle = version.levels[0]!.filter((file) => !filesInCompaction.has(file.number))
  let score = idle.length / level0FileNumCompactionTrigger
  if (version.levels.length < 2) return score
  const sizeOf = (files: readonly FileMetadata[]): number =>
    files.reduce((sum, file) => sum + compensatedSizeBytes(file), 0)
  const size = sizeOf(idle)
  if (!dynamicLevelBytes) return Math.max(score, size / maxBytesForLevelBase)
  if (size >= maxBytesForLevelBase) score = Math.max(score, 1.01)
  const baseTarget = targets[baseLevel]!
  if (size > baseTarget) {
    // Larger than the base level: then level 0 goes first.
    score = Math.max(score, size / Math.max(sizeOf(version.levels[baseLevel]!), baseTarget))
  }
  return score > 1 ? score * overTargetScale : score
}
