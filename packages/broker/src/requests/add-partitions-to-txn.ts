import { ErrorCode } from '@varve/kafka-protocol'
import type { AddPartitionsToTxnRequest, AddPartitionsToTxnResponse } from '@varve/kafka-protocol'

import { ApiError } from '../api-error.ts'
import type { BrokerContext } from '../broker-context.ts'

/** AddPartitionsToTxn: all of the partitions or none. */
export async function handleAddPartitionsToTxn(
  context: BrokerContext,
  request: AddPartitionsToTxnRequest,
): Promise<AddPartitionsToTxnResponse> {
  const unknown = (topic: string, partition: number): boolean =>
    context.topics.log(topic, partition) === undefined
  const anyUnknown = request.topics.some(({ topic, partitions }) =>
    partitions.some((partition) => unknown(topic, partition)),
  )
  if (anyUnknown) {
    return answer(request, (topic, partition) =>
      unknown(topic, partition)
        ? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
        : ErrorCode.OPERATION_NOT_ATTEMPTED,
    )
  }
  try {
    await context.transactions.addPartitions(
      request,
      new Map(request.topics.map(({ topic, partitions }) => [topic, partitions])),
    )
    return answer(request, () => ErrorCode.NONE)
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    const { errorCode } = error
    return answer(request, () => errorCode)
  }
}

function answer(
  request: AddPartitionsToTxnRequest,
  codeOf: (topic: string, partition: number) => number,
): AddPartitionsToTxnResponse {
  return {
    topics: request.topics.map(({ topic, partitions }) => ({
      topic,
      partitions: partitions.map((partition) => ({
        partition,
        errorCode: codeOf(topic, partition),
      })),
    })),
  }
}
