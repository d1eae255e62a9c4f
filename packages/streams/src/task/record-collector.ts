import { SerializationError } from '@varve/base'
import type { Producer, ProducerRecord } from '@varve/kafka'

import type { StreamRecord } from '../record.ts'
import type { PendingWrite } from '../state/overlay.ts'
import type { SinkNode } from '../topology/node.ts'
import { serializeRecord } from './serialize-record.ts'
import type { TaskContext } from './task-context.ts'

/** Told where a record of a changelog came to lie; `undefined` when it did not. */
export type Acknowledged = NonNullable<Parameters<Producer['send']>[1]>

type Outgoing = { -readonly [field in keyof ProducerRecord]: ProducerRecord[field] }

/** Sends what sinks and changelogs write, through the producer of the worker. */
export class RecordCollector {
  readonly #producer: Producer
  readonly #topicOf: (sink: SinkNode) => string
  readonly #partitionCountOf: (topic: string) => number
  readonly #topics = new Map<SinkNode, string>()
  #sent = 0

  constructor(
    producer: Producer,
    topicOf: (sink: SinkNode) => string,
    /** By topic of the topology, internal ones without prefix. */
    partitionCountOf: (topic: string) => number,
  ) {
    this.#producer = producer
    this.#topicOf = topicOf
    this.#partitionCountOf = partitionCountOf
  }

  /** Records sent since the start. */
  get sent(): number {
    return this.#sent
  }

  /** @throws SerializationError when key or value does not fit the sink's format */
  send(
    sink: SinkNode,
    record: StreamRecord<unknown, unknown>,
    context: TaskContext,
    onDrop: () => void,
  ): void {
    let topic = this.#topics.get(sink)
    if (topic === undefined) this.#topics.set(sink, (topic = this.#topicOf(sink)))
    let { timestamp } = record
    if (sink.timestampExtractor !== undefined) {
      timestamp = sink.timestampExtractor(
        record.key as never,
        record.value as never,
        context.at(record),
      )
      if (!Number.isFinite(timestamp) || timestamp < 0) {
        onDrop()
        return
      }
    }
    const partition = sink.partitioner?.(
      record.key as never,
      record.value as never,
      this.#partitionCountOf(sink.topic),
    )
    if (partition !== undefined && !Number.isSafeInteger(partition)) {
      throw new SerializationError(`the partitioner of "${sink.name}" answered ${partition}`)
    }
    const { key, value } = serializeRecord(sink, record, topic)
    // Windows of a key go where the key goes, as Kafka Streams has them.
    const partitionKey = key === null ? undefined : sink.keySerde.partitionKey?.(key)
    this.#sent++
    const outgoing: Outgoing = { topic, timestamp, key, value, headers: record.headers }
    if (partition !== undefined) outgoing.partition = partition
    if (partitionKey !== undefined) outgoing.partitionKey = partitionKey
    this.#producer.send(outgoing)
  }

  /** Sends a record as it is. */
  pass(record: ProducerRecord): void {
    this.#sent++
    this.#producer.send(record)
  }

  /** Writes one row of a store to its changelog. */
  log(
    topic: string,
    partition: number,
    { key, value, timestamp }: PendingWrite,
    onAcknowledged: Acknowledged | undefined,
  ): void {
    this.#sent++
    this.#producer.send({ topic, partition, timestamp, key, value }, onAcknowledged)
  }
}
