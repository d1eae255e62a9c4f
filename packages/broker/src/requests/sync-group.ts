import { emptyBytes } from '@varve/base'
import { ErrorCode } from '@varve/kafka-protocol'
import type { SyncGroupRequest, SyncGroupResponse } from '@varve/kafka-protocol'

import type { BrokerContext } from '../broker-context.ts'

/** SyncGroup: answers when the leader has told the assignment. */
export async function handleSyncGroup(
  context: BrokerContext,
  request: SyncGroupRequest,
): Promise<SyncGroupResponse> {
  const group = context.groups.get(request.groupId)
  if (group === undefined) {
    return { errorCode: ErrorCode.UNKNOWN_MEMBER_ID, assignment: emptyBytes }
  }
  return group.sync(request)
}
