import { CorruptionError } from '@varve/base'
import type { FileSystem } from '@varve/vfs'

import { OffsetIndex } from './offset-index.ts'
import type { Segment } from './segment.ts'
import { scanSegment, type ScanDamage } from './segment-scan.ts'
import { TimeIndex } from './time-index.ts'
import { decodeAbortedTransactions } from './transaction-index.ts'

/** Loads the index files; false when one is missing or unsound, then they are to be built again. */
export async function loadIndexes(
  fileSystem: FileSystem,
  segment: Segment,
  logSizeBytes: number,
): Promise<boolean> {
  const indexPath = segment.path('.index')
  const timePath = segment.path('.timeindex')
  const transactionPath = segment.path('.txnindex')
  try {
    if (!(await fileSystem.exists(indexPath)) || !(await fileSystem.exists(timePath))) return false
    segment.offsetIndex = OffsetIndex.decode(
      await fileSystem.readFile(indexPath),
      segment.baseOffset,
      logSizeBytes,
      indexPath,
    )
    segment.timeIndex = TimeIndex.decode(
      await fileSystem.readFile(timePath),
      segment.baseOffset,
      timePath,
    )
    if (await fileSystem.exists(transactionPath)) {
      segment.aborted = decodeAbortedTransactions(
        await fileSystem.readFile(transactionPath),
        transactionPath,
      )
    }
  } catch (error) {
    if (error instanceof CorruptionError) return false
    throw error
  }
  segment.sizeBytes = logSizeBytes
  segment.maxTimestamp = segment.timeIndex.lastTimestamp ?? -1
  segment.maxTimestampOffset = segment.timeIndex.lastOffset ?? segment.baseOffset
  if (logSizeBytes > 0) {
    const file = await fileSystem.openRandomAccess(segment.logPath)
    try {
      for (const { header } of scanSegment(file, 0, logSizeBytes, false)) {
        segment.firstTimestamp = header.maxTimestamp
        break
      }
    } finally {
      await file.close()
    }
  }
  return true
}

/** Reads the segment from its start, checks every batch, builds the indexes. Answers the damage that ended it. */
export async function rebuildIndexes(
  fileSystem: FileSystem,
  segment: Segment,
  sizeBytes: number,
  nextBaseOffset: number | undefined,
  indexIntervalBytes: number,
): Promise<ScanDamage | undefined> {
  segment.reset()
  const transactionPath = segment.path('.txnindex')
  if (await fileSystem.exists(transactionPath)) await fileSystem.remove(transactionPath)
  const file = await fileSystem.openRandomAccess(segment.logPath)
  try {
    const scan = scanSegment(file, 0, sizeBytes, true)
    let expected = segment.baseOffset
    for (;;) {
      const step = scan.next()
      if (step.done === true) return step.value
      const { header, position } = step.value
      if (
        header.baseOffset < expected ||
        (nextBaseOffset !== undefined && header.lastOffset >= nextBaseOffset)
      ) {
        return {
          position,
          reason: `record batch has offset ${header.baseOffset}, expected ${expected}`,
        }
      }
      segment.noteBatch(header, indexIntervalBytes)
      expected = header.lastOffset + 1
    }
  } finally {
    await file.close()
  }
}
