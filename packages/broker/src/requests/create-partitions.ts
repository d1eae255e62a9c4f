import { ErrorCode } from '@varve/kafka-protocol'
import type { CreatePartitionsRequest, CreatePartitionsResponse } from '@varve/kafka-protocol'

import { ApiError } from '../api-error.ts'
import type { BrokerContext } from '../broker-context.ts'

/** CreatePartitions: raises partition counts. */
export async function handleCreatePartitions(
  context: BrokerContext,
  request: CreatePartitionsRequest,
): Promise<CreatePartitionsResponse> {
  const topics: CreatePartitionsResponse['topics'][number][] = []
  for (const { name, count } of request.topics) {
    try {
      await context.topics.addPartitions(name, count, request.validateOnly)
      topics.push({ name, errorCode: ErrorCode.NONE, errorMessage: null })
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      topics.push({ name, errorCode: error.errorCode, errorMessage: error.message })
    }
  }
  return { topics }
}
