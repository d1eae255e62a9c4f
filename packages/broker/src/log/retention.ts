import type { LogConfig } from './log-config.ts'
import type { PartitionLog } from './partition-log.ts'

/** What retention must know of a segment. */
export interface RetainedSegment {
  readonly sizeBytes: number
  /** Largest record time, or when the segment was begun if no record has one. */
  readonly newestMs: number
}

/**
 * How many of the oldest segments are past their time or beyond the size. Pure. The active one counts like any other: the caller seals it before it goes.
 */
export function expiredSegmentCount(
  segments: readonly RetainedSegment[],
  config: Pick<LogConfig, 'retentionMs' | 'retentionBytes'>,
  nowMs: number,
): number {
  let byTime = 0
  if (config.retentionMs >= 0) {
    while (
      byTime < segments.length &&
      segments[byTime]!.sizeBytes > 0 &&
      nowMs - segments[byTime]!.newestMs > config.retentionMs
    ) {
      byTime++
    }
  }
  let bySize = 0
  if (config.retentionBytes >= 0) {
    let excess =
      segments.reduce((sum, segment) => sum + segment.sizeBytes, 0) - config.retentionBytes
    while (bySize < segments.length && excess >= segments[bySize]!.sizeBytes && excess > 0) {
      excess -= segments[bySize]!.sizeBytes
      bySize++
    }
  }
  return Math.max(byTime, bySize)
}

/** Deletes the segments that retention lets go. Answers how many went. */
export async function applyRetention(log: PartitionLog): Promise<number> {
  if (!log.config.delete || log.failure !== undefined) return 0
  const { clock, fileSystem, files } = log.environment
  const segments = log.segments.map((segment) => ({
    sizeBytes: segment.sizeBytes,
    newestMs: segment.maxTimestamp >= 0 ? segment.maxTimestamp : segment.createdMs,
  }))
  const count = expiredSegmentCount(segments, log.config, clock.now())
  if (count === 0) return 0
  if (count === log.segments.length) log.roll()
  // A transaction that is still open keeps what it wrote.
  const end = Math.min(log.segments[count]!.baseOffset, log.lastStableOffset)
  const gone = log.advanceLogStart(end)
  for (const segment of gone) await segment.removeFiles(fileSystem, files)
  return gone.length
}
