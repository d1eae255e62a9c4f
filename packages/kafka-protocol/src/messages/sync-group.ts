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

/** SyncGroup (api key 14). */
export interface SyncGroupRequest {
  readonly groupId: string
  readonly generationId: number
  readonly memberId: string
  readonly groupInstanceId: string | null
  /** From the leader: one for each member. From others: empty. */
  readonly assignments: readonly { readonly memberId: string; readonly assignment: Uint8Array }[]
}

export interface SyncGroupResponse {
  readonly errorCode: number
  readonly assignment: Uint8Array
}

/** Wire form of SyncGroup, versions 0 to 4. */
export const syncGroupApi: ApiDefinition<SyncGroupRequest, SyncGroupResponse> = defineApi({
  name: 'SyncGroup',
  key: 14,
  versions: [0, 4],
  flexibleSince: 4,
  request: struct({
    groupId: string,
    generationId: int32,
    memberId: string,
    groupInstanceId: inVersions({ since: 3 }, nullableString, null),
    assignments: array(struct({ memberId: string, assignment: bytes })),
  }),
  response: struct({
    $throttleTimeMs: hidden(int32, 0, { since: 1 }),
    errorCode: int16,
    assignment: bytes,
  }),
})

export const encodeSyncGroupRequest: MessageEncoder<SyncGroupRequest> = syncGroupApi.encodeRequest
export const decodeSyncGroupRequest: MessageDecoder<SyncGroupRequest> = syncGroupApi.decodeRequest
export const encodeSyncGroupResponse: MessageEncoder<SyncGroupResponse> =
  syncGroupApi.encodeResponse
export const decodeSyncGroupResponse: MessageDecoder<SyncGroupResponse> =
  syncGroupApi.decodeResponse
