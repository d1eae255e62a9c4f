import { CorruptionError, crc32c, UnsupportedError } from '@varve/base'

import {
  readInt16,
  readInt32,
  readInt64,
  writeInt16,
  writeInt32,
  writeInt64,
} from '../primitives/int64.ts'
import {
  BATCH_HEADER_BYTES,
  BATCH_LENGTH_START,
  BatchAttribute,
  BatchField,
  compressionNames,
  type CompressionName,
} from './batch-format.ts'

/** What a batch says of itself before its records. */
export interface BatchHeader {
  readonly baseOffset: number
  /** Whole size with header, bytes. */
  readonly sizeBytes: number
  readonly leaderEpoch: number
  readonly crc: number
  readonly attributes: number
  readonly lastOffsetDelta: number
  readonly baseTimestamp: number
  readonly maxTimestamp: number
  /** -1: none. */
  readonly producerId: number
  readonly producerEpoch: number
  readonly baseSequence: number
  /** Records in the batch; less than `lastOffsetDelta + 1`, even 0, after compaction. */
  readonly recordCount: number
  /** `baseOffset + lastOffsetDelta`. */
  readonly lastOffset: number
  readonly compression: CompressionName
  readonly isTransactional: boolean
  readonly isControl: boolean
  readonly hasLogAppendTime: boolean
}

/**
 * Reads the header at `position`; `undefined` when fewer than 61 bytes are there. The records need not be: compare
 * {@link BatchHeader.sizeBytes} with what is. The CRC is not checked, see {@link batchCrcMatches}.
 *
 * @throws CorruptionError when lengths or counts are impossible.
 * @throws UnsupportedError for magic 0 and 1 and unknown codecs.
 */
export function readBatchHeader(bytes: Uint8Array, position = 0): BatchHeader | undefined {
  if (bytes.length - position < BATCH_HEADER_BYTES) return undefined
  const magic = bytes[position + BatchField.magic]!
  const batchLength = readInt32(bytes, position + BatchField.batchLength)
  if (magic === 0 || magic === 1) {
    throw new UnsupportedError(`record batch of magic ${magic}; only magic 2 is read`)
  }
  if (magic !== 2 || batchLength < BATCH_HEADER_BYTES - BATCH_LENGTH_START) {
    throw new CorruptionError(
      `no record batch at byte ${position}: magic ${magic}, length ${batchLength}`,
    )
  }
  const attributes = readInt16(bytes, position + BatchField.attributes)
  const compression = compressionNames[attributes & BatchAttribute.codecMask]
  if (compression === undefined) {
    throw new UnsupportedError(`compression codec ${attributes & BatchAttribute.codecMask}`)
  }
  const baseOffset = readInt64(bytes, position + BatchField.baseOffset)
  const lastOffsetDelta = readInt32(bytes, position + BatchField.lastOffsetDelta)
  const recordCount = readInt32(bytes, position + BatchField.recordCount)
  if (
    lastOffsetDelta < 0 ||
    recordCount < 0 ||
    recordCount > lastOffsetDelta + 1 ||
    !Number.isSafeInteger(baseOffset) ||
    baseOffset < 0
  ) {
    throw new CorruptionError(
      `impossible record batch at byte ${position}: base offset ${baseOffset}, last offset delta ${lastOffsetDelta}, ${recordCount} records`,
    )
  }
  return {
    baseOffset,
    sizeBytes: batchLength + BATCH_LENGTH_START,
    leaderEpoch: readInt32(bytes, position + BatchField.leaderEpoch),
    crc: readInt32(bytes, position + BatchField.crc) >>> 0,
    attributes,
    lastOffsetDelta,
    baseTimestamp: readInt64(bytes, position + BatchField.baseTimestamp),
    maxTimestamp: readInt64(bytes, position + BatchField.maxTimestamp),
    producerId: readInt64(bytes, position + BatchField.producerId),
    producerEpoch: readInt16(bytes, position + BatchField.producerEpoch),
    baseSequence: readInt32(bytes, position + BatchField.baseSequence),
    recordCount,
    lastOffset: baseOffset + lastOffsetDelta,
    compression,
    isTransactional: (attributes & BatchAttribute.transactional) !== 0,
    isControl: (attributes & BatchAttribute.control) !== 0,
    hasLogAppendTime: (attributes & BatchAttribute.logAppendTime) !== 0,
  }
}

