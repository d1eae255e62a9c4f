import { encodeInternalKey, maxSequence, sequenceSentinel, valueTypeForSeek } from '@varve/base'
import { createPointResult } from '@varve/sst-format'

import type { ColumnFamily } from '../column-family/column-family.ts'

/**
 * Whether a key was written or deleted after the sequence number. Exact as long as a snapshot at or before that number is
 * held: else compaction may have forgotten when a key was written.
 */
export function changedSince(family: ColumnFamily, key: Uint8Array, sequence: number): boolean {
  const { superVersion, lookup, comparator } = family
  const { user } = comparator
  for (const memtable of [superVersion.active, ...superVersion.immutables]) {
    if (memtable.maxCoveringTombstone(key, maxSequence) > sequence) return true
    const entry = memtable.find(key, maxSequence)
    // Whatever lies deeper is older.
    if (entry !== 0) return memtable.entrySequence(entry) > sequence
  }
  const result = createPointResult()
  const target = encodeInternalKey(key, sequenceSentinel, valueTypeForSeek)
  for (const { file } of superVersion.version.files()) {
    if (
      file.largestSequence <= sequence ||
      user.compare(key, file.smallest.subarray(0, file.smallest.length - 8)) < 0 ||
      user.compare(key, file.largest.subarray(0, file.largest.length - 8)) > 0
    ) {
      continue
    }
    const { reader, rangeTombstones } = lookup.tables.open(file, user)
    if ((rangeTombstones?.maxCoveringSequence(key, maxSequence) ?? -1) > sequence) return true
    if (reader.getSync(target, result) && result.sequence > sequence) return true
  }
  return false
}
