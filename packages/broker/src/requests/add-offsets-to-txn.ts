import { ErrorCode } from '@varve/kafka-protocol'
import type { AddOffsetsToTxnRequest, AddOffsetsToTxnResponse } from '@varve/kafka-protocol'

import { ApiError } from '../api-error.ts'
import type { BrokerContext } from '../broker-context.ts'
import { OFFSETS_TOPIC } from '../topics/topic-name.ts'

/** AddOffsetsToTxn: the log of committed offsets becomes part of the transaction. */
export async function handleAddOffsetsToTxn(
  context: BrokerContext,
  request: AddOffsetsToTxnRequest,
): Promise<AddOffsetsToTxnResponse> {
  try {
    await context.groups.open(request.groupId)
    await context.transactions.addPartitions(request, new Map([[OFFSETS_TOPIC, [0]]]))
    return { errorCode: ErrorCode.NONE }
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    return { errorCode: error.errorCode }
  }
}
