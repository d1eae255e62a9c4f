import { ErrorCode } from '@varve/kafka-protocol'
import type { DescribeGroupsRequest, DescribeGroupsResponse } from '@varve/kafka-protocol'

import type { BrokerContext } from '../broker-context.ts'
import { metadataFor } from '../groups/group-member.ts'

/** DescribeGroups; a group that does not exist is `Dead`. */
export function handleDescribeGroups(
  context: BrokerContext,
  request: DescribeGroupsRequest,
): DescribeGroupsResponse {
  return {
    groups: request.groupIds.map((groupId) => {
      const group = context.groups.get(groupId)
      return {
        errorCode: ErrorCode.NONE,
        groupId,
        state: group?.state ?? 'Dead',
        protocolType: group?.protocolType ?? '',
        protocol: group?.state === 'Stable' ? (group.protocol ?? '') : '',
        members: Array.from(group?.members.values() ?? [], (member) => ({
          memberId: member.memberId,
          groupInstanceId: member.groupInstanceId,
          clientId: member.clientId,
          clientHost: member.clientHost,
          metadata: metadataFor(member, group?.protocol ?? null),
          assignment: member.assignment,
        })),
      }
    }),
  }
}
