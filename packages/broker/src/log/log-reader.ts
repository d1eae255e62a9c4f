import { emptyBytes } from '@varve/base'
import {
  BATCH_HEADER_BYTES,
  decodeRecordBatch,
  ErrorCode,
  readBatchHeader,
  type BatchHeader,
} from '@varve/kafka-protocol'
import type { RandomAccessFile } from '@varve/vfs'

import { ApiError } from '../api-error.ts'
import type { PartitionLog } from './partition-log.ts'
import type { Segment } from './segment.ts'
import { scanSoundSegment } from './segment-scan.ts'
import type { AbortedTransaction } from './transaction-index.ts'

/** Bytes read before the size of the first batch is known. */
const PROBE_BYTES = 16 * 1024

/** How {@link readLog} reads. */
export interface ReadRequest {
  readonly offset: number
  /** Bound of the answer; the first batch comes whole even when it is larger, if {@link wholeFirstBatch} says so. */
  readonly maxBytes: number
  readonly wholeFirstBatch: boolean
  /** Records at and above the last stable offset stay hidden, and the aborted transactions are told. */
  readonly readCommitted: boolean
}

/** What {@link readLog} found. */
export interface ReadResult {
  /** Record batches as stored, in memory of their own; the first may begin below the offset asked for, the last may be cut off. */
  readonly records: Uint8Array
  readonly abortedTransactions: readonly AbortedTransaction[]
}

const nothing: ReadResult = { records: emptyBytes, abortedTransactions: [] }

/** Reads stored batches from an offset on, within one segment. @throws ApiError OFFSET_OUT_OF_RANGE outside the log. */
export function readLog(log: PartitionLog, request: ReadRequest): ReadResult {
  const { offset } = request
  if (offset < log.logStartOffset || offset > log.logEndOffset) {
    throw new ApiError(ErrorCode.OFFSET_OUT_OF_RANGE)
  }
  const end = request.readCommitted ? log.lastStableOffset : log.logEndOffset
  if (offset >= end) return nothing
  for (let i = segmentIndexFor(log.segments, offset); i < log.segments.length; i++) {
    const segment = log.segments[i]!
    const found = readSegment(log, segment, request, end)
    // Compaction may have removed the segment's records at and above the offset: the next segment has the next.
    if (found === undefined) continue
    if (!request.readCommitted) return { records: found.records, abortedTransactions: [] }
    return {
      records: found.records,
      abortedTransactions: abortedTransactionsIn(log, offset, found.endOffset),
    }
  }
  return nothing
}

/** Index of the segment that holds `offset`. */
function segmentIndexFor(segments: readonly Segment[], offset: number): number {
  let low = 0
  let high = segments.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (segments[middle]!.baseOffset <= offset) low = middle + 1
    else high = middle
  }
  return Math.max(0, low - 1)
}

/** A reader that sees at least the segment's counted bytes. Borrowed until the pool is used again. */
export function openSegment(log: PartitionLog, segment: Segment): RandomAccessFile {
  const file = log.environment.files.reader(segment.logPath)
  if (file.sizeBytes < segment.sizeBytes) file.refreshSize()
  return file
}

interface SegmentRead {
  readonly records: Uint8Array
  /** One above the last offset that may be in {@link records}. */
  readonly endOffset: number
}

