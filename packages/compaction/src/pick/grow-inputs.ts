import type { FileMetadata } from '@varve/manifest'

import type { CompactionInputLevel, KeyRange } from '../job/job-description.ts'
import { cleanCut } from './clean-cut.ts'
import type { PickInput } from './compaction.ts'
import { totalSizeBytes } from './file-size.ts'
import { keyRangeOf } from './key-range.ts'

/**
 * The tables of the output level that `start` of `level` overlaps, and more of `level` as long as that brings in nothing
 * more of the output level and the whole stays within `maxCompactionBytes`.
 */
export function growInputs(
  input: PickInput,
  level: number,
  start: readonly FileMetadata[],
  outputLevel: number,
  maxCompactionBytes: number,
): CompactionInputLevel[] {
  const { version, filesInCompaction } = input
  const overlapping = (at: number, range: KeyRange): readonly FileMetadata[] =>
    cleanCut(version, at, version.overlappingFiles(at, range.smallest, range.largest))
  const below = overlapping(outputLevel, keyRangeOf(version, start))
  if (below.length === 0) return [{ level, files: start }]
  const wider = overlapping(level, keyRangeOf(version, [...start, ...below]))
  const isWorthIt =
    wider.length > start.length &&
    wider.every((file) => !filesInCompaction.has(file.number)) &&
    totalSizeBytes(wider) + totalSizeBytes(below) <= maxCompactionBytes &&
    overlapping(outputLevel, keyRangeOf(version, wider)).length === below.length
  return [
    { level, files: isWorthIt ? wider : start },
    { level: outputLevel, files: below },
  ]
}
