import type { ConsumerRecord, Kafka, TopicPartition } from '@varve/kafka'

/** A place in a partition. */
export type TopicPlace = TopicPartition & { readonly offset: number }

/** Where to begin reading a topic, and where to stop. */
export interface TopicReadOptions {
  readonly from: 'earliest' | 'latest' | readonly TopicPlace[]
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

/** Where the committed records of a topic end now. */
export async function topicEnds(kafka: Kafka, topic: string): Promise<readonly TopicPlace[]> {
  return kafka.admin.endOffsets(await partitionsOf(kafka, topic), 'read_committed')
}

/** Reads committed records of all partitions of a topic. Order holds per partition. */
export async function* readTopic(
  kafka: Kafka,
  topic: string,
  options: TopicReadOptions,
): AsyncGenerator<TopicBatch> {
  const partitions = await partitionsOf(kafka, topic)
  const ends = new Map<number, number>()
  for (const end of await kafka.admin.endOffsets(partitions, 'read_committed')) {
    ends.set(end.partition, end.offset)
  }
  const starts = await startsOf(kafka, partitions, options.from, ends)
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

/** The records of a topic up to its present ends. */
export async function* recordsOf(kafka: Kafka, topic: string): AsyncGenerator<ConsumerRecord> {
  const { signal } = new AbortController()
  for await (const { records } of readTopic(kafka, topic, {
    from: 'earliest',
    toCurrentEnd: true,
    signal,
  }))
    yield* records
}

async function startsOf(
  kafka: Kafka,
  partitions: readonly TopicPartition[],
  from: TopicReadOptions['from'],
  ends: ReadonlyMap<number, number>,
): Promise<readonly TopicPlace[]> {
  if (from === 'earliest') return kafka.admin.startOffsets(partitions)
  if (from !== 'latest') return from
  return partitions.map((p) => ({ ...p, offset: ends.get(p.partition) ?? 0 }))
}

async function partitionsOf(kafka: Kafka, topic: string): Promise<TopicPartition[]> {
  const description = await kafka.admin.describeTopic(topic)
  return Array.from({ length: description?.partitionCount ?? 0 }, (_, partition) => ({
    topic,
    partition,
  }))
}
