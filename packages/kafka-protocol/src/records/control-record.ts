import { CorruptionError } from '@varve/base'

import { readInt16, readInt32, writeInt16, writeInt32 } from '../primitives/int64.ts'
import { BATCH_HEADER_BYTES, BatchAttribute } from './batch-format.ts'
import type { DecodedRecord } from './record.ts'
import { RecordBatchBuilder, writeBatchHeader } from './record-batch-builder.ts'

/** How a transaction ended on a partition. */
export type EndTransactionKind = 'abort' | 'commit'

/** A transaction marker as written into each partition it touched. */
export interface EndTransactionMarker {
  readonly kind: EndTransactionKind
  readonly producerId: number
  readonly producerEpoch: number
  /** Epoch of the transaction coordinator. */
  readonly coordinatorEpoch: number
  /** The broker's clock. */
  readonly timestampMs: number
  readonly baseOffset?: number
  readonly leaderEpoch?: number
}

/** Encodes the control batch of a marker: one record, 78 bytes in all for small coordinator epochs. */
export function encodeControlBatch(marker: EndTransactionMarker): Uint8Array {
  const key = new Uint8Array(4)
  writeInt16(key, 2, marker.kind === 'commit' ? 1 : 0)
  const value = new Uint8Array(6)
  writeInt32(value, 2, marker.coordinatorEpoch)
  const builder = new RecordBatchBuilder({ initialBytes: BATCH_HEADER_BYTES + 64 })
  builder.append(marker.timestampMs, key, value)
  const bytes = builder.build()
  writeBatchHeader(bytes, {
    attributes: BatchAttribute.transactional | BatchAttribute.control,
    lastOffsetDelta: 0,
    baseTimestamp: marker.timestampMs,
    maxTimestamp: marker.timestampMs,
    recordCount: 1,
    baseOffset: marker.baseOffset ?? 0,
    leaderEpoch: marker.leaderEpoch ?? -1,
    producerId: marker.producerId,
    producerEpoch: marker.producerEpoch,
    baseSequence: -1,
  })
  return bytes
}

/**
 * Reads the record of a control batch; `undefined` for control records that are not transaction markers (a raft log has some).
 * Only the batch's control bit says that a record is one: never judge by the key.
 *
 * @throws CorruptionError when the key is too short.
 */
export function decodeControlRecord(
  record: Pick<DecodedRecord, 'key' | 'value' | 'offset'>,
): { readonly kind: EndTransactionKind; readonly coordinatorEpoch: number } | undefined {
  const { key, value } = record
  if (key === null || key.length < 4) {
    throw new CorruptionError(`control record at offset ${record.offset} has no type`)
  }
  const type = readInt16(key, 2)
  if (type !== 0 && type !== 1) return undefined
  const coordinatorEpoch = value !== null && value.length >= 6 ? readInt32(value, 2) : -1
  return { kind: type === 1 ? 'commit' : 'abort', coordinatorEpoch }
}
