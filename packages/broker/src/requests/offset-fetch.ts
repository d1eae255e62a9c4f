import { ErrorCode } from '@varve/kafka-protocol'
import type { OffsetFetchRequest, OffsetFetchResponse } from '@varve/kafka-protocol'

import type { BrokerContext } from '../broker-context.ts'
import type { Group } from '../groups/group.ts'

type FetchedTopic = OffsetFetchResponse['topics'][number]
type FetchedOffset = FetchedTopic['partitions'][number]

/** OffsetFetch: committed offsets; with `requireStable` those an open transaction is about to change answer 88. */
export function handleOffsetFetch(
  context: BrokerContext,
  request: OffsetFetchRequest,
): OffsetFetchResponse {
  const group = context.groups.get(request.groupId)
  const topics = request.topics ?? committedPartitions(group)
  return {
    errorCode: ErrorCode.NONE,
    topics: topics.map(({ topic, partitions }) => ({
      topic,
      partitions: partitions.map((partition) =>
        fetchOne(group, topic, partition, request.requireStable),
      ),
    })),
  }
}

function fetchOne(
  group: Group | undefined,
  topic: string,
  partition: number,
  requireStable: boolean,
): FetchedOffset {
  const nothing = { partition, offset: -1, leaderEpoch: -1, metadata: '' }
  if (requireStable && group?.offsets.isUnstable(topic, partition) === true) {
    return { ...nothing, errorCode: ErrorCode.UNSTABLE_OFFSET_COMMIT }
  }
  const committed = group?.offsets.get(topic, partition)
  if (committed === undefined) return { ...nothing, errorCode: ErrorCode.NONE }
  const { offset, leaderEpoch, metadata } = committed
  return { partition, offset, leaderEpoch, metadata, errorCode: ErrorCode.NONE }
}

function committedPartitions(
  group: Group | undefined,
): { readonly topic: string; readonly partitions: readonly number[] }[] {
  const topics = new Map<string, number[]>()
  for (const { topic, partition } of group?.offsets.all() ?? []) {
    const partitions = topics.get(topic)
    if (partitions === undefined) topics.set(topic, [partition])
    else partitions.push(partition)
  }
  return Array.from(topics, ([topic, partitions]) => ({ topic, partitions }))
}
