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
  const last = version.levels.length - 1
  if (last === 0) return 0
  const level0Bytes = version.levelSizeBytes(0)
  const level0IsDue =
    version.levels[0]!.length >= resolved.level0FileNumCompactionTrigger ||
    level0Bytes >= resolved.maxBytesForLevelBase
  let pending = level0IsDue ? level0Bytes : 0
  let comingDown = pending
  for (let level = baseLevel; level < last; level++) {
    const own = version.levelSizeBytes(level)
    if (level === baseLevel && level0IsDue) pending += own
    const size = own + comingDown
    comingDown = Math.max(0, size - targets[level]!)
    const next = version.levelSizeBytes(level + 1)
    if (comingDown > 0 && next > 0) pending += Math.floor(comingDown * (next / size + 1))
  }
  return pending
}
