import { ErrorCode } from '@varve/kafka-protocol'
import type { LeaveGroupRequest, LeaveGroupResponse } from '@varve/kafka-protocol'

import type { BrokerContext } from '../broker-context.ts'

/** LeaveGroup: takes members out, one by one. */
export function handleLeaveGroup(
  context: BrokerContext,
  request: LeaveGroupRequest,
): LeaveGroupResponse {
  const group = context.groups.get(request.groupId)
  return {
    errorCode: ErrorCode.NONE,
    members: request.members.map(({ memberId, groupInstanceId }) => ({
      memberId,
      groupInstanceId,
      errorCode: group?.leave(memberId, groupInstanceId) ?? ErrorCode.UNKNOWN_MEMBER_ID,
    })),
  }
}
