import { readBatchHeaders } from '@varve/kafka-protocol'

import type { ConsumerRecord, FetchedRecords } from '../client.ts'
import { FetchedChunk } from './fetched-chunk.ts'
import type { AbortedTransaction } from './aborted-transactions.ts'

/** What a fetch answer says of a partition. */
export interface FetchAnswer {
  readonly records: Uint8Array
  readonly highWatermark: number
  readonly lastStableOffset: number
  readonly aborted: readonly AbortedTransaction[] | undefined
}

/** One assigned partition: where it stands, what is buffered, what went wrong. */
export class PartitionState {
  readonly topic: string
  readonly partition: number
  /** Next offset to hand out. */
  position: number
  /** Next offset to ask the broker for. */
  fetchPosition: number
  paused = false
  /** In a request on its way. */
  fetching = false
  /** Counts seeks: an answer to a request from before a seek is dropped. */
  seeks = 0
  highWatermark: number | undefined
  lastStableOffset: number | undefined
  bufferedBytes = 0
  fetchBytesMax: number
  /** Surfaces in poll once what is buffered is handed out. */
  error: unknown
  /** Whether {@link error} stays until a seek. */
  stuck = false
  #chunks: FetchedChunk[] = []

  constructor(topic: string, partition: number, position: number, fetchBytesMax: number) {
    this.topic = topic
    this.partition = partition
    this.position = position
    this.fetchPosition = position
    this.fetchBytesMax = fetchBytesMax
  }

  get hasBuffered(): boolean {
    return this.#chunks.length > 0
  }

  seek(offset: number): void {
    this.position = offset
    this.fetchPosition = offset
    this.seeks++
    this.#chunks = []
    this.bufferedBytes = 0
    this.error = undefined
    this.stuck = false
  }

  /** Takes an answer in. @throws CorruptionError when a batch header makes no sense. */
  accept(answer: FetchAnswer): void {
    this.highWatermark = answer.highWatermark
    this.lastStableOffset = answer.lastStableOffset
    const bytes = answer.records
    if (bytes.length === 0) return
    let next = this.fetchPosition
    let whole = false
    for (const { header } of readBatchHeaders(bytes)) {
      whole = true
      next = Math.max(next, header.lastOffset + 1)
    }
    if (!whole) {
      // The first batch is larger than what was asked for.
      this.fetchBytesMax = Math.min(this.fetchBytesMax * 2, 1 << 30)
      return
    }
    this.#chunks.push(
      new FetchedChunk({
        topic: this.topic,
        partition: this.partition,
        bytes,
        position: this.fetchPosition,
        aborted: answer.aborted,
      }),
    )
    this.fetchPosition = next
    this.bufferedBytes += bytes.length
  }

  /** Hands out up to `max` buffered records; `undefined` when the position did not move. */
  take(max: number): FetchedRecords | undefined {
    const records: ConsumerRecord[] = []
    const before = this.position
    while (this.#chunks.length > 0 && records.length < max) {
      const chunk = this.#chunks[0]!
      const unread = chunk.remainingBytes
      let more: boolean
      try {
        more = chunk.read(records, max - records.length)
      } catch (error) {
        this.#chunks = []
        this.bufferedBytes = 0
        this.position = chunk.position
        this.fetchPosition = chunk.position
        this.seeks++
        this.error = error
        this.stuck = true
        break
      }
      this.position = chunk.position
      this.bufferedBytes -= unread - chunk.remainingBytes
      if (more) break
      this.bufferedBytes -= chunk.remainingBytes
      this.#chunks.shift()
    }
    if (this.position === before && records.length === 0) return undefined
    return {
      topic: this.topic,
      partition: this.partition,
      records,
      nextOffset: this.position,
      highWatermark: this.highWatermark ?? -1,
      lastStableOffset: this.lastStableOffset ?? -1,
    }
  }
}
