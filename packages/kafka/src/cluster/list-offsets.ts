import { ErrorCode } from '@varve/kafka-protocol'

import type { TopicPartition } from '../client.ts'
import { KafkaError } from '../errors.ts'
import { byTopic } from './by-topic.ts'
import type { CallOptions, Cluster } from './cluster.ts'
import { reactionTo } from './error-class.ts'

/** Stands for the end and the start of a log where a time is asked for. */
export const END_TIMESTAMP = -1
export const START_TIMESTAMP = -2

/**
 * Offsets by time of many partitions, from their leaders; partitions that fail for a while are asked again alone.
 *
 * @param isolationLevel 1: the end is the last stable offset.
 * @returns in the order asked; offset -1 where there is no such record.
 */
export async function listOffsets(
  cluster: Cluster,
  partitions: readonly (TopicPartition & { readonly timestamp: number })[],
  isolationLevel: 0 | 1,
  options: CallOptions = {},
): Promise<(TopicPartition & { readonly offset: number })[]> {
  const found = new Map<string, number>()
  const keyOf = (p: TopicPartition): string => `${p.topic}/${p.partition}`
  const deadline = options.deadline ?? cluster.deadline()
  await cluster.retry(
    'offsets of partitions',
    'ListOffsets',
    async (remainingMs) => {
      const left = partitions.filter((p) => !found.has(keyOf(p)))
      const byLeader = new Map<number, (TopicPartition & { readonly timestamp: number })[]>()
      for (const partition of left) {
        const leader = await cluster.leader(partition.topic, partition.partition, {
          ...options,
          deadline,
        })
        const group = byLeader.get(leader)
        if (group === undefined) byLeader.set(leader, [partition])
        else group.push(partition)
      }
      let failure: KafkaError | undefined
      for (const [nodeId, group] of byLeader) {
        const response = await cluster.sendOnce(
          { kind: 'node', nodeId },
          'ListOffsets',
          {
            isolationLevel,
            topics: byTopic(group, (p) => ({ partition: p.partition, timestamp: p.timestamp })),
          },
          { timeoutMs: remainingMs },
        )
        for (const { topic, partitions: answers } of response.topics) {
          for (const { partition, errorCode, offset } of answers) {
            if (errorCode === ErrorCode.NONE) {
              found.set(keyOf({ topic, partition }), offset)
              continue
            }
            failure ??= new KafkaError(errorCode, `offsets of ${topic}-${partition}`, {
              topic,
              partition,
            })
            if (reactionTo(errorCode, 'ListOffsets') === 'metadata') cluster.forgetTopic(topic)
          }
        }
      }
      if (failure !== undefined) throw failure
      const missing = partitions.find((p) => !found.has(keyOf(p)))
      if (missing !== undefined) {
        throw new KafkaError(
          ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
          `offsets of ${keyOf(missing)}`,
          missing,
        )
      }
    },
    {
      ...options,
      deadline,
      onRetry: (error) => {
        if (error instanceof KafkaError) return
        for (const { topic } of partitions) cluster.forgetTopic(topic)
      },
    },
  )
  return partitions.map((p) => ({
    topic: p.topic,
    partition: p.partition,
    offset: found.get(keyOf(p))!,
  }))
}
