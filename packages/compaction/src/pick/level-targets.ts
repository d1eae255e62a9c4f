import type { Version } from '@varve/manifest'

import type { ResolvedLeveledOptions } from './leveled-options.ts'

/** Sizes that levels are allowed, and where level 0 goes. */
export interface LevelTargets {
  /** Level that level 0 is compacted into; levels between stay empty. */
  readonly baseLevel: number
  /** By level; `Infinity` above the base level. */
  readonly bytes: readonly number[]
}

/** Target sizes of the levels of `version`. Source: RocksDB, leveled compaction, static and dynamic level sizes. */
export function computeLevelTargets(
  version: Version,
  options: ResolvedLeveledOptions,
): LevelTargets {
  const levels = version.levels.length
  const { maxBytesForLevelBase: base, maxBytesForLevelMultiplier: multiplier } = options
  const bytes: number[] = Array.from({ length: levels }, () => Number.POSITIVE_INFINITY)
  if (levels < 2) return { baseLevel: 0, bytes }
  if (!options.dynamicLevelBytes) {
    let target = base
    for (let level = 1; level < levels; level++) {
      bytes[level] = target
      target *= multiplier * (options.maxBytesForLevelMultiplierAdditional[level] ?? 1)
    }
    return { baseLevel: 1, bytes }
  }
  const last = levels - 1
  let maxSize = 0
  let firstNonEmpty = -1
  for (let level = 1; level < levels; level++) {
    const size = version.levelSizeBytes(level)
    if (size > 0 && firstNonEmpty < 0) firstNonEmpty = level
    maxSize = Math.max(maxSize, size)
  }
  if (firstNonEmpty < 0) return { baseLevel: last, bytes }
  let current = maxSize
  for (let level = last - 1; level >= firstNonEmpty; level--) current /= multiplier
  let baseLevel = firstNonEmpty
  let baseSize: number
  if (current <= base / multiplier) {
    baseSize = Math.floor(base / multiplier) + 1
  } else {
    while (baseLevel > 1 && current > base) {
      baseLevel--
      current /= multiplier
    }
    baseSize = Math.min(current, base)
  }
  let size = baseSize
  for (let level = baseLevel; level <= last; level++) {
    if (level > baseLevel) size *= multiplier
    bytes[level] = Math.max(size, base)
  }
  return { baseLevel, bytes }
}
