import { ErrorCode } from '@varve/kafka-protocol'
import type { FindCoordinatorRequest, FindCoordinatorResponse } from '@varve/kafka-protocol'

import type { BrokerContext } from '../broker-context.ts'

/** FindCoordinator: this node, for groups (0) and transactions (1). */
export function handleFindCoordinator(
  context: BrokerContext,
  request: FindCoordinatorRequest,
): FindCoordinatorResponse {
  if (request.keyType !== 0 && request.keyType !== 1) {
    return {
      errorCode: ErrorCode.INVALID_REQUEST,
      errorMessage: `no coordinator of type ${request.keyType}`,
      nodeId: -1,
      host: '',
      port: -1,
    }
  }
  const { nodeId, advertisedHost, advertisedPort } = context.defaults
  return {
    errorCode: ErrorCode.NONE,
    errorMessage: null,
    nodeId,
    host: advertisedHost,
    port: advertisedPort,
  }
}
