import { array, hidden, int16, int32, string, struct } from '../primitives/wire-type.ts'
import {
  defineApi,
  type ApiDefinition,
  type MessageDecoder,
  type MessageEncoder,
} from './api-definition.ts'

/** DeleteGroups (api key 42). */
export interface DeleteGroupsRequest {
  readonly groupIds: readonly string[]
}

export interface DeleteGroupsResponse {
  readonly results: readonly { readonly groupId: string; readonly errorCode: number }[]
}

/** Wire form of DeleteGroups, versions 0 to 2. */
export const deleteGroupsApi: ApiDefinition<DeleteGroupsRequest, DeleteGroupsResponse> = defineApi({
  name: 'DeleteGroups',
  key: 42,
  versions: [0, 2],
  flexibleSince: 2,
  request: struct({
    groupIds: array(string),
  }),
  response: struct({
    $throttleTimeMs: hidden(int32, 0),
    results: array(struct({ groupId: string, errorCode: int16 })),
  }),
})

export const encodeDeleteGroupsRequest: MessageEncoder<DeleteGroupsRequest> =
  deleteGroupsApi.encodeRequest
export const decodeDeleteGroupsRequest: MessageDecoder<DeleteGroupsRequest> =
  deleteGroupsApi.decodeRequest
export const encodeDeleteGroupsResponse: MessageEncoder<DeleteGroupsResponse> =
  deleteGroupsApi.encodeResponse
export const decodeDeleteGroupsResponse: MessageDecoder<DeleteGroupsResponse> =
  deleteGroupsApi.decodeResponse
