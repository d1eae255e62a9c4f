import type { FileMetadata } from '@varve/manifest'

import type { PickInput } from './compaction.ts'

/** Bounds of {@link findIntraLevel0Files}. */
export interface IntraLevel0Limits {
  readonly minFiles: number
  /** Bytes rewritten for each table that goes, at most. */
  readonly maxBytesPerDeletedFile: number
  readonly maxCompactionBytes: number
}

/**
 * Consecutive tables of level 0, newest first, that are worth merging into one that stays there: as many as come without the
 * work per table that goes growing. `undefined` when there are too few. Source: RocksDB, intra-L0 compaction.
 */
export function findIntraLevel0Files(
  { version, filesInCompaction, earliestMemtableSequence = Number.POSITIVE_INFINITY }: PickInput,
  { minFiles, maxBytesPerDeletedFile, maxCompactionBytes }: IntraLevel0Limits,
): readonly FileMetadata[] | undefined {
  const files = version.levels[0]!
  const isBusy = (file: FileMetadata): boolean => filesInCompaction.has(file.number)
  const start = files.findIndex(
    (file) => isBusy(file) || file.largestSequence < earliestMemtableSequence,
  )
  const newest = files[start]
  if (newest === undefined || isBusy(newest)) return undefined
  let bytes = newest.fileSizeBytes
  let bytesPerDeletedFile = Number.POSITIVE_INFINITY
  let end = start + 1
  for (; end < files.length; end++) {
    const file = files[end]!
    bytes += file.fileSizeBytes
    const next = bytes / (end - start)
    if (isBusy(file) || next > bytesPerDeletedFile || bytes > maxCompactionBytes) break
    bytesPerDeletedFile = next
  }
  const isWorthIt = end - start >= minFiles && bytesPerDeletedFile < maxBytesPerDeletedFile
  return isWorthIt ? files.slice(start, end) : undefined
}
