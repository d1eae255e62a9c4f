import { CorruptionError } from '@varve/base'
import {
  decodeControlRecord,
  decodeRecordBatch,
  readBatchHeader,
  type RecordCursor,
} from '@varve/kafka-protocol'

import type { ConsumerRecord, RecordHeader } from '../client.ts'
import { AbortedTransactionFilter, type AbortedTransaction } from './aborted-transactions.ts'

/** hot: one shape for all records. */
class FetchedRecord implements ConsumerRecord {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly timestamp: number
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly headers: readonly RecordHeader[]

  constructor(topic: string, partition: number, cursor: RecordCursor) {
    this.topic = topic
    this.partition = partition
    this.offset = cursor.offset
    this.timestamp = cursor.timestamp
    this.key = cursor.key()
    this.value = cursor.value()
    this.headers = cursor.headers()
  }
}

/**
 * The bytes that one fetch answer brought for one partition, read batch by batch when somebody polls.
 *
 * Not read in advance: bytes are a tenth of the memory of records, and who never polls pays nothing.
 */
export class FetchedChunk {
  readonly #topic: string
  readonly #partition: number
  readonly #bytes: Uint8Array
  readonly #filter: AbortedTransactionFilter | undefined
  #at = 0
  #cursor: RecordCursor | undefined
  #batchEnd = 0
  /** Offset of the next record wanted. */
  #position: number

  constructor(options: {
    readonly topic: string
    readonly partition: number
    readonly bytes: Uint8Array
    readonly position: number
    /** Absent: read uncommitted. */
    readonly aborted: readonly AbortedTransaction[] | undefined
  }) {
    this.#topic = options.topic
    this.#partition = options.partition
    this.#bytes = options.bytes
    this.#position = options.position
    this.#filter =
      options.aborted === undefined ? undefined : new AbortedTransactionFilter(options.aborted)
  }

  /** Position after what was read so far. */
  get position(): number {
    return this.#position
  }

  /** Bytes not read yet. */
  get remainingBytes(): number {
    return this.#bytes.length - this.#at
  }

  /**
   * Appends up to `max` records; false when the chunk is exhausted.
   *
   * @throws CorruptionError naming topic, partition and offset; the position stays before the damage.
   */
  read(records: ConsumerRecord[], max: number): boolean {
    for (let left = max; ;) {
      const cursor = this.#cursor
      if (cursor === undefined) {
        if (!this.#openBatch()) return false
        continue
      }
      while (left > 0) {
        if (!cursor.next()) {
          this.#cursor = undefined
          this.#position = this.#batchEnd
          break
        }
        if (cursor.offset < this.#position) continue
        records.push(new FetchedRecord(this.#topic, this.#partition, cursor))
        this.#position = cursor.offset + 1
        left--
      }
      if (left === 0 && this.#cursor !== undefined) return true
    }
  }

  #openBatch(): boolean {
    const start = this.#at
    try {
      const header = readBatchHeader(this.#bytes, start)
      if (header === undefined || start + header.sizeBytes > this.#bytes.length) return false
      const batchEnd = header.lastOffset + 1
      if (header.isControl) {
        for (const record of decodeRecordBatch(this.#bytes, start)) {
          if (decodeControlRecord(record)?.kind === 'abort') {
            this.#filter?.onAbortMarker(header.producerId, record.offset)
          }
        }
        this.#position = Math.max(this.#position, batchEnd)
      } else if (this.#filter?.isAborted(header) === true || batchEnd <= this.#position) {
        this.#position = Math.max(this.#position, batchEnd)
      } else {
        this.#cursor = decodeRecordBatch(this.#bytes, start).cursor()
        this.#batchEnd = batchEnd
      }
      this.#at = start + header.sizeBytes
      return true
    } catch (error) {
      throw new CorruptionError(
        `records of ${this.#topic}-${this.#partition} from offset ${this.#position} on cannot be read`,
        { cause: error },
      )
    }
  }
}
