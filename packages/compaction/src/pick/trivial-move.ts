import { userKeyOf } from '@varve/base'
import type { Version } from '@varve/manifest'

import type { Compaction, CompressionByPlace } from './compaction.ts'
import { totalSizeBytes } from './file-size.ts'
import { someOverlap } from './key-range.ts'

/**
 * Whether the inputs can enter the output level as they are: they come of one level, share no key, meet nothing in the output
 * level, which is compressed as they are, and none of them would then lie above too much of the level after. Source: RocksDB, trivial move.
 */
export function canMoveTrivially(
  version: Version,
  compaction: Omit<Compaction, 'kind'>,
  compressionOf: CompressionByPlace | undefined,
): boolean {
  const { inputs, outputLevel, baseLevel, bottommost, maxCompactionBytes } = compaction
  const [start] = inputs
  if (inputs.length !== 1 || start === undefined || start.level === outputLevel) return false
  const before = compressionOf?.({ level: start.level, baseLevel, bottommost: false })
  if (before !== compressionOf?.({ level: outputLevel, baseLevel, bottommost })) return false
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
