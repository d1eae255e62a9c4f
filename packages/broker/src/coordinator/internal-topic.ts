import { assert } from '@varve/base'
import {
  decodeControlRecord,
  decodeRecordBatch,
  readBatchHeader,
  RecordBatchBuilder,
  type BatchHeader,
  type DecodedRecord,
} from '@varve/kafka-protocol'

import { openSegment } from '../log/log-reader.ts'
import type { PartitionLog } from '../log/partition-log.ts'
import { scanSoundSegment } from '../log/segment-scan.ts'

/** A record of a coordinator's topic. */
export interface CoordinatorRecord {
  readonly key: Uint8Array
  /** `null` deletes the key. */
  readonly value: Uint8Array | null
}

/** Who writes the records, when they are part of a transaction. */
export interface TransactionalWriter {
  readonly producerId: number
  readonly producerEpoch: number
}

/** Writes records as one batch. @throws ApiError KAFKA_STORAGE_ERROR when the log takes no appends. */
export function appendRecords(
  log: PartitionLog,
  records: readonly CoordinatorRecord[],
  timestampMs: number,
  writer?: TransactionalWriter,
): void {
  if (records.length === 0) return
  const builder = new RecordBatchBuilder()
  for (const { key, value } of records) builder.append(timestampMs, key, value)
  const bytes = builder.build(writer === undefined ? {} : { ...writer, isTransactional: true })
  const header = readBatchHeader(bytes)
  assert(header !== undefined, 'a built batch has a header')
  log.appendInternal(bytes, header)
}

/** What {@link replayRecords} meets, in log order. */
export interface RecordVisitor {
  record(record: DecodedRecord, header: BatchHeader): void
  marker(producerId: number, committed: boolean): void
}

/** Reads a coordinator's whole log. */
export function replayRecords(log: PartitionLog, visitor: RecordVisitor): void {
  for (const segment of log.segments) {
    const file = openSegment(log, segment)
    for (const { header, chunk, start } of scanSoundSegment(file, 0, segment.sizeBytes)) {
      for (const record of decodeRecordBatch(chunk, start)) {
        if (!header.isControl) {
          visitor.record(record, header)
          continue
        }
        const marker = decodeControlRecord(record)
        if (marker !== undefined) visitor.marker(header.producerId, marker.kind === 'commit')
      }
    }
  }
}
