import { ErrorCode } from '@varve/kafka-protocol'
import type { JoinGroupRequest, JoinGroupResponse } from '@varve/kafka-protocol'

import { ApiError } from '../api-error.ts'
import type { BrokerContext } from '../broker-context.ts'
import { joinRefusal } from '../groups/group-answers.ts'

/** JoinGroup: answers when the generation begins. */
export async function handleJoinGroup(
  context: BrokerContext,
  request: JoinGroupRequest,
): Promise<JoinGroupResponse> {
  const { groupMinSessionTimeoutMs, groupMaxSessionTimeoutMs } = context.defaults
  if (
    request.sessionTimeoutMs < groupMinSessionTimeoutMs ||
    request.sessionTimeoutMs > groupMaxSessionTimeoutMs
  ) {
    return joinRefusal(ErrorCode.INVALID_SESSION_TIMEOUT, request.memberId)
  }
  const known = context.groups.get(request.groupId)
  if (known === undefined && request.memberId !== '') {
    return joinRefusal(ErrorCode.UNKNOWN_MEMBER_ID, request.memberId)
  }
  try {
    const group = known ?? (await context.groups.open(request.groupId))
    return await group.join(request)
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    return joinRefusal(error.errorCode, request.memberId)
  }
}
