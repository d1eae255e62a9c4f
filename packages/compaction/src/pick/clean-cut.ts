import { sequenceOf, sequenceSentinel, userKeyOf } from '@varve/base'
import type { FileMetadata, Version } from '@varve/manifest'

/**
 * `files` of a sorted level with the neighbours that share a user key with them: all versions of a key must move
 * together, else an older one could come to lie above a newer one. Tables between the first and the last come along.
 */
export function cleanCut(
  version: Version,
  level: number,
  files: readonly FileMetadata[],
): readonly FileMetadata[] {
  if (level === 0 || files.length === 0) return files
  const all = version.levels[level]!
  const numbers = new Set(files.map((file) => file.number))
  let first = all.findIndex((file) => numbers.has(file.number))
  let last = all.findLastIndex((file) => numbers.has(file.number))
  while (first > 0 && sharesUserKey(version, all[first - 1]!, all[first]!)) first--
  while (last + 1 < all.length && sharesUserKey(version, all[last]!, all[last + 1]!)) last++
  return all.slice(first, last + 1)
}

function sharesUserKey(version: Version, before: FileMetadata, after: FileMetadata): boolean {
  // A bound made by a range tombstone is exclusive: the table does not hold that key.
  if (sequenceOf(before.largest) === sequenceSentinel) return false
  return version.comparator.user.compare(userKeyOf(before.largest), userKeyOf(after.smallest)) === 0
}
