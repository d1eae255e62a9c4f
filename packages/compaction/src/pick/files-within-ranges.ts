import { userKeyOf } from '@varve/base'
import type { FileMetadata, Version } from '@varve/manifest'

import type { ManualRange } from './compaction.ts'
import type { LevelFile } from './due-files.ts'
import { cleanCut } from './clean-cut.ts'

/**
 * Tables below level 0 that hold nothing outside the ranges, and share no user key with a table that stays: they can be
 * deleted as they are. What is in them above older versions of the same keys gives those free again: only for ranges that are
 * not read any more.
 */
export function filesWithinRanges(
  version: Version,
  ranges: readonly ManualRange[],
  filesInCompaction: ReadonlySet<number>,
): LevelFile[] {
  const user = version.comparator.user
  const found: LevelFile[] = []
  for (let level = 1; level < version.levels.length; level++) {
    const within = version.levels[level]!.filter(
      (file) =>
        !filesInCompaction.has(file.number) &&
        ranges.some(
          ({ begin, end }) =>
            (begin === undefined || user.compare(userKeyOf(file.smallest), begin) >= 0) &&
            (end === undefined || user.compare(userKeyOf(file.largest), end) <= 0),
        ),
    )
    const isWithin = new Set<FileMetadata>(within)
    for (const file of within)
      if (cleanCut(version, level, [file]).every((near) => isWithin.has(near)))
        found.push({ level, file })
  }
  return found
}