function readSegment(
  log: PartitionLog,
  segment: Segment,
  request: ReadRequest,
  end: number,
): SegmentRead | undefined {
  const file = openSegment(log, segment)
  let at = segment.offsetIndex.lookup(request.offset)
  // One read serves most fetches: the sparse index is this far off at most, if batches are small.
  let chunk = file.readSync(
    at,
    Math.min(
      segment.sizeBytes - at,
      Math.max(request.maxBytes + log.config.indexIntervalBytes, PROBE_BYTES),
    ),
  )
  let start = 0
  let header: BatchHeader | undefined
  for (;;) {
    header = readBatchHeader(chunk, start)
    if (header !== undefined && header.lastOffset >= request.offset) break
    if (header !== undefined) {
      at += header.sizeBytes
      start += header.sizeBytes
    }
    if (at >= segment.sizeBytes) return undefined
    if (start + BATCH_HEADER_BYTES > chunk.length) {
      chunk = file.readSync(
        at,
        Math.min(segment.sizeBytes - at, Math.max(request.maxBytes, PROBE_BYTES)),
      )
      start = 0
    }
  }
  if (header.baseOffset >= end) return { records: emptyBytes, endOffset: end }
  const available = segment.sizeBytes - at
  let length = Math.min(request.maxBytes, available)
  if (header.sizeBytes > length) {
    if (!request.wholeFirstBatch) return { records: emptyBytes, endOffset: request.offset }
    length = header.sizeBytes
  }
  if (start + length > chunk.length) {
    chunk = file.readSync(at, length)
    start = 0
  }
  let records = chunk.subarray(start, start + length)
  let endOffset = log.logEndOffset
  if (request.readCommitted) {
    const visible = cutBefore(records, end)
    endOffset = visible.endOffset
    records = records.subarray(0, visible.sizeBytes)
  }
  return { records: withoutSlack(records), endOffset }
}

/** Bytes of the whole batches below `end`; what is cut off goes as well once `end` is met. */
function cutBefore(
  records: Uint8Array,
  end: number,
): { readonly sizeBytes: number; readonly endOffset: number } {
  let position = 0
  let endOffset = end
  for (;;) {
    const header = readBatchHeader(records, position)
    if (header === undefined) return { sizeBytes: records.length, endOffset }
    if (header.baseOffset >= end) return { sizeBytes: position, endOffset }
    endOffset = header.lastOffset + 1
    if (position + header.sizeBytes >= records.length) {
      return { sizeBytes: records.length, endOffset }
    }
    position += header.sizeBytes
  }
}

/** A short answer must not pin a long read: the receiver may keep it. */
function withoutSlack(records: Uint8Array): Uint8Array {
  return records.buffer.byteLength > 2 * records.length + PROBE_BYTES
    ? new Uint8Array(records)
    : records
}

/** Aborted transactions that overlap [from, end). */
export function abortedTransactionsIn(
  log: PartitionLog,
  from: number,
  end: number,
): AbortedTransaction[] {
  const found: AbortedTransaction[] = []
  for (let i = segmentIndexFor(log.segments, from); i < log.segments.length; i++) {
    for (const entry of log.segments[i]!.aborted) {
      if (entry.lastOffset >= from && entry.firstOffset < end) found.push(entry)
      // No transaction that is open here can have begun earlier.
      if (entry.lastStableOffset >= end) return found
    }
  }
  return found
}

/** A record found by time. */
export interface TimestampedOffset {
  readonly offset: number
  readonly timestamp: number
}

/** First record at or after a time; `undefined` when there is none below `end`. */
export function findOffsetByTime(
  log: PartitionLog,
  timestamp: number,
  end: number,
): TimestampedOffset | undefined {
  for (const segment of log.segments) {
    if (segment.maxTimestamp < timestamp) continue
    const file = openSegment(log, segment)
    const from = Math.max(segment.timeIndex.lookup(timestamp), log.logStartOffset)
    const position = segment.offsetIndex.lookup(from)
    for (const { header, chunk, start } of scanSoundSegment(file, position, segment.sizeBytes)) {
      if (header.baseOffset >= end) return undefined
      if (header.maxTimestamp < timestamp || header.lastOffset < log.logStartOffset) continue
      const cursor = decodeRecordBatch(chunk, start).cursor()
      while (cursor.next()) {
        if (cursor.timestamp >= timestamp && cursor.offset >= log.logStartOffset) {
          return cursor.offset < end
            ? { offset: cursor.offset, timestamp: cursor.timestamp }
            : undefined
        }
      }
    }
  }
  return undefined
}
