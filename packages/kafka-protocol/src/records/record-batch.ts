import { CorruptionError } from '@varve/base'

import { VarintReader } from '../primitives/varint.ts'
import { decompressRecords } from './batch-compression.ts'
import { BATCH_HEADER_BYTES } from './batch-format.ts'
import { batchCrcMatches, readBatchHeader, type BatchHeader } from './batch-header.ts'
import { noHeaders, type DecodedRecord, type RecordHeader } from './record.ts'

const decoder = new TextDecoder()

/** How {@link decodeRecordBatch} reads. */
export interface DecodeBatchOptions {
  /** Bound of the decompressed block. Default 256 MiB. */
  readonly decompressedBytesMax?: number
  /** Default true. */
  readonly checkCrc?: boolean
}

const DECOMPRESSED_BYTES_MAX = 256 * 1024 * 1024

/**
 * Opens the complete record batch at `position`: checks its CRC and decompresses it. Records are read while iterating and are views:
 * on `bytes`, or on the decompressed block.
 *
 * @example
 * ```ts
 * for (const record of decodeRecordBatch(bytes)) console.log(record.offset, record.key)
 * ```
 * @throws CorruptionError when the batch is cut off, its CRC is wrong, or its records do not fit its length.
 */
export function decodeRecordBatch(
  bytes: Uint8Array,
  position = 0,
  options: DecodeBatchOptions = {},
): RecordBatch {
  const header = readBatchHeader(bytes, position)
  if (header === undefined || position + header.sizeBytes > bytes.length) {
    throw new CorruptionError(
      `record batch at byte ${position} is cut off: ${bytes.length - position} bytes of ${header?.sizeBytes ?? 'its header'}`,
    )
  }
  if (options.checkCrc !== false && !batchCrcMatches(bytes, position)) {
    throw new CorruptionError(
      `record batch at byte ${position} with base offset ${header.baseOffset} fails its CRC`,
      { expected: header.crc },
    )
  }
  const end = position + header.sizeBytes
  let block = bytes.subarray(position + BATCH_HEADER_BYTES, end)
  if (header.compression !== 'none' && header.recordCount > 0) {
    block = decompressRecords(
      header.compression,
      block,
      options.decompressedBytesMax ?? DECOMPRESSED_BYTES_MAX,
    )
  }
  return new RecordBatch(header, block)
}

/** A decoded batch: its header and its records. */
export class RecordBatch implements Iterable<DecodedRecord> {
  readonly header: BatchHeader
  readonly #block: Uint8Array

  constructor(header: BatchHeader, block: Uint8Array) {
    this.header = header
    this.#block = block
  }

  *[Symbol.iterator](): Iterator<DecodedRecord> {
    const cursor = this.cursor()
    while (cursor.next()) {
      yield {
        offset: cursor.offset,
        timestamp: cursor.timestamp,
        key: cursor.key(),
        value: cursor.value(),
        headers: cursor.headers(),
      }
    }
  }

  /** A reader without an object per record, for hot loops. */
  cursor(): RecordCursor {
    return new RecordCursor(this.header, this.#block)
  }
}

/**
 * hot: steps through the records of a batch. Fields hold until the next {@link RecordCursor.next}; byte arrays are views on the block.
 */
export class RecordCursor {
  offset = -1
  timestamp = 0

  readonly #block: Uint8Array
  readonly #reader: VarintReader
  readonly #baseOffset: number
  readonly #baseTimestamp: number
  readonly #lastOffsetDelta: number
  readonly #fixedTimestamp: number | undefined
  #left: number
  #keyStart = 0
  #keyEnd = -1
  #valueStart = 0
  #valueEnd = -1
  #headerCount = 0
  #headersStart = 0
  #recordEnd = 0
  #lastDelta = -1

  constructor(header: BatchHeader, block: Uint8Array) {
    this.#block = block
    this.#reader = new VarintReader(block, 0, block.length)
    this.#baseOffset = header.baseOffset
    this.#baseTimestamp = header.baseTimestamp
    this.#lastOffsetDelta = header.lastOffsetDelta
    this.#fixedTimestamp = header.hasLogAppendTime ? header.maxTimestamp : undefined
    this.#left = header.recordCount
  }

  /**
   * Steps to the next record; false after the last.
   *
   * @throws CorruptionError when the record does not fit its batch.
   */
  next(): boolean {
    const reader = this.#reader
    if (this.#left === 0) {
      if (reader.position !== reader.end && this.#recordEnd !== 0) this.#bad('bytes after the last')
      return false
    }
    this.#left--
    reader.position = this.#recordEnd
    reader.end = this.#block.length
    const length = reader.signed()
    const end = reader.position + length
    if (length < 0 || end > this.#block.length) this.#bad(`length ${length}`)
    reader.end = end
    reader.position++ // attributes, unused
    const timestampDelta = reader.signed64()
    const offsetDelta = reader.signed()
    if (offsetDelta <= this.#lastDelta || offsetDelta > this.#lastOffsetDelta) {
      this.#bad(`offset delta ${offsetDelta}`)
    }
    this.#lastDelta = offsetDelta
    this.offset = this.#baseOffset + offsetDelta
    this.timestamp = this.#fixedTimestamp ?? this.#baseTimestamp + timestampDelta
    let size = reader.signed()
    this.#keyStart = reader.position
    this.#keyEnd = size < 0 ? -1 : (reader.position += size)
    if (reader.position > end) this.#bad(`key length ${size}`)
    size = reader.signed()
    this.#valueStart = reader.position
    this.#valueEnd = size < 0 ? -1 : (reader.position += size)
    if (reader.position > end) this.#bad(`value length ${size}`)
    const headerCount = reader.signed()
    if (headerCount < 0 || headerCount > end - reader.position) {
      this.#bad(`header count ${headerCount}`)
    }
    if (headerCount === 0 && reader.position !== end) this.#bad('bytes after the headers')
    this.#headerCount = headerCount
    this.#headersStart = reader.position
    this.#recordEnd = end
    reader.position = end
    reader.end = this.#block.length
    return true
  }

  key(): Uint8Array | null {
    return this.#keyEnd < 0 ? null : this.#block.subarray(this.#keyStart, this.#keyEnd)
  }

  value(): Uint8Array | null {
    return this.#valueEnd < 0 ? null : this.#block.subarray(this.#valueStart, this.#valueEnd)
  }

  /** Bytes of key and value together. */
  get sizeBytes(): number {
    return this.#recordEnd - this.#keyStart
  }

  headers(): readonly RecordHeader[] {
    if (this.#headerCount === 0) return noHeaders
    const reader = new VarintReader(this.#block, this.#headersStart, this.#recordEnd)
    const headers: RecordHeader[] = []
    for (let index = 0; index < this.#headerCount; index++) {
      const key = this.#slice(reader)
      if (key === null) this.#bad('header without a key')
      headers.push({ key: decoder.decode(key!), value: this.#slice(reader) })
    }
    if (reader.position !== this.#recordEnd) this.#bad('bytes after the headers')
    return headers
  }

  #slice(reader: VarintReader): Uint8Array | null {
    const length = reader.signed()
    if (length < 0) return null
    const start = reader.position
    reader.position += length
    if (reader.position > reader.end) this.#bad(`header length ${length}`)
    return this.#block.subarray(start, reader.position)
  }

  #bad(what: string): never {
    throw new CorruptionError(
      `record ${this.#lastDelta + 1} of the batch with base offset ${this.#baseOffset}: ${what}`,
    )
  }
}
