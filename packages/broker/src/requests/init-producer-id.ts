import { ErrorCode } from '@varve/kafka-protocol'
import type { InitProducerIdRequest, InitProducerIdResponse } from '@varve/kafka-protocol'

import { ApiError } from '../api-error.ts'
import type { BrokerContext } from '../broker-context.ts'

/** InitProducerId: a fresh id without a transactional id; with one the next epoch, after its predecessor's transaction is ended. */
export async function handleInitProducerId(
  context: BrokerContext,
  request: InitProducerIdRequest,
): Promise<InitProducerIdResponse> {
  try {
    if (request.transactionalId === null) {
      const producerId = await context.producerIds.allocate()
      return { errorCode: ErrorCode.NONE, producerId, producerEpoch: 0 }
    }
    const { transactionTimeoutMs } = request
    if (
      transactionTimeoutMs <= 0 ||
      transactionTimeoutMs > context.defaults.transactionMaxTimeoutMs
    ) {
      throw new ApiError(ErrorCode.INVALID_TRANSACTION_TIMEOUT)
    }
    const session = await context.transactions.init(request.transactionalId, transactionTimeoutMs)
    return { errorCode: ErrorCode.NONE, ...session }
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    return { errorCode: error.errorCode, producerId: -1, producerEpoch: -1 }
  }
}
