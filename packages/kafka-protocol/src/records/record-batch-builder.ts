import { assert, crc32c, InvalidOptionError } from '@varve/base'

import { writeInt16, writeInt32, writeInt64 } from '../primitives/int64.ts'
import {
  VARINT32_BYTES_MAX,
  VARINT64_BYTES_MAX,
  varintSize,
  writeVarint,
  writeVarlong,
} from '../primitives/varint.ts'
import { compressRecords } from './batch-compression.ts'
import {
  BATCH_HEADER_BYTES,
  BATCH_LENGTH_START,
  BatchAttribute,
  BatchField,
  compressionNames,
  type CompressionName,
} from './batch-format.ts'
import type { RecordHeader } from './record.ts'

/** What a batch is stamped with when it is closed. All default to "none". */
export interface BatchStamp {
  readonly compression?: CompressionName
  readonly producerId?: number
  readonly producerEpoch?: number
  readonly baseSequence?: number
  readonly isTransactional?: boolean
  /** Default 0, as producers send; brokers set it on append. */
  readonly baseOffset?: number
  readonly leaderEpoch?: number
  /** Default: last record's. Larger where compaction removed the tail. */
  readonly lastOffsetDelta?: number
}

const encoder = new TextEncoder()
/** What a record without headers mostly takes besides key and value: attributes, time, offset, lengths, number of headers. */
const fixedBytes = 8
/** Up to here a loop beats a call. */
const loopBytes = 32

/**
 * Builds one record batch, magic 2. Keys, values and headers are copied as they are appended.
 *
 * @example
 * ```ts
 * const builder = new RecordBatchBuilder()
 * builder.append(Date.now(), key, value)
 * const bytes = builder.build({ compression: 'zstd' })
 * ```
 */
export class RecordBatchBuilder {
  #buffer: Uint8Array
  #end = BATCH_HEADER_BYTES
  #count = 0
  #lastDelta = -1
  #baseTimestamp = 0
  #maxTimestamp = -1

  constructor(options: { readonly initialBytes?: number } = {}) {
    this.#buffer = new Uint8Array(Math.max(options.initialBytes ?? 1024, BATCH_HEADER_BYTES))
  }

  /** Records appended so far. */
  get count(): number {
    return this.#count
  }

  /** Size without compression, header included. */
  get sizeBytes(): number {
    return this.#end
  }

  /** Timestamp of the first record, which the others are relative to; 0 when empty. */
  get baseTimestamp(): number {
    return this.#baseTimestamp
  }

  /** Largest timestamp so far; -1 when empty. */
  get maxTimestamp(): number {
    return this.#maxTimestamp
  }

  /** Upper bound of what a record adds to {@link sizeBytes}. */
  static recordSizeMax(
    key: Uint8Array | null,
    value: Uint8Array | null,
    headers: readonly RecordHeader[] = [],
  ): number {
    let size = 6 * VARINT32_BYTES_MAX + VARINT64_BYTES_MAX
    size += (key?.length ?? 0) + (value?.length ?? 0)
    // Most records have none, and even an empty walk makes objects.
    if (headers.length === 0) return size
    for (const header of headers) {
      size += 2 * VARINT32_BYTES_MAX + header.key.length * 3 + (header.value?.length ?? 0)
    }
    return size
  }

