import { ErrorCode } from '@varve/kafka-protocol'
import type { DeleteGroupsRequest, DeleteGroupsResponse } from '@varve/kafka-protocol'

import { ApiError } from '../api-error.ts'
import type { BrokerContext } from '../broker-context.ts'

/** DeleteGroups: empty groups, with their offsets. */
export async function handleDeleteGroups(
  context: BrokerContext,
  request: DeleteGroupsRequest,
): Promise<DeleteGroupsResponse> {
  const results: DeleteGroupsResponse['results'][number][] = []
  for (const groupId of request.groupIds) {
    try {
      await context.groups.delete(groupId)
      results.push({ groupId, errorCode: ErrorCode.NONE })
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      results.push({ groupId, errorCode: error.errorCode })
    }
  }
  return { results }
}