/**
 * Whole size of the batch that begins at `position` by its length field alone, or `undefined` when that field is not there yet.
 * Not checked: may be absurd in damaged data.
 */
export function batchSizeAt(bytes: Uint8Array, position = 0): number | undefined {
  if (bytes.length - position < BATCH_LENGTH_START) return undefined
  return readInt32(bytes, position + BatchField.batchLength) + BATCH_LENGTH_START
}

/** Whether the CRC of the whole batch at `position` holds. The batch must be complete. */
export function batchCrcMatches(bytes: Uint8Array, position = 0): boolean {
  const end = position + readInt32(bytes, position + BatchField.batchLength) + BATCH_LENGTH_START
  if (end > bytes.length || end < position + BATCH_HEADER_BYTES) return false
  const actual = crc32c(bytes, position + BatchField.attributes, end)
  return actual === readInt32(bytes, position + BatchField.crc) >>> 0
}

/** A complete batch among others. */
export interface LocatedBatch {
  readonly header: BatchHeader
  /** Byte where the batch begins. */
  readonly position: number
}

/**
 * Complete batches of a run of batches, in order. What is cut off at the end is left out, as a fetch answer or the tail of a log ends.
 *
 * @throws what {@link readBatchHeader} throws.
 */
export function* readBatchHeaders(bytes: Uint8Array, position = 0): Generator<LocatedBatch> {
  let at = position
  for (;;) {
    const header = readBatchHeader(bytes, at)
    if (header === undefined || at + header.sizeBytes > bytes.length) return
    yield { header, position: at }
    at += header.sizeBytes
  }
}

/** Sets where the batch lies in the log. The CRC does not cover it. */
export function setBatchBaseOffset(bytes: Uint8Array, position: number, baseOffset: number): void {
  writeInt64(bytes, position + BatchField.baseOffset, baseOffset)
}

/** Sets the epoch of the leader that appends the batch. The CRC does not cover it. */
export function setBatchLeaderEpoch(
  bytes: Uint8Array,
  position: number,
  leaderEpoch: number,
): void {
  writeInt32(bytes, position + BatchField.leaderEpoch, leaderEpoch)
}

/** Gives all records of the batch the broker's time, as `message.timestamp.type=LogAppendTime` asks, and renews the CRC. */
export function setBatchLogAppendTime(
  bytes: Uint8Array,
  position: number,
  timestampMs: number,
): void {
  bytes[position + BatchField.attributes + 1]! |= BatchAttribute.logAppendTime
  writeInt64(bytes, position + BatchField.maxTimestamp, timestampMs)
  const end = position + readInt32(bytes, position + BatchField.batchLength) + BATCH_LENGTH_START
  writeInt32(bytes, position + BatchField.crc, crc32c(bytes, position + BatchField.attributes, end))
}

/** Gives a batch another producer identity or sequence, as a producer does before it sends again, and renews the CRC. */
export function setBatchProducer(
  bytes: Uint8Array,
  position: number,
  producer: {
    readonly producerId: number
    readonly producerEpoch: number
    readonly baseSequence: number
  },
): void {
  writeInt64(bytes, position + BatchField.producerId, producer.producerId)
  writeInt16(bytes, position + BatchField.producerEpoch, producer.producerEpoch)
  writeInt32(bytes, position + BatchField.baseSequence, producer.baseSequence)
  const end = position + readInt32(bytes, position + BatchField.batchLength) + BATCH_LENGTH_START
  writeInt32(bytes, position + BatchField.crc, crc32c(bytes, position + BatchField.attributes, end))
}
