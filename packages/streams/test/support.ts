import { EmbeddedBroker } from '@varve/broker'
import { createKafka, type Kafka, type ConsumerRecord } from '@varve/kafka'

import type { Serde } from '../src/index.ts'

export const text: Serde<string> = {
  serialize: (value) => (value === null ? null : new Uint8Array(Buffer.from(value))),
  deserialize: (bytes) =>
    bytes === null ? (null as unknown as string) : Buffer.from(bytes).toString(),
}

export const json = <T>(): Serde<T> => ({
  serialize: (value) =>
    value === null ? null : new Uint8Array(Buffer.from(JSON.stringify(value))),
  deserialize: (bytes) =>
    bytes === null ? (null as T) : (JSON.parse(Buffer.from(bytes).toString()) as T),
})

/** An embedded broker in memory with a client on it. */
export class TestCluster {
  readonly broker: EmbeddedBroker
  readonly kafka: Kafka

  private constructor(broker: EmbeddedBroker) {
    this.broker = broker
    this.kafka = createKafka({ transport: broker })
  }

  static async open(): Promise<TestCluster> {
    return new TestCluster(await EmbeddedBroker.open({ directory: ':memory:' }))
  }

  /** Writes `[key, value]` records with running times from `timestamp` on, all acknowledged at the end. */
  async produce(
    topic: string,
    records: Iterable<readonly [string | null, string | null, number?]>,
  ): Promise<void> {
    await using producer = this.kafka.producer()
    await producer.init()
    let at = 0
    for (const [key, value, timestamp] of records) {
      producer.send({
        topic,
        timestamp: timestamp ?? at++,
        key: key === null ? null : Buffer.from(key),
        value: value === null ? null : Buffer.from(value),
      })
    }
    await producer.flush()
  }

  /** All records of a topic up to its end, read committed, by partition. */
  async readAll(topic: string): Promise<ConsumerRecord[]> {
    const description = await this.kafka.admin.describeTopic(topic)
    const partitions = Array.from({ length: description!.partitionCount }, (_, partition) => ({
      topic,
      partition,
    }))
    const ends = await this.kafka.admin.endOffsets(partitions, 'read_committed')
    await using consumer = this.kafka.consumer({ isolationLevel: 'read_committed' })
    consumer.assign(partitions.map((partition) => ({ ...partition, offset: 0 })))
    const records: ConsumerRecord[] = []
    while (ends.some((end) => consumer.position(end)! < end.offset)) {
      for (const fetched of await consumer.poll({ timeoutMs: 50 })) records.push(...fetched.records)
    }
    return records
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kafka.close()
    await this.broker.close()
  }
}
