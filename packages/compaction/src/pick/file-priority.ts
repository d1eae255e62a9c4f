import type { FileMetadata, Version } from '@varve/manifest'

import type { PickInput } from './compaction.ts'
import { compensatedSizeBytes } from './file-size.ts'
import type { ResolvedLeveledOptions } from './leveled-options.ts'

/**
 * Which table of a level that is too large goes first:
 *
 * - `minOverlappingRatio`: the one that rewrites least of the next level per byte moved; old ones are preferred as `ttl` nears
 * - `byCompensatedSize`: the largest, tombstones counted extra
 * - `oldestLargestSeqFirst`: the one that was not written to for longest
 * - `oldestSmallestSeqFirst`: the one with the oldest entry
 * - `roundRobin`: in key order, going on where the last compaction of the level ended
 */
export type CompactionPriority =
  | 'minOverlappingRatio'
  | 'byCompensatedSize'
  | 'oldestLargestSeqFirst'
  | 'oldestSmallestSeqFirst'
  | 'roundRobin'

/** Tables of `level` (1 and deeper) in the order in which they should be compacted. */
export function byPriority(
  input: PickInput,
  level: number,
  options: ResolvedLeveledOptions,
): FileMetadata[] {
  const { version } = input
  const files = [...version.levels[level]!]
  switch (options.compactionPri) {
    case 'byCompensatedSize':
      return files.sort((a, b) => compensatedSizeBytes(b) - compensatedSizeBytes(a))
    case 'oldestLargestSeqFirst':
      return files.sort((a, b) => a.largestSequence - b.largestSequence)
    case 'oldestSmallestSeqFirst':
      return files.sort((a, b) => a.smallestSequence - b.smallestSequence)
    case 'roundRobin':
      return fromCursor(version, files, input.compactCursors?.get(level))
    case 'minOverlappingRatio': {
      const below = overlappedBytes(version, level)
      const order = new Map(
        files.map((file, i) => [
          file,
          Math.floor((below[i]! * 1024) / Math.max(1, compensatedSizeBytes(file))) /
            ttlBoost(input, level, file, options.ttl),
        ]),
      )
      // Tables come in key order, and sorting keeps it where ratios are equal.
      return files.sort((a, b) => order.get(a)! - order.get(b)!)
    }
  }
}

/** Of each table of `level`: bytes of the tables of the next level that it overlaps. One walk over both. */
function overlappedBytes(version: Version, level: number): number[] {
  const { comparator } = version
  const next = version.levels[level + 1] ?? []
  let at = 0
  return version.levels[level]!.map(({ smallest, largest }) => {
    while (at < next.length && comparator.compare(next[at]!.largest, smallest) < 0) at++
    let bytes = 0
    for (let i = at; i < next.length; i++) {
      if (comparator.compare(next[i]!.smallest, largest) >= 0) break
      bytes += next[i]!.fileSizeBytes
    }
    return bytes
  })
}

/**
 * How much sooner a table should go because of its age: from 1, and growing from half of the time to live on, in the level
 * before the last first. Source: RocksDB, TTL boost of the overlap ratio.
 */
function ttlBoost(
  { nowS, version }: PickInput,
  level: number,
  { oldestAncestorTimeS = 0 }: FileMetadata,
  ttl: number,
): number {
  const levels = version.levels.findLastIndex((files) => files.length > 0) + 1
  if (ttl === 0 || nowS === undefined || oldestAncestorTimeS === 0 || level >= levels - 1) return 1
  const startS = Math.floor(ttl / 2)
  const rangeS = Math.floor(ttl / 32) * 31 - startS
  const ownRangeS = Math.floor(rangeS / 2 ** (levels - level - 1))
  const stepS = Math.max(1, Math.floor(ownRangeS / 16))
  const ageS = nowS - oldestAncestorTimeS
  if (ageS <= startS + ownRangeS) return 1
  return Math.floor((ageS - startS - ownRangeS) / stepS) + 1
}

function fromCursor(
  version: Version,
  files: readonly FileMetadata[],
  cursor: Uint8Array | undefined,
): FileMetadata[] {
  const at =
    cursor === undefined
      ? 0
      : files.findIndex((file) => version.comparator.compare(file.smallest, cursor) >= 0)
  return at <= 0 ? [...files] : [...files.slice(at), ...files.slice(0, at)]
}
