import { ErrorCode } from '@varve/kafka-protocol'
import type { OffsetCommitRequest, OffsetCommitResponse } from '@varve/kafka-protocol'

import { ApiError } from '../api-error.ts'
import type { BrokerContext } from '../broker-context.ts'
import type { OffsetToStore } from '../groups/group-coordinator.ts'

/** `offset.metadata.max.bytes`. */
const METADATA_BYTES_MAX = 4096

type RequestedTopics = OffsetCommitRequest['topics']

/** OffsetCommit. */
export async function handleOffsetCommit(
  context: BrokerContext,
  request: OffsetCommitRequest,
): Promise<OffsetCommitResponse> {
  const { groupId, generationId, memberId, groupInstanceId, topics } = request
  return answerCommit(context, topics, async (offsets) => {
    const known = context.groups.get(groupId)
    if (known === undefined && (generationId >= 0 || memberId !== '')) {
      throw new ApiError(ErrorCode.ILLEGAL_GENERATION)
    }
    const group = known ?? (await context.groups.open(groupId))
    group.checkCommit(generationId, memberId, groupInstanceId, false)
    await context.groups.commit(group, offsets)
  })
}

/** Sorts out what cannot be committed, commits the rest, and tells each partition its code. */
export async function answerCommit(
  context: BrokerContext,
  topics: RequestedTopics,
  commit: (offsets: readonly OffsetToStore[]) => Promise<void>,
): Promise<OffsetCommitResponse> {
  const offsets: OffsetToStore[] = []
  const codes = new Map<RequestedTopics[number]['partitions'][number], number>()
  for (const { topic, partitions } of topics) {
    for (const wanted of partitions) {
      const code = refusal(context, topic, wanted.partition, wanted.metadata)
      codes.set(wanted, code)
      if (code === ErrorCode.NONE) offsets.push({ topic, ...wanted })
    }
  }
  let failure: number = ErrorCode.NONE
  try {
    await commit(offsets)
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    failure = error.errorCode
  }
  return {
    topics: topics.map(({ topic, partitions }) => ({
      topic,
      partitions: partitions.map((wanted) => {
        const own = codes.get(wanted) ?? ErrorCode.NONE
        return {
          partition: wanted.partition,
          errorCode: failure === ErrorCode.NONE ? own : failure,
        }
      }),
    })),
  }
}

function refusal(
  context: BrokerContext,
  topic: string,
  partition: number,
  metadata: string | null,
): number {
  if (context.topics.log(topic, partition) === undefined) {
    return ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
  }
  if (metadata !== null && new TextEncoder().encode(metadata).length > METADATA_BYTES_MAX) {
    return ErrorCode.OFFSET_METADATA_TOO_LARGE
  }
  return ErrorCode.NONE
}
