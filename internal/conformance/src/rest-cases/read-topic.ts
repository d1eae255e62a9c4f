import type { ConsumerRecord, Kafka } from '@varve/kafka'

/** All committed records of a topic, partition by partition. */
export async function readTopic(kafka: Kafka, topic: string): Promise<ConsumerRecord[]> {
  const description = await kafka.admin.describeTopic(topic)
  if (description === undefined) return []
  const partitions = Array.from({ length: description.partitionCount }, (_, partition) => ({
    topic,
    partition,
  }))
  const ends = await kafka.admin.endOffsets(partitions, 'read_committed')
  const records: ConsumerRecord[] = []
  await using consumer = kafka.consumer()
  consumer.assign(partitions.map((partition) => ({ ...partition, offset: 0 })))
  const behind = (): boolean =>
    ends.some((end) => end.offset > 0 && (consumer.position(end) ?? 0) < end.offset)
  while (behind()) {
    for (const fetched of await consumer.poll({ timeoutMs: 200 })) {
      for (const record of fetched.records) {
        records.push({
          ...record,
          key: record.key && new Uint8Array(record.key),
          value: record.value && new Uint8Array(record.value),
        })
      }
    }
  }
  return records.toSorted((a, b) => a.partition - b.partition || a.offset - b.offset)
}
