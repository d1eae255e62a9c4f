import type { Kafka, ProducerRecord, TopicPartition } from '@varve/kafka'
import { partitionForKey } from '@varve/kafka-protocol'

/** The n-th event of a load, always the same for the same n. */
export type EventAt = (
  n: number,
) => Omit<ProducerRecord, 'topic' | 'partition'> & { readonly key: Uint8Array }

/** Where a load stands. */
export interface LoadTarget {
  readonly topic: string
  readonly partitionCount: number
  /** End offset of each partition before the load began. */
  readonly baseOffsets: readonly number[]
  readonly total: number
  /** Events sent in a second at most. Default: as many as the broker takes. */
  readonly eventsPerSecondMax?: number
}

/** End offsets of a topic's partitions now. */
export async function endOffsets(
  kafka: Kafka,
  topic: string,
  partitionCount: number,
): Promise<number[]> {
  const partitions = Array.from({ length: partitionCount }, (_, partition): TopicPartition => ({
    topic,
    partition,
  }))
  const ends = await kafka.admin.endOffsets(partitions)
  return partitions.map(({ partition }) => ends.find((e) => e.partition === partition)!.offset)
}

/**
 * Sends events 0 … total−1, each to the partition of its key, leaving out those that are in the topic already.
 *
 * A load that was killed goes on where the log ends: the order within a partition is that of the numbers, and the producer is idempotent, so
 * the first `end − base` events of a partition are exactly the ones that arrived.
 */
export async function runLoad(
  kafka: Kafka,
  target: LoadTarget,
  eventAt: EventAt,
  onProgress: (sent: number) => void,
): Promise<void> {
  const ends = await endOffsets(kafka, target.topic, target.partitionCount)
  const present = ends.map((end, p) => end - target.baseOffsets[p]!)
  await using producer = kafka.producer({ lingerMs: 5 })
  await producer.init()
  const started = performance.now()
  let sent = 0
  for (let n = 0; n < target.total; n++) {
    const event = eventAt(n)
    const partition = partitionForKey(event.key, target.partitionCount)
    if (present[partition]! > 0) present[partition]!--
    else {
      producer.send({ ...event, topic: target.topic, partition })
      sent++
    }
    if (n % 1000 === 999) {
      await producer.ready()
      const earliestMs = (sent / (target.eventsPerSecondMax ?? Infinity)) * 1000
      const aheadMs = earliestMs - (performance.now() - started)
      if (aheadMs > 0) await new Promise((resolve) => setTimeout(resolve, aheadMs))
      onProgress(n + 1)
    }
  }
  await producer.flush()
  onProgress(target.total)
}
