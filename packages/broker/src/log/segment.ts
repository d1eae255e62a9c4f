import type { FileSystem } from '@varve/vfs'

import type { FilePool } from './file-pool.ts'
import { segmentPath, segmentSuffixes, type SegmentSuffix } from './log-files.ts'
import { OffsetIndex } from './offset-index.ts'
import { TimeIndex } from './time-index.ts'
import { encodeAbortedTransactions, type AbortedTransaction } from './transaction-index.ts'

/** What a segment must remember of a batch. */
export interface IndexedBatch {
  readonly lastOffset: number
  readonly sizeBytes: number
  readonly maxTimestamp: number
}

/**
 * One segment of a partition: a `.log` with its indexes.
 *
 * The indexes of the active segment live in memory and reach the disk when the segment is sealed or the broker closes; a crash
 * loses them and recovery builds them again from the log.
 */
export class Segment {
  readonly directory: string
  readonly baseOffset: number
  /** Bytes of whole batches; what a failed write left behind them is not counted. */
  sizeBytes = 0
  /** Largest record time; -1 when empty. */
  maxTimestamp = -1
  /** Last offset of the batch that holds {@link maxTimestamp}. */
  maxTimestampOffset: number
  /** Time of the first batch, from which `segment.ms` counts; `undefined` when empty. */
  firstTimestamp: number | undefined
  /** When the segment was begun, for roll by time of an empty one and retention of one without timestamps. */
  readonly createdMs: number
  offsetIndex: OffsetIndex
  timeIndex: TimeIndex
  aborted: AbortedTransaction[] = []
  /** When compaction first saw the tombstones in here; `undefined` when that is not known in this run. */
  tombstonesSinceMs: number | undefined
  #bytesSinceEntry = 0

  constructor(directory: string, baseOffset: number, createdMs: number) {
    this.directory = directory
    this.baseOffset = baseOffset
    this.createdMs = createdMs
    this.maxTimestampOffset = baseOffset
    this.offsetIndex = new OffsetIndex(baseOffset)
    this.timeIndex = new TimeIndex(baseOffset)
  }

  get logPath(): string {
    return this.path('.log')
  }

  path(suffix: SegmentSuffix): string {
    return segmentPath(this.directory, this.baseOffset, suffix)
  }

  /** Notes a batch that was written at the end. `indexIntervalBytes` apart an index entry is made. */
  noteBatch(batch: IndexedBatch, indexIntervalBytes: number): void {
    if (batch.maxTimestamp > this.maxTimestamp) {
      this.maxTimestamp = batch.maxTimestamp
      this.maxTimestampOffset = batch.lastOffset
    }
    this.firstTimestamp ??= batch.maxTimestamp
    if (this.#bytesSinceEntry > indexIntervalBytes) {
      this.offsetIndex.append(batch.lastOffset, this.sizeBytes)
      this.timeIndex.maybeAppend(this.maxTimestamp, this.maxTimestampOffset)
      this.#bytesSinceEntry = 0
    }
    this.#bytesSinceEntry += batch.sizeBytes
    this.sizeBytes += batch.sizeBytes
  }

  /** Empties what is known of the log, before it is read again from its start. */
  reset(): void {
    this.sizeBytes = 0
    this.maxTimestamp = -1
    this.maxTimestampOffset = this.baseOffset
    this.firstTimestamp = undefined
    this.offsetIndex = new OffsetIndex(this.baseOffset)
    this.timeIndex = new TimeIndex(this.baseOffset)
    this.aborted = []
    this.#bytesSinceEntry = 0
  }

  /** Writes the index files. At sealing the time index gets the segment's largest timestamp as its last entry. */
  writeIndexes(fileSystem: FileSystem): void {
    this.timeIndex.maybeAppend(this.maxTimestamp, this.maxTimestampOffset)
    writeSmallFile(fileSystem, this.path('.index'), this.offsetIndex.encode())
    writeSmallFile(fileSystem, this.path('.timeindex'), this.timeIndex.encode())
    if (this.aborted.length > 0) {
      writeSmallFile(fileSystem, this.path('.txnindex'), encodeAbortedTransactions(this.aborted))
    }
  }

  /** Removes the segment's files, the log last: without a log the others are known to be leftovers. */
  async removeFiles(fileSystem: FileSystem, files: FilePool): Promise<void> {
    for (const suffix of segmentSuffixes) {
      const path = this.path(suffix)
      files.forget(path)
      if (await fileSystem.exists(path)) await fileSystem.remove(path)
    }
  }
}

/** Replaces a small file whose loss recovery repairs: no sync, no rename. */
export function writeSmallFile(fileSystem: FileSystem, path: string, bytes: Uint8Array): void {
  const file = fileSystem.openWritableSync(path)
  try {
    if (bytes.length > 0) file.appendSync(bytes)
  } finally {
    file.closeSync()
  }
}
