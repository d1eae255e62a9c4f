import { InvalidOptionError } from '@varve/base'
import type { FileMetadata, Version } from '@varve/manifest'

import type { CompactionInputLevel } from '../job/job-description.ts'
import { cleanCut } from './clean-cut.ts'
import type { ManualLevels, ManualRange } from './compaction.ts'
import { keyRangeOf } from './key-range.ts'

/** First and last level with tables in the range, `undefined` when there is none. */
export function overlappedLevels(version: Version, range: ManualRange): ManualLevels | undefined {
  const overlaps = (_: unknown, level: number): boolean =>
    version.overlappingFiles(level, range.begin, range.end).length > 0
  const first = version.levels.findIndex(overlaps)
  if (first < 0) return undefined
  return { first, last: version.levels.findLastIndex(overlaps) }
}

/**
 * Tables by number with all that must go with them into the output level: what overlaps them in any level from theirs to
 * that one.
 *
 * @throws InvalidOptionError when a table is not there, or lies below the output level
 */
export function filesWithCompany(
  version: Version,
  fileNumbers: readonly number[],
  outputLevel: number,
): CompactionInputLevel[] {
  if (!Number.isInteger(outputLevel) || outputLevel < 0 || outputLevel >= version.levels.length)
    throw new InvalidOptionError('outputLevel', `must be a level, is ${String(outputLevel)}`)
  const wanted = new Set(fileNumbers)
  if (wanted.size === 0) throw new InvalidOptionError('fileNumbers', 'must name tables')
  const chosen = version.levels.map((files) => files.filter((file) => wanted.has(file.number)))
  for (const file of chosen.flat()) wanted.delete(file.number)
  if (wanted.size > 0)
    throw new InvalidOptionError('fileNumbers', `no table ${[...wanted].join(', ')}`)
  if (chosen.some((files, level) => level > outputLevel && files.length > 0))
    throw new InvalidOptionError('outputLevel', 'must not be above the tables')
  const inputs: CompactionInputLevel[] = []
  const all: FileMetadata[] = []
  for (let level = 0; level <= outputLevel; level++) {
    // Level by level downwards: what comes in widens the range of the levels after.
    const seeds = [...all, ...chosen[level]!]
    if (seeds.length === 0) continue
    const { smallest, largest } = keyRangeOf(version, seeds)
    const files =
      outputLevel === 0
        ? consecutive(version.levels[0]!, seeds)
        : cleanCut(version, level, version.overlappingFiles(level, smallest, largest))
    if (files.length === 0) continue
    inputs.push({ level, files })
    all.push(...files)
  }
  return inputs
}

/** Tables from the first to the last that is named: level 0 is ordered by age. */
function consecutive(
  files: readonly FileMetadata[],
  named: readonly FileMetadata[],
): readonly FileMetadata[] {
  const first = files.indexOf(named[0]!)
  return files.slice(first, files.indexOf(named.at(-1)!) + 1)
}
