import type { ConsumerRecord, Kafka } from '@varve/kafka'

/** Where to begin reading a topic, and where to stop. */
export interface TopicReadOptions {
  readonly from: 'earliest' | 'latest'
  /** Stop at the ends that the partitions had at the start. */
  readonly toCurrentEnd: boolean
  readonly signal: AbortSignal
}

/** A batch of records, and whether all of them (and all before) were there when reading began. */
export interface TopicBatch {
  readonly records: readonly ConsumerRecord[]
  /** The batch lies before the ends that were found at the start, or reaches them. */
  readonly history: boolean
}

/** Reads committed records of all partitions of a topic. Order holds per partition. */
export async function* readTopic(
  kafka: Kafka,
  topic: string,
  options: TopicReadOptions,
): AsyncGenerator<TopicBatch> {
  const description = await kafka.admin.describeTopic(topic)
  const partitions = Array.from({ length: description?.partitionCount ?? 0 }, (_, partition) => ({
    topic,
    partition,
  }))
  const ends = new Map<number, number>()
  for (const end of await kafka.admin.endOffsets(partitions, 'read_committed')) {
    ends.set(end.partition, end.offset)
  }
  const starts =
    options.from === 'latest'
      ? partitions.map((p) => ({ ...p, offset: ends.get(p.partition) ?? 0 }))
      : await kafka.admin.startOffsets(partitions)
  await using consumer = kafka.consumer()
  consumer.assign(starts)
  const open = new Set(
    starts.filter((p) => p.offset < (ends.get(p.partition) ?? 0)).map((p) => p.partition),
  )
  while (!options.signal.aborted) {
    if (options.toCurrentEnd && open.size === 0) return
    for (const fetched of await consumer.poll({ timeoutMs: 1_000, signal: options.signal })) {
      const end = ends.get(fetched.partition) ?? 0
      const before = fetched.records.filter((record) => record.offset < end)
      if (before.length > 0) yield { records: before, history: true }
      if (fetched.nextOffset >= end) open.delete(fetched.partition)
      if (options.toCurrentEnd || before.length === fetched.records.length) continue
      yield { records: fetched.records.slice(before.length), history: false }
    }
  }
}
