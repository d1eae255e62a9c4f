import { assert } from '@varve/base'
import {
  decodeConsumerSubscription,
  encodeConsumerAssignment,
  type JoinGroupResponse,
  type SyncGroupRequest,
} from '@varve/kafka-protocol'

import type { Assignor, TopicPartition } from '../client.ts'
import { byTopic } from '../cluster/by-topic.ts'

/** A member as its subscription shows it to the leader. */
interface SubscribedMember {
  readonly memberId: string
  readonly topics: readonly string[]
  readonly userData: Uint8Array | null
  readonly owned: readonly TopicPartition[]
}

/**
 * The leader's part of a rebalance: everybody's subscription to everybody's assignment.
 *
 * @param countPartitions partitions of each topic that exists; the others are left out until they appear
 */
export async function assignAsLeader(
  joined: JoinGroupResponse,
  assignors: readonly Assignor[],
  countPartitions: (topics: readonly string[]) => Promise<ReadonlyMap<string, number>>,
): Promise<SyncGroupRequest['assignments']> {
  const assignor = assignors.find((candidate) => candidate.name === joined.protocolName)
  assert(
    assignor !== undefined,
    `the group agreed on "${joined.protocolName}", which this member offered`,
  )
  const members = subscribedMembers(joined)
  const topics = [...new Set(members.flatMap((member) => member.topics))].sort()
  const assigned = assignor.assign(members, await countPartitions(topics))
  return members.map(({ memberId }) => {
    const { partitions, userData } = assigned.get(memberId) ?? { partitions: [], userData: null }
    return {
      memberId,
      assignment: encodeConsumerAssignment({
        partitions: byTopic(partitions, (p) => p.partition),
        userData,
      }),
    }
  })
}

function subscribedMembers(joined: JoinGroupResponse): SubscribedMember[] {
  return joined.members.map(({ memberId, metadata }) => {
    const { topics, owned, userData } = decodeConsumerSubscription(metadata)
    return { memberId, topics, userData, owned: topicPartitions(owned) }
  })
}

/** Partitions by topic as a list. */
export function topicPartitions(
  topics: readonly { readonly topic: string; readonly partitions: readonly number[] }[],
): TopicPartition[] {
  return topics.flatMap(({ topic, partitions }) =>
    partitions.map((partition) => ({ topic, partition })),
  )
}
