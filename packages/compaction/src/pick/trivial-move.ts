import { userKeyOf } from '@varve/base'
import type { Version } from '@varve/manifest'

import type { Compaction } from './compaction.ts'
import { totalSizeBytes } from './file-size.ts'
import { someOverlap } from './key-range.ts'

/**
 * Whether the inputs can enter the output level as they are: they come of one level, share no key, meet nothing in the output
 * level, and none of them would then lie above too much of the level after. Source: RocksDB, trivial move.
 */
export function canMoveTrivially(version: Version, compaction: Omit<Compaction, 'kind'>): boolean {
  const { inputs, outputLevel, maxCompactionBytes } = compaction
  const [start] = inputs
  if (inputs.length !== 1 || start === undefined || start.level === outputLevel) return false
  if (start.level === 0 && someOverlap(version, start.files)) return false
  return start.files.every((file) => {
    const below =
      outputLevel + 1 < version.levels.length
        ? version.overlappingFiles(
            outputLevel + 1,
            userKeyOf(file.smallest),
            userKeyOf(file.largest),
          )
        : []
    return file.fileSizeBytes + totalSizeBytes(below) <= maxCompactionBytes
  })
}
