import { userKeyOf, type Comparator } from '@varve/base'

import type { KeyPart } from '../job/job-description.ts'
import type { Compaction } from './compaction.ts'
import { totalSizeBytes } from './file-size.ts'

/**
 * Cuts the keys of a compaction into parts of about equal size that can run at the same time, at beginnings of its tables;
 * one part, open at both ends, when there is nothing to gain. A part is not smaller than a table aimed at.
 *
 * Only compactions out of level 0, by hand, and of several runs are cut: others are small, and more of them run beside each
 * other. Source: RocksDB, sub-compactions.
 */
export function splitCompaction(
  compaction: Compaction,
  comparator: Comparator,
  maxParts: number,
): readonly KeyPart[] {
  const { inputs, outputLevel, reason, targetFileSizeBytes } = compaction
  const isWide = inputs[0]?.level === 0 || reason === 'manual' || inputs.length > 2
  if (maxParts <= 1 || outputLevel === 0 || !isWide) return [{}]
  const files = inputs.flatMap((input) => input.files)
  const bytes = totalSizeBytes(files)
  const parts = Math.min(maxParts, Math.floor(bytes / Math.max(1, targetFileSizeBytes)))
  if (parts <= 1) return [{}]
  // By beginnings: what lies between two of them is counted as that of the tables that begin there.
  const sorted = [...files].sort((a, b) =>
    comparator.compare(userKeyOf(a.smallest), userKeyOf(b.smallest)),
  )
  const result: KeyPart[] = []
  let begin: Uint8Array | undefined
  let passed = 0
  for (const [i, file] of sorted.entries()) {
    const key = userKeyOf(file.smallest)
    const isNew = i > 0 && comparator.compare(userKeyOf(sorted[i - 1]!.smallest), key) < 0
    if (isNew && passed >= (bytes * (result.length + 1)) / parts && result.length + 1 < parts) {
      result.push(begin === undefined ? { end: key } : { begin, end: key })
      begin = key
    }
    passed += file.fileSizeBytes
  }
  result.push(begin === undefined ? {} : { begin })
  return result
}
