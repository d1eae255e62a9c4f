import { ErrorCode } from '@varve/kafka-protocol'
import type { EndTxnRequest, EndTxnResponse } from '@varve/kafka-protocol'

import { ApiError } from '../api-error.ts'
import type { BrokerContext } from '../broker-context.ts'

/** EndTxn: answered when every partition has its marker. */
export async function handleEndTxn(
  context: BrokerContext,
  request: EndTxnRequest,
): Promise<EndTxnResponse> {
  try {
    await context.transactions.end(request, request.committed)
    return { errorCode: ErrorCode.NONE }
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    return { errorCode: error.errorCode }
  }
}
