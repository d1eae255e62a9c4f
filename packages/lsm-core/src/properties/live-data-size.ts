import { userKeyOf } from '@varve/base'

import type { ColumnFamily } from '../column-family/column-family.ts'

/**
 * About the bytes that would be left of a family's tables if all were compacted into one level: tables from the deepest
 * level up, each counted when its range meets no table that was counted before. Source: RocksDB's estimate.
 */
export function liveDataSizeOf({ superVersion, comparator }: ColumnFamily): number {
  const { user } = comparator
  let bytes = 0
  /** Counted ranges, ascending and apart. */
  const counted: { readonly smallest: Uint8Array; readonly largest: Uint8Array }[] = []
  for (const files of superVersion.version.levels.toReversed()) {
    for (const file of files) {
      const smallest = userKeyOf(file.smallest)
      const largest = userKeyOf(file.largest)
      let low = 0
      let high = counted.length
      while (low < high) {
        const middle = (low + high) >>> 1
        if (user.compare(counted[middle]!.largest, smallest) < 0) low = middle + 1
        else high = middle
      }
      const next = counted[low]
      if (next !== undefined && user.compare(next.smallest, largest) <= 0) continue
      counted.splice(low, 0, { smallest, largest })
      bytes += file.fileSizeBytes
    }
  }
  return bytes
}
