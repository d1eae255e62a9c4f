import type { SortedRun } from './sorted-runs.ts'

/**
 * Where the compaction of everything begins that brings the size back to that of the data: the runs but the oldest take more
 * than `maxPercent` of the oldest. `undefined` when they do not, or when older ones are in work. Source: RocksDB, universal
 * compaction.
 */
export function startOfSizeAmplification(
  runs: readonly SortedRun[],
  maxPercent: number,
): number | undefined {
  const oldest = runs.at(-1)
  if (oldest === undefined || oldest.inCompaction) return undefined
  const start = runs.findIndex((run) => !run.inCompaction)
  if (start >= runs.length - 1) return undefined
  let newerBytes = 0
  for (let i = start; i < runs.length - 1; i++) {
    if (runs[i]!.inCompaction) return undefined
    newerBytes += runs[i]!.compensatedSizeBytes
  }
  return newerBytes * 100 >= maxPercent * oldest.sizeBytes ? start : undefined
}
