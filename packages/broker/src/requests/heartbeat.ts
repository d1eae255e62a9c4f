import { ErrorCode } from '@varve/kafka-protocol'
import type { HeartbeatRequest, HeartbeatResponse } from '@varve/kafka-protocol'

import type { BrokerContext } from '../broker-context.ts'

/** Heartbeat. */
export function handleHeartbeat(
  context: BrokerContext,
  request: HeartbeatRequest,
): HeartbeatResponse {
  const group = context.groups.get(request.groupId)
  const errorCode =
    group?.heartbeat(request.memberId, request.groupInstanceId, request.generationId) ??
    ErrorCode.UNKNOWN_MEMBER_ID
  return { errorCode }
}
