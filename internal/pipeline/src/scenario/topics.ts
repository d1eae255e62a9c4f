import { setTimeout as sleep } from 'node:timers/promises'

import type { ChangeRecord } from '@varve/cdc-debezium'
import { readCommitted } from '@varve/internal-load'
import { connectKafka, type Kafka } from '@varve/kafka'

/** Waits until the topics exist. @throws Error after a minute and a half */
export async function waitForTopics(brokers: string, topics: readonly string[]): Promise<void> {
  await withKafka(brokers, async (kafka) => {
    const deadline = Date.now() + 90_000
    for (const topic of topics)
      while ((await kafka.admin.describeTopic(topic)) === undefined) {
        if (Date.now() > deadline) throw new Error(`topic ${topic} did not come`)
        await sleep(500)
      }
  })
}

/** A record as text. */
export interface TextRecord {
  readonly key: string
  readonly value: string
}

/** All committed records of a topic. */
export function readAll(brokers: string, topic: string): Promise<readonly TextRecord[]> {
  return withKafka(brokers, async (kafka) => {
    const records: TextRecord[] = []
    const decoder = new TextDecoder()
    await readCommitted(kafka, topic, ({ key, value }) =>
      records.push({
        key: decoder.decode(key ?? undefined),
        value: decoder.decode(value ?? undefined),
      }),
    )
    return records
  })
}

/** Makes a topic of one partition and fills it. */
export async function sendRecords(
  brokers: string,
  topic: string,
  records: readonly ChangeRecord[],
): Promise<void> {
  await withKafka(brokers, async (kafka) => {
    await kafka.admin.createTopic({ name: topic, partitionCount: 1 })
    await using producer = kafka.producer()
    await producer.init()
    for (const { key, value, headers } of records)
      producer.send({ topic, partition: 0, key, value, ...(headers && { headers }) })
    await producer.flush()
  })
}

async function withKafka<T>(brokers: string, use: (kafka: Kafka) => Promise<T>): Promise<T> {
  const kafka = connectKafka({ brokers: [brokers] })
  try {
    return await use(kafka)
  } finally {
    await kafka.close()
  }
}
