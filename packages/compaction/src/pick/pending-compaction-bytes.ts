import type { Version } from '@varve/manifest'

import { computeLevelTargets } from './level-targets.ts'
import { resolveLeveledOptions, type LeveledCompactionOptions } from './leveled-options.ts'

/**
 * Estimate of the bytes that leveled compactions must move until no level exceeds its target: what is over a target goes
 * down and rewrites its share of the next level. Source: RocksDB, estimated pending compaction bytes.
 */
export function estimatePendingCompactionBytes(
  version: Version,
  options: LeveledCompactionOptions = {},
): number {
  const resolved = resolveLeveledOptions(options)
  const { baseLevel, bytes: targets } = computeLevelTargets(version, resolved)
  let pending = 0
  let over = 0
  if (version.levels[0]!.length >= resolved.level0FileNumCompactionTrigger) {
    over = version.levelSizeBytes(0)
    pending = over + version.levelSizeBytes(baseLevel)
  }
  for (let level = Math.max(1, baseLevel); level + 1 < version.levels.length; level++) {
    const size = version.levelSizeBytes(level) + over
    const target = targets[level]!
    over = 0
    if (size > target) {
      over = size - target
      const ratio = version.levelSizeBytes(level + 1) / Math.max(1, version.levelSizeBytes(level))
      pending += Math.floor(over * (ratio + 1))
    }
  }
  return pending
}
