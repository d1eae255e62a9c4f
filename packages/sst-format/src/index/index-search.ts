import { bytewiseComparator, compareByteRanges, type InternalKeyComparator } from '@varve/base'

import type { IndexEntries } from './index-block.ts'

/**
 * Hot. First entry whose separator is at or after the internal key `target`; `entries.count` when there is none.
 *
 * With user-key separators only the user keys are compared: equal counts as "at", since all versions of a key that ends a
 * block are in that block.
 */
export function searchIndex(
  entries: IndexEntries,
  target: Uint8Array,
  comparator: InternalKeyComparator,
  keyIsUserKey: boolean,
): number {
  const { keys, keyEnds } = entries
  const user = comparator.user
  const bytewise = user === bytewiseComparator
  const targetEnd = target.length - 8
  let low = 0
  let high = entries.count
  while (low < high) {
    const middle = (low + high) >>> 1
    const start = middle === 0 ? 0 : keyEnds[middle - 1]!
    const end = keyEnds[middle]!
    let order: number
    if (keyIsUserKey) {
      order = bytewise
        ? compareByteRanges(keys, start, end, target, 0, targetEnd)
        : user.compare(keys.subarray(start, end), target.subarray(0, targetEnd))
    } else {
      order = comparator.compare(keys.subarray(start, end), target)
    }
    if (order < 0) low = middle + 1
    else high = middle
  }
  return low
}
