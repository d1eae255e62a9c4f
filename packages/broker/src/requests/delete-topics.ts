import { ErrorCode } from '@varve/kafka-protocol'
import type { DeleteTopicsRequest, DeleteTopicsResponse } from '@varve/kafka-protocol'

import { ApiError } from '../api-error.ts'
import type { BrokerContext } from '../broker-context.ts'

/** DeleteTopics: data and committed offsets of the topics go with them. */
export async function handleDeleteTopics(
  context: BrokerContext,
  request: DeleteTopicsRequest,
): Promise<DeleteTopicsResponse> {
  const topics: DeleteTopicsResponse['topics'][number][] = []
  for (const name of request.topicNames) {
    try {
      await context.topics.delete(name)
      context.groups.forgetTopic(name)
      topics.push({ name, errorCode: ErrorCode.NONE })
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      topics.push({ name, errorCode: error.errorCode })
    }
  }
  await context.saveCheckpoints()
  return { topics }
}