  /**
   * Appends a record. `offsetDelta` defaults to one above the last; compaction leaves holes by naming it.
   *
   * @returns the record's offset delta in the batch.
   */
  append(
    timestampMs: number,
    key: Uint8Array | null,
    value: Uint8Array | null,
    headers: readonly RecordHeader[] = [],
    offsetDelta: number = this.#lastDelta + 1,
  ): number {
    assert(offsetDelta > this.#lastDelta, 'offset deltas of a batch must rise')
    if (this.#count === 0) {
      this.#baseTimestamp = timestampMs
      this.#maxTimestamp = timestampMs
    } else if (timestampMs > this.#maxTimestamp) this.#maxTimestamp = timestampMs
    this.#reserve(RecordBatchBuilder.recordSizeMax(key, value, headers))
    // The length comes first but is known last: the body is written behind the width it will probably have, and moved where it is not.
    const start = this.#end
    const bodyStart = start + varintSize((key?.length ?? 0) + (value?.length ?? 0) + fixedBytes)
    const buffer = this.#buffer
    let at = bodyStart
    buffer[at++] = 0
    at = writeVarlong(buffer, at, timestampMs - this.#baseTimestamp)
    at = writeVarint(buffer, at, offsetDelta)
    at = writeNullable(buffer, at, key)
    at = writeNullable(buffer, at, value)
    at = writeVarint(buffer, at, headers.length)
    if (headers.length > 0) at = writeHeaders(buffer, at, headers)
    const length = at - bodyStart
    const target = start + varintSize(length)
    if (target !== bodyStart) buffer.copyWithin(target, bodyStart, at)
    writeVarint(buffer, start, length)
    this.#end = target + length
    this.#lastDelta = offsetDelta
    this.#count++
    return offsetDelta
  }

  /** Closes the batch. The bytes belong to the caller; the builder is not to be used again, except after {@link reset}. */
  build(stamp: BatchStamp = {}): Uint8Array {
    const codec = compressionNames.indexOf(stamp.compression ?? 'none')
    if (codec < 0) throw new InvalidOptionError('compression', `"${stamp.compression}" is unknown`)
    const lastOffsetDelta = stamp.lastOffsetDelta ?? Math.max(this.#lastDelta, 0)
    assert(lastOffsetDelta >= this.#lastDelta, 'lastOffsetDelta must not be below a record')
    let bytes: Uint8Array
    if (codec === 0) bytes = this.#buffer.slice(0, this.#end)
    else {
      const plain = this.#buffer.subarray(BATCH_HEADER_BYTES, this.#end)
      const packed = compressRecords(stamp.compression ?? 'none', plain)
      bytes = new Uint8Array(BATCH_HEADER_BYTES + packed.length)
      bytes.set(packed, BATCH_HEADER_BYTES)
    }
    writeBatchHeader(bytes, {
      attributes: codec | (stamp.isTransactional === true ? BatchAttribute.transactional : 0),
      lastOffsetDelta,
      baseTimestamp: this.#baseTimestamp,
      maxTimestamp: this.#maxTimestamp,
      recordCount: this.#count,
      baseOffset: stamp.baseOffset ?? 0,
      leaderEpoch: stamp.leaderEpoch ?? -1,
      producerId: stamp.producerId ?? -1,
      producerEpoch: stamp.producerEpoch ?? -1,
      baseSequence: stamp.baseSequence ?? -1,
    })
    return bytes
  }

  /** Empties the builder and keeps its memory. */
  reset(): void {
    this.#end = BATCH_HEADER_BYTES
    this.#count = 0
    this.#lastDelta = -1
    this.#baseTimestamp = 0
    this.#maxTimestamp = -1
  }

  #reserve(bytes: number): void {
    const needed = this.#end + bytes
    if (needed <= this.#buffer.length) return
    const grown = new Uint8Array(Math.max(needed, this.#buffer.length * 2))
    grown.set(this.#buffer.subarray(0, this.#end))
    this.#buffer = grown
  }
}

function writeHeaders(buffer: Uint8Array, start: number, headers: readonly RecordHeader[]): number {
  let at = start
  for (const header of headers) {
    at = writeNullable(buffer, at, encoder.encode(header.key))
    at = writeNullable(buffer, at, header.value)
  }
  return at
}

function writeNullable(buffer: Uint8Array, at: number, value: Uint8Array | null): number {
  if (value === null) return writeVarint(buffer, at, -1)
  const position = writeVarint(buffer, at, value.length)
  const { length } = value
  if (length > loopBytes) buffer.set(value, position)
  else for (let i = 0; i < length; i++) buffer[position + i] = value[i]!
  return position + length
}

/** Everything of a header that is not computed from the bytes. */
export interface BatchHeaderFields {
  readonly attributes: number
  readonly lastOffsetDelta: number
  readonly baseTimestamp: number
  readonly maxTimestamp: number
  readonly recordCount: number
  readonly baseOffset: number
  readonly leaderEpoch: number
  readonly producerId: number
  readonly producerEpoch: number
  readonly baseSequence: number
}

/** Writes the header of a batch whose records are in place, CRC included. */
export function writeBatchHeader(bytes: Uint8Array, fields: BatchHeaderFields): void {
  writeInt64(bytes, BatchField.baseOffset, fields.baseOffset)
  writeInt32(bytes, BatchField.batchLength, bytes.length - BATCH_LENGTH_START)
  writeInt32(bytes, BatchField.leaderEpoch, fields.leaderEpoch)
  bytes[BatchField.magic] = 2
  writeInt16(bytes, BatchField.attributes, fields.attributes)
  writeInt32(bytes, BatchField.lastOffsetDelta, fields.lastOffsetDelta)
  writeInt64(bytes, BatchField.baseTimestamp, fields.baseTimestamp)
  writeInt64(bytes, BatchField.maxTimestamp, fields.maxTimestamp)
  writeInt64(bytes, BatchField.producerId, fields.producerId)
  writeInt16(bytes, BatchField.producerEpoch, fields.producerEpoch)
  writeInt32(bytes, BatchField.baseSequence, fields.baseSequence)
  writeInt32(bytes, BatchField.recordCount, fields.recordCount)
  writeInt32(bytes, BatchField.crc, crc32c(bytes, BatchField.attributes))
}
