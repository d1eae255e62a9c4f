import { array, hidden, int16, int32, inVersions, string, struct } from '../primitives/wire-type.ts'
import {
  defineApi,
  type ApiDefinition,
  type MessageDecoder,
  type MessageEncoder,
} from './api-definition.ts'

/** ListGroups (api key 16). */
export interface ListGroupsRequest {
  readonly statesFilter: readonly string[]
}

export interface ListGroupsResponse {
  readonly errorCode: number
  readonly groups: readonly { readonly groupId: string; readonly protocolType: string }[]
}

/** Wire form of ListGroups, versions 0 to 4. */
export const listGroupsApi: ApiDefinition<ListGroupsRequest, ListGroupsResponse> = defineApi({
  name: 'ListGroups',
  key: 16,
  versions: [0, 4],
  flexibleSince: 3,
  request: struct({
    statesFilter: inVersions({ since: 4, ignorable: true }, array(string), []),
  }),
  response: struct({
    $throttleTimeMs: hidden(int32, 0, { since: 1 }),
    errorCode: int16,
    groups: array(
      struct({
        groupId: string,
        protocolType: string,
        $state: hidden(string, '', { since: 4 }),
      }),
    ),
  }),
})

export const encodeListGroupsRequest: MessageEncoder<ListGroupsRequest> =
  listGroupsApi.encodeRequest
export const decodeListGroupsRequest: MessageDecoder<ListGroupsRequest> =
  listGroupsApi.decodeRequest
export const encodeListGroupsResponse: MessageEncoder<ListGroupsResponse> =
  listGroupsApi.encodeResponse
export const decodeListGroupsResponse: MessageDecoder<ListGroupsResponse> =
  listGroupsApi.decodeResponse
