import type { FileMetadata } from '@varve/manifest'

/**
 * Size of a table for the purpose of picking: one that is mostly tombstones counts bigger, because compacting it frees
 * space below. Without known numbers of entries it is the size itself.
 */
export function compensatedSizeBytes(file: FileMetadata): number {
  const { entries = 0, deletions = 0, fileSizeBytes } = file
  if (entries === 0 || deletions * 2 <= entries) return fileSizeBytes
  const averageEntryBytes = fileSizeBytes / entries
  return Math.floor(fileSizeBytes + (2 * deletions - entries) * averageEntryBytes * 2)
}

/** Sum of the sizes of tables. */
export function totalSizeBytes(files: readonly FileMetadata[]): number {
  let total = 0
  for (const file of files) total += file.fileSizeBytes
  return total
}
