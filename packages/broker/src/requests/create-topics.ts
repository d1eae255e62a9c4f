import { ErrorCode } from '@varve/kafka-protocol'
import type { CreateTopicsRequest, CreateTopicsResponse } from '@varve/kafka-protocol'

import { ApiError } from '../api-error.ts'
import type { BrokerContext } from '../broker-context.ts'
import type { NewTopic } from '../topics/topic-registry.ts'

/** CreateTopics: one after the other; each is on disk when it is acknowledged. */
export async function handleCreateTopics(
  context: BrokerContext,
  request: CreateTopicsRequest,
): Promise<CreateTopicsResponse> {
  const topics: CreateTopicsResponse['topics'][number][] = []
  for (const wanted of request.topics) {
    try {
      const spec = newTopic(context, wanted)
      if (request.validateOnly) context.topics.validateNew(spec)
      else await context.topics.create(spec)
      topics.push({ name: wanted.name, errorCode: ErrorCode.NONE, errorMessage: null })
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      topics.push({ name: wanted.name, errorCode: error.errorCode, errorMessage: error.message })
    }
  }
  return { topics }
}

function newTopic(context: BrokerContext, wanted: CreateTopicsRequest['topics'][number]): NewTopic {
  if (wanted.replicationFactor !== -1 && wanted.replicationFactor !== 1) {
    throw new ApiError(
      ErrorCode.INVALID_REPLICATION_FACTOR,
      `replication factor ${wanted.replicationFactor}, but there is one broker`,
    )
  }
  const configs = new Map<string, string>()
  for (const { name, value } of wanted.configs) {
    if (value === null) {
      throw new ApiError(
        ErrorCode.INVALID_CONFIG,
        `Null value not supported for topic config: ${name}`,
      )
    }
    configs.set(name, value)
  }
  const partitionCount =
    wanted.partitionCount === -1 ? context.defaults.partitionCount : wanted.partitionCount
  return { name: wanted.name, partitionCount, configs }
}
