import { userKeyOf, type Comparator } from '@varve/base'
import type { FileMetadata, NewFile } from '@varve/manifest'

/**
 * Finds levels for tables whose levels nobody knows: of two that overlap the one with the newer entries stands above the
 * other, and tables of one level overlap nowhere. Undefined when sequence numbers do not tell which of two is newer: then
 * they have to be merged.
 */
export function arrangeTables(
  files: readonly FileMetadata[],
  comparator: Comparator,
  numLevels: number,
): NewFile[] | undefined {
  const overlap = (a: FileMetadata, b: FileMetadata): boolean =>
    comparator.compare(userKeyOf(a.smallest), userKeyOf(b.largest)) <= 0 &&
    comparator.compare(userKeyOf(b.smallest), userKeyOf(a.largest)) <= 0
  const oldestFirst = [...files].sort(
    (a, b) => a.largestSequence - b.largestSequence || a.number - b.number,
  )
  const placed: NewFile[] = []
  for (const file of oldestFirst) {
    let level = numLevels - 1
    for (const below of placed) {
      if (!overlap(file, below.file)) continue
      if (below.file.largestSequence >= file.smallestSequence) return undefined
      level = Math.min(level, below.level - 1)
    }
    placed.push({ level: Math.max(0, level), file })
  }
  // Level 0 is in the order of sequence numbers whether tables overlap or not.
  const level0 = placed.filter(({ level }) => level === 0).map(({ file }) => file)
  for (const [i, file] of level0.entries())
    if (i > 0 && level0[i - 1]!.largestSequence >= file.smallestSequence) return undefined
  return placed
}
