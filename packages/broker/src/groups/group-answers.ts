import type { JoinGroupResponse, SyncGroupResponse } from '@varve/kafka-protocol'

/** What a member is assigned before the leader has spoken, and beside an error: nothing. */
export const noAssignment: Uint8Array = new Uint8Array(0)

/** A JoinGroup answer without a generation. */
export function joinRefusal(errorCode: number, memberId: string): JoinGroupResponse {
  return { errorCode, generationId: -1, protocolName: '', leader: '', memberId, members: [] }
}

/** A SyncGroup answer without an assignment. */
export function syncRefusal(errorCode: number): SyncGroupResponse {
  return { errorCode, assignment: noAssignment }
}
