import { ErrorCode } from '@varve/kafka-protocol'
import type { ListGroupsRequest, ListGroupsResponse } from '@varve/kafka-protocol'

import type { BrokerContext } from '../broker-context.ts'

/** ListGroups, of the states asked for; an empty filter asks for all. */
export function handleListGroups(
  context: BrokerContext,
  request: ListGroupsRequest,
): ListGroupsResponse {
  const wanted = new Set(request.statesFilter.map((state) => state.toLowerCase()))
  const groups = [...context.groups.all()]
    .filter(({ state }) => wanted.size === 0 || wanted.has(state.toLowerCase()))
    .map(({ groupId, protocolType }) => ({ groupId, protocolType }))
  return { errorCode: ErrorCode.NONE, groups }
}
