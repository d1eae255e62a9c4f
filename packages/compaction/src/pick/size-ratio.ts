import type { SortedRun } from './sorted-runs.ts'
import type { ResolvedUniversalOptions } from './universal-options.ts'

/** Runs `[start, end)`. */
export interface RunSpan {
  readonly start: number
  readonly end: number
}

/**
 * The newest stretch of idle runs of about one size that is wide enough to be merged. `ratio` is how much larger than what
 * was picked the next one may be, in percent; `maxRuns` bounds the stretch. Source: RocksDB, universal compaction.
 */
export function findSimilarRuns(
  runs: readonly SortedRun[],
  options: ResolvedUniversalOptions,
  ratio: number,
  maxRuns: number,
): RunSpan | undefined {
  const { minMergeWidth, stopStyle } = options
  const most = Math.max(2, Math.min(options.maxMergeWidth, maxRuns))
  for (let start = 0; start < runs.length; start++) {
    const first = runs[start]!
    if (first.inCompaction) continue
    let candidateBytes = first.compensatedSizeBytes
    let end = start + 1
    while (end < runs.length && end - start < most) {
      const next = runs[end]!
      if (next.inCompaction || isLarger(next.sizeBytes, candidateBytes, ratio)) break
      if (stopStyle === 'similarSize') {
        if (isLarger(candidateBytes, next.sizeBytes, ratio)) break
        candidateBytes = next.compensatedSizeBytes
      } else {
        candidateBytes += next.compensatedSizeBytes
      }
      end++
    }
    if (end - start >= minMergeWidth) return { start, end }
  }
  return undefined
}

function isLarger(bytes: number, thanBytes: number, ratioPercent: number): boolean {
  return bytes > (thanBytes * (100 + ratioPercent)) / 100
}
