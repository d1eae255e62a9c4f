import { CorruptionError, UnsupportedError } from '@varve/base'
import {
  batchCrcMatches,
  decodeRecordBatch,
  ErrorCode,
  readBatchHeader,
  type BatchHeader,
} from '@varve/kafka-protocol'

import { ApiError } from '../api-error.ts'
import type { LogConfig } from './log-config.ts'

/** A batch of a produce request: its header as sent, and where it lies in the request's bytes. */
export interface IncomingBatch {
  readonly header: BatchHeader
  readonly position: number
}

/**
 * Checks the batches that a client wants appended: whole, magic 2, CRC, consecutive records, not control, size, keys where the topic is
 * compacted.
 *
 * @throws ApiError with the code the client is to see.
 */
export function validateBatches(
  bytes: Uint8Array,
  config: LogConfig,
  nowMs: number,
): IncomingBatch[] {
  const batches: IncomingBatch[] = []
  let position = 0
  while (position < bytes.length) {
    const header = headerAt(bytes, position)
    if (header.sizeBytes > bytes.length - position) {
      throw new ApiError(ErrorCode.CORRUPT_MESSAGE, 'the last record batch is cut off')
    }
    validateBatch(bytes, position, header, config)
    if (!config.logAppendTime) requireTimes(bytes, position, config, nowMs)
    batches.push({ header, position })
    position += header.sizeBytes
  }
  if (batches.length === 0) {
    throw new ApiError(ErrorCode.INVALID_RECORD, 'the request has no record batch')
  }
  return batches
}

function headerAt(bytes: Uint8Array, position: number): BatchHeader {
  try {
    const header = readBatchHeader(bytes, position)
    if (header !== undefined) return header
  } catch (error) {
    if (error instanceof UnsupportedError) {
      throw new ApiError(ErrorCode.UNSUPPORTED_FOR_MESSAGE_FORMAT, error.message, error)
    }
    if (error instanceof CorruptionError) {
      throw new ApiError(ErrorCode.CORRUPT_MESSAGE, error.message, error)
    }
    throw error
  }
  throw new ApiError(ErrorCode.CORRUPT_MESSAGE, 'the last record batch is cut off')
}

function validateBatch(
  bytes: Uint8Array,
  position: number,
  header: BatchHeader,
  config: LogConfig,
): void {
  if (header.sizeBytes > config.maxMessageBytes) {
    throw new ApiError(
      ErrorCode.MESSAGE_TOO_LARGE,
      `record batch of ${header.sizeBytes} bytes, max.message.bytes is ${config.maxMessageBytes}`,
    )
  }
  if (!batchCrcMatches(bytes, position)) {
    throw new ApiError(ErrorCode.CORRUPT_MESSAGE, 'record batch has a wrong checksum')
  }
  if (header.isControl) {
    throw new ApiError(ErrorCode.INVALID_RECORD, 'clients may not write control batches')
  }
  if (header.recordCount === 0 || header.recordCount !== header.lastOffsetDelta + 1) {
    throw new ApiError(
      ErrorCode.INVALID_RECORD,
      `${header.recordCount} records with last offset delta ${header.lastOffsetDelta}`,
    )
  }
  if (header.producerId >= 0 && (header.producerEpoch < 0 || header.baseSequence < 0)) {
    throw new ApiError(ErrorCode.INVALID_RECORD, 'producer id without epoch or sequence')
  }
  if (header.isTransactional && header.producerId < 0) {
    throw new ApiError(ErrorCode.INVALID_RECORD, 'transactional batch without producer id')
  }
  if (config.compact) requireKeys(bytes, position)
}

/** Compaction knows records by their keys: one without a key could never be judged. */
function requireKeys(bytes: Uint8Array, position: number): void {
  const cursor = decodeRecordBatch(bytes, position, { checkCrc: false }).cursor()
  while (cursor.next()) {
    if (cursor.key() === null) {
      throw new ApiError(ErrorCode.INVALID_RECORD, 'compacted topic takes no record without a key')
    }
  }
}

/** Refuses records too far from the broker's clock, where the topic sets a bound. */
function requireTimes(bytes: Uint8Array, position: number, config: LogConfig, nowMs: number): void {
  const earliest = nowMs - config.timestampBeforeMaxMs
  const latest = nowMs + config.timestampAfterMaxMs
  if (earliest === -Infinity && latest === Infinity) return
  const cursor = decodeRecordBatch(bytes, position, { checkCrc: false }).cursor()
  while (cursor.next()) {
    if (cursor.timestamp < earliest || cursor.timestamp > latest) {
      throw new ApiError(
        ErrorCode.INVALID_TIMESTAMP,
        `record time ${cursor.timestamp} is outside ${earliest} to ${latest}`,
      )
    }
  }
}
