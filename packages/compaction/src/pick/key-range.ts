import { userKeyOf } from '@varve/base'
import type { FileMetadata, Version } from '@varve/manifest'

import type { KeyRange } from '../job/job-description.ts'

/** User-key range of tables, of which there is at least one; both ends inclusive. */
export function keyRangeOf(version: Version, files: readonly FileMetadata[]): KeyRange {
  const user = version.comparator.user
  let smallest = userKeyOf(files[0]!.smallest)
  let largest = userKeyOf(files[0]!.largest)
  for (const file of files) {
    const start = userKeyOf(file.smallest)
    const end = userKeyOf(file.largest)
    if (user.compare(start, smallest) < 0) smallest = start
    if (user.compare(end, largest) > 0) largest = end
  }
  return { smallest, largest }
}

/** Whether two ranges share a user key. */
export function rangesOverlap(version: Version, a: KeyRange, b: KeyRange): boolean {
  const user = version.comparator.user
  return user.compare(a.smallest, b.largest) <= 0 && user.compare(b.smallest, a.largest) <= 0
}

/** Whether some two of the tables share a user key. */
export function someOverlap(version: Version, files: readonly FileMetadata[]): boolean {
  const user = version.comparator.user
  const sorted = [...files].sort((a, b) => version.comparator.compare(a.smallest, b.smallest))
  return sorted.some(
    (file, i) =>
      i > 0 && user.compare(userKeyOf(sorted[i - 1]!.largest), userKeyOf(file.smallest)) >= 0,
  )
}
