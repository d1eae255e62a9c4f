import { maxSequence } from '@varve/base'

import type { ColumnFamily } from '../column-family/column-family.ts'

/**
 * Whether the family may hold the key, from memtables and filters alone; false is certain. A key that was deleted and not
 * yet compacted away may exist.
 */
export function keyMayExist(family: ColumnFamily, key: Uint8Array): boolean {
  const { superVersion, lookup, comparator } = family
  for (const memtable of [superVersion.active, ...superVersion.immutables])
    if (memtable.find(key, maxSequence) !== 0) return true
  const { user } = comparator
  for (const { file } of superVersion.version.files()) {
    if (
      user.compare(key, file.smallest.subarray(0, file.smallest.length - 8)) >= 0 &&
      user.compare(key, file.largest.subarray(0, file.largest.length - 8)) <= 0 &&
      lookup.tables.open(file, user).reader.mayMatch(key)
    ) {
      return true
    }
  }
  return false
}
