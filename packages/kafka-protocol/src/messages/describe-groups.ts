import {
  array,
  boolean,
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

/** DescribeGroups (api key 15). */
export interface DescribeGroupsRequest {
  readonly groupIds: readonly string[]
}

export interface DescribeGroupsResponse {
  readonly groups: readonly {
    readonly errorCode: number
    readonly groupId: string
    /** `Empty`, `PreparingRebalance`, `CompletingRebalance`, `Stable`, `Dead`. */
    readonly state: string
    readonly protocolType: string
    readonly protocol: string
    readonly members: readonly {
      readonly memberId: string
      readonly groupInstanceId: string | null
      readonly clientId: string
      readonly clientHost: string
      readonly metadata: Uint8Array
      readonly assignment: Uint8Array
    }[]
  }[]
}

/** Stands for "not asked". */
const UNKNOWN_OPERATIONS = -2147483648

/** Wire form of DescribeGroups, versions 0 to 5. */
export const describeGroupsApi: ApiDefinition<DescribeGroupsRequest, DescribeGroupsResponse> =
  defineApi({
    name: 'DescribeGroups',
    key: 15,
    versions: [0, 5],
    flexibleSince: 5,
    request: struct({
      groupIds: array(string),
      $includeAuthorizedOperations: hidden(boolean, false, { since: 3 }),
    }),
    response: struct({
      $throttleTimeMs: hidden(int32, 0, { since: 1 }),
      groups: array(
        struct({
          errorCode: int16,
          groupId: string,
          state: string,
          protocolType: string,
          protocol: string,
          members: array(
            struct({
              memberId: string,
              groupInstanceId: inVersions({ since: 4, ignorable: true }, nullableString, null),
              clientId: string,
              clientHost: string,
              metadata: bytes,
              assignment: bytes,
            }),
          ),
          $authorizedOperations: hidden(int32, UNKNOWN_OPERATIONS, { since: 3 }),
        }),
      ),
    }),
  })

export const encodeDescribeGroupsRequest: MessageEncoder<DescribeGroupsRequest> =
  describeGroupsApi.encodeRequest
export const decodeDescribeGroupsRequest: MessageDecoder<DescribeGroupsRequest> =
  describeGroupsApi.decodeRequest
export const encodeDescribeGroupsResponse: MessageEncoder<DescribeGroupsResponse> =
  describeGroupsApi.encodeResponse
export const decodeDescribeGroupsResponse: MessageDecoder<DescribeGroupsResponse> =
  describeGroupsApi.decodeResponse
