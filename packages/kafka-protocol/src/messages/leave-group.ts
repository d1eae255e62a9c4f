import {
  array,
  hidden,
  int16,
  int32,
  nullableString,
  string,
  struct,
} from '../primitives/wire-type.ts'
import {
  defineApi,
  type ApiDefinition,
  type MessageDecoder,
  type MessageEncoder,
} from './api-definition.ts'

/** LeaveGroup (api key 13). */
export interface LeaveGroupRequest {
  readonly groupId: string
  readonly members: readonly {
    readonly memberId: string
    readonly groupInstanceId: string | null
  }[]
}

export interface LeaveGroupResponse {
  readonly errorCode: number
  readonly members: readonly {
    readonly memberId: string
    readonly groupInstanceId: string | null
    readonly errorCode: number
  }[]
}

/** Wire form of LeaveGroup, versions 3 to 4. */
export const leaveGroupApi: ApiDefinition<LeaveGroupRequest, LeaveGroupResponse> = defineApi({
  name: 'LeaveGroup',
  key: 13,
  versions: [3, 4],
  flexibleSince: 4,
  request: struct({
    groupId: string,
    members: array(struct({ memberId: string, groupInstanceId: nullableString })),
  }),
  response: struct({
    $throttleTimeMs: hidden(int32, 0),
    errorCode: int16,
    members: array(struct({ memberId: string, groupInstanceId: nullableString, errorCode: int16 })),
  }),
})

export const encodeLeaveGroupRequest: MessageEncoder<LeaveGroupRequest> =
  leaveGroupApi.encodeRequest
export const decodeLeaveGroupRequest: MessageDecoder<LeaveGroupRequest> =
  leaveGroupApi.decodeRequest
export const encodeLeaveGroupResponse: MessageEncoder<LeaveGroupResponse> =
  leaveGroupApi.encodeResponse
export const decodeLeaveGroupResponse: MessageDecoder<LeaveGroupResponse> =
  leaveGroupApi.decodeResponse
