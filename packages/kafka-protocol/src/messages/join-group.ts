import {
  array,
  bytes,
  hidden,
  int16,
  int32,
  inVersions,
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

/** JoinGroup (api key 11). */
export interface JoinGroupRequest {
  readonly groupId: string
  readonly sessionTimeoutMs: number
  readonly rebalanceTimeoutMs: number
  /** Empty at the first join; the broker answers 79 with an id to come back with. */
  readonly memberId: string
  readonly groupInstanceId: string | null
  readonly protocolType: string
  readonly protocols: readonly { readonly name: string; readonly metadata: Uint8Array }[]
}

export interface JoinGroupResponse {
  readonly errorCode: number
  readonly generationId: number
  readonly protocolName: string
  readonly leader: string
  readonly memberId: string
  /** Filled for the leader alone. */
  readonly members: readonly {
    readonly memberId: string
    readonly groupInstanceId: string | null
    readonly metadata: Uint8Array
  }[]
}

/** Wire form of JoinGroup, versions 2 to 6. */
export const joinGroupApi: ApiDefinition<JoinGroupRequest, JoinGroupResponse> = defineApi({
  name: 'JoinGroup',
  key: 11,
  versions: [2, 6],
  flexibleSince: 6,
  request: struct({
    groupId: string,
    sessionTimeoutMs: int32,
    rebalanceTimeoutMs: int32,
    memberId: string,
    groupInstanceId: inVersions({ since: 5 }, nullableString, null),
    protocolType: string,
    protocols: array(struct({ name: string, metadata: bytes })),
  }),
  response: struct({
    $throttleTimeMs: hidden(int32, 0),
    errorCode: int16,
    generationId: int32,
    protocolName: string,
    leader: string,
    memberId: string,
    members: array(
      struct({
        memberId: string,
        groupInstanceId: inVersions({ since: 5 }, nullableString, null),
        metadata: bytes,
      }),
    ),
  }),
})

export const encodeJoinGroupRequest: MessageEncoder<JoinGroupRequest> = joinGroupApi.encodeRequest
export const decodeJoinGroupRequest: MessageDecoder<JoinGroupRequest> = joinGroupApi.decodeRequest
export const encodeJoinGroupResponse: MessageEncoder<JoinGroupResponse> =
  joinGroupApi.encodeResponse
export const decodeJoinGroupResponse: MessageDecoder<JoinGroupResponse> =
  joinGroupApi.decodeResponse
