import type { ConsumerRecord, Kafka, TopicPartition } from '@varve/kafka'

/**
 * Every committed record that a topic holds now, in the order of each partition. Reads up to the last stable offset as it was when
 * called. The visitor's record is borrowed for the call.
 */
export async function readCommitted(
  kafka: Kafka,
  topic: string,
  visit: (record: ConsumerRecord) => void,
): Promise<void> {
  const description = await kafka.admin.describeTopic(topic)
  if (description === undefined) return
  const partitions = Array.from(
    { length: description.partitionCount },
    (_, partition): TopicPartition => ({ topic, partition }),
  )
  const starts = await kafka.admin.startOffsets(partitions)
  const ends = await kafka.admin.endOffsets(partitions, 'read_committed')
  const left = new Map(
    ends
      .filter((end) => end.offset > starts.find((s) => s.partition === end.partition)!.offset)
      .map((end) => [end.partition, end.offset]),
  )
  if (left.size === 0) return
  await using consumer = kafka.consumer({ isolationLevel: 'read_committed' })
  consumer.assign(starts.filter((s) => left.has(s.partition)))
  while (left.size > 0) {
    for (const fetched of await consumer.poll({ timeoutMs: 500 })) {
      const end = left.get(fetched.partition)
      if (end === undefined) continue
      for (const record of fetched.records) if (record.offset < end) visit(record)
      if (fetched.nextOffset >= end) left.delete(fetched.partition)
    }
  }
}
