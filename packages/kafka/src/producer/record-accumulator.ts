import { copyBytes, type Clock, type Random } from '@varve/base'
import { partitionForKey, RecordBatchBuilder } from '@varve/kafka-protocol'

import type { ProducerRecord, RecordHeader } from '../client.ts'
import { PartitionQueue } from './partition-queue.ts'
import { ProducerBatch, type AckCallback } from './producer-batch.ts'

/** What the accumulator needs to know of its surroundings. */
export interface AccumulatorEnvironment {
  readonly clock: Clock
  readonly random: Random
  readonly batchBytesMax: number
  /** `undefined` while metadata is missing. */
  readonly partitionCount: (topic: string) => number | undefined
  /** Resolves once {@link partitionCount} answers. */
  readonly loadTopic: (topic: string) => Promise<unknown>
  /** A batch was begun. */
  readonly onNewBatch: (batch: ProducerBatch) => void
  /** A batch became full. */
  readonly onFull: () => void
  /** Records that found no topic. */
  readonly onUnplaced: (error: unknown) => void
}

interface UnplacedRecord {
  readonly record: ProducerRecord
  readonly timestampMs: number
  readonly sizeBytes: number
  readonly onAck: AckCallback | undefined
}

const noHeaders: readonly RecordHeader[] = []
const BUILDERS_KEPT = 16

/** Collects records into batches, one open batch per partition. */
export class RecordAccumulator {
  readonly queues: Map<string, PartitionQueue> = new Map()
  /** Bytes of records that are not acknowledged. */
  bufferedBytes = 0
  readonly #environment: AccumulatorEnvironment
  readonly #byTopic = new Map<string, PartitionQueue[]>()
  readonly #sticky = new Map<string, number>()
  readonly #unplaced = new Map<string, { records: UnplacedRecord[]; placed: Promise<void> }>()
  readonly #freeBuilders: RecordBatchBuilder[] = []

  constructor(environment: AccumulatorEnvironment) {
    this.#environment = environment
  }

  /** Copies the record into the open batch of its partition. */
  append(record: ProducerRecord, onAck: AckCallback | undefined): void {
    const timestampMs = record.timestamp ?? this.#environment.clock.now()
    const { topic } = record
    const waiting = this.#unplaced.get(topic)
    if (waiting === undefined) {
      if (record.partition !== undefined) {
        this.#place(record, record.partition, timestampMs, onAck)
        return
      }
      const count = this.#environment.partitionCount(topic)
      if (count !== undefined) {
        this.#place(record, this.#choosePartition(record, count), timestampMs, onAck)
        return
      }
    }
    this.#keep(record, timestampMs, onAck)
  }

  /** Resolves when every record so far is in a batch. */
  async placed(): Promise<void> {
    for (const waiting of [...this.#unplaced.values()]) await waiting.placed
  }

  /** Records that wait for metadata are given up. */
  dropUnplaced(error: unknown): void {
    for (const topic of [...this.#unplaced.keys()]) this.#giveUp(topic, error)
  }

  /** Lets every open batch go without waiting for company. */
  makeDue(): void {
    for (const queue of this.queues.values()) if (queue.open !== undefined) queue.open.due = true
  }

  /** Hands a builder back for the next batch. */
  recycle(builder: RecordBatchBuilder): void {
    if (this.#freeBuilders.length >= BUILDERS_KEPT) return
    builder.reset()
    this.#freeBuilders.push(builder)
  }

  #choosePartition(record: ProducerRecord, count: number): number {
    const key = record.partitionKey ?? record.key
    if (key !== null) return partitionForKey(key, count)
    let partition = this.#sticky.get(record.topic)
    if (partition === undefined || partition >= count) {
      partition = Math.floor(this.#environment.random.next() * count)
      this.#sticky.set(record.topic, partition)
    }
    return partition
  }

  #queue(topic: string, partition: number): PartitionQueue {
    let queues = this.#byTopic.get(topic)
    if (queues === undefined) this.#byTopic.set(topic, (queues = []))
    let queue = queues[partition]
    if (queue === undefined) {
      queue = new PartitionQueue(topic, partition)
      queues[partition] = queue
      this.queues.set(`${topic}/${partition}`, queue)
    }
    return queue
  }

  #place(
    record: ProducerRecord,
    partition: number,
    timestampMs: number,
    onAck: AckCallback | undefined,
  ): void {
    const headers = record.headers ?? noHeaders
    const queue = this.#queue(record.topic, partition)
    const sizeMax = RecordBatchBuilder.recordSizeMax(record.key, record.value, headers)
    let batch = queue.open
    if (
      batch !== undefined &&
      batch.sizeBytes + sizeMax > this.#environment.batchBytesMax &&
      batch.recordCount > 0
    ) {
      batch.due = true
      queue.closeOpen()
      batch = undefined
      this.#sticky.delete(record.topic)
      this.#environment.onFull()
    }
    const isNew = batch === undefined
    if (batch === undefined) {
      const builder = this.#freeBuilders.pop() ?? new RecordBatchBuilder()
      batch = new ProducerBatch(
        record.topic,
        partition,
        this.#environment.clock.monotonicMs(),
        builder,
      )
      queue.open = batch
    }
    const builder = batch.builder!
    const before = builder.sizeBytes
    builder.append(timestampMs, record.key, record.value, headers)
    batch.added(timestampMs, onAck)
    const added = builder.sizeBytes - before
    batch.bufferedBytes += added
    this.bufferedBytes += added
    if (isNew) this.#environment.onNewBatch(batch)
  }

  #keep(record: ProducerRecord, timestampMs: number, onAck: AckCallback | undefined): void {
    const sizeBytes = RecordBatchBuilder.recordSizeMax(record.key, record.value, record.headers)
    const copy: UnplacedRecord = {
      record: {
        ...record,
        key: record.key && copyBytes(record.key),
        value: record.value && copyBytes(record.value),
        headers: (record.headers ?? []).map((header) => ({
          key: header.key,
          value: header.value && copyBytes(header.value),
        })),
      },
      timestampMs,
      sizeBytes,
      onAck,
    }
    this.bufferedBytes += sizeBytes
    const { topic } = record
    const waiting = this.#unplaced.get(topic)
    if (waiting !== undefined) {
      waiting.records.push(copy)
      return
    }
    const placed = this.#environment.loadTopic(topic).then(
      () => this.#placeKept(topic),
      (error: unknown) => this.#giveUp(topic, error),
    )
    this.#unplaced.set(topic, { records: [copy], placed })
  }

  #placeKept(topic: string): void {
    const waiting = this.#unplaced.get(topic)
    if (waiting === undefined) return
    this.#unplaced.delete(topic)
    const count = this.#environment.partitionCount(topic) ?? 1
    for (const { record, timestampMs, sizeBytes, onAck } of waiting.records) {
      this.bufferedBytes -= sizeBytes
      this.#place(
        record,
        record.partition ?? this.#choosePartition(record, count),
        timestampMs,
        onAck,
      )
    }
  }

  #giveUp(topic: string, error: unknown): void {
    const waiting = this.#unplaced.get(topic)
    if (waiting === undefined) return
    this.#unplaced.delete(topic)
    for (const { sizeBytes, onAck } of waiting.records) {
      this.bufferedBytes -= sizeBytes
      onAck?.(undefined, error)
    }
    this.#environment.onUnplaced(error)
  }
}
