import type { BatchHeader } from './batch-header.ts'
import { BatchAttribute } from './batch-format.ts'
import type { DecodedRecord } from './record.ts'
import { RecordBatchBuilder, writeBatchHeader } from './record-batch-builder.ts'
import { decodeRecordBatch } from './record-batch.ts'

/** What a batch became when some of its records were taken out. */
export interface FilteredBatch {
  /** The batch as it was when nothing was taken out; else a new one. */
  readonly bytes: Uint8Array
  readonly kept: number
  readonly dropped: number
}

/**
 * Takes records out of a batch as a log cleaner does: offsets, base sequence, producer and `lastOffsetDelta` stay, so positions and
 * sequence checks hold. With nothing kept the result is a header without records.
 *
 * @throws what {@link decodeRecordBatch} throws.
 */
export function filterRecordBatch(
  bytes: Uint8Array,
  position: number,
  keep: (record: DecodedRecord, header: BatchHeader) => boolean,
): FilteredBatch {
  const batch = decodeRecordBatch(bytes, position)
  const { header } = batch
  const builder = new RecordBatchBuilder({ initialBytes: header.sizeBytes })
  for (const record of batch) {
    if (!keep(record, header)) continue
    const delta = record.offset - header.baseOffset
    builder.append(record.timestamp, record.key, record.value, record.headers, delta)
  }
  const kept = builder.count
  const dropped = header.recordCount - kept
  if (dropped === 0) {
    return { bytes: bytes.subarray(position, position + header.sizeBytes), kept, dropped }
  }
  const stayed = builder.build({
    compression: kept === 0 ? 'none' : header.compression,
    lastOffsetDelta: header.lastOffsetDelta,
  })
  const codecBits = kept === 0 ? BatchAttribute.codecMask : 0
  writeBatchHeader(stayed, {
    ...header,
    attributes: header.attributes & ~codecBits,
    recordCount: kept,
    baseTimestamp: kept === 0 ? header.baseTimestamp : builder.baseTimestamp,
    maxTimestamp:
      header.hasLogAppendTime || kept === 0 ? header.maxTimestamp : builder.maxTimestamp,
  })
  return { bytes: stayed, kept, dropped }
}
