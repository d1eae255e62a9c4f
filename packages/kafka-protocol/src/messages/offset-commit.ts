import {
  array,
  hidden,
  int16,
  int32,
  int64,
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

/** OffsetCommit (api key 8). */
export interface OffsetCommitRequest {
  readonly groupId: string
  /** -1 outside a group's membership. */
  readonly generationId: number
  readonly memberId: string
  readonly groupInstanceId: string | null
  readonly topics: readonly {
    readonly topic: string
    readonly partitions: readonly {
      readonly partition: number
      readonly offset: number
      readonly leaderEpoch: number
      readonly metadata: string | null
    }[]
  }[]
}

export interface OffsetCommitResponse {
  readonly topics: readonly {
    readonly topic: string
    readonly partitions: readonly { readonly partition: number; readonly errorCode: number }[]
  }[]
}

/** Wire form of OffsetCommit, versions 2 to 8. */
export const offsetCommitApi: ApiDefinition<OffsetCommitRequest, OffsetCommitResponse> = defineApi({
  name: 'OffsetCommit',
  key: 8,
  versions: [2, 8],
  flexibleSince: 8,
  request: struct({
    groupId: string,
    generationId: int32,
    memberId: string,
    groupInstanceId: inVersions({ since: 7 }, nullableString, null),
    $retentionTimeMs: hidden(int64, -1, { until: 4 }),
    topics: array(
      struct({
        topic: string,
        partitions: array(
          struct({
            partition: int32,
            offset: int64,
            leaderEpoch: inVersions({ since: 6, ignorable: true }, int32, -1),
            metadata: nullableString,
          }),
        ),
      }),
    ),
  }),
  response: struct({
    $throttleTimeMs: hidden(int32, 0, { since: 3 }),
    topics: array(
      struct({
        topic: string,
        partitions: array(struct({ partition: int32, errorCode: int16 })),
      }),
    ),
  }),
})

export const encodeOffsetCommitRequest: MessageEncoder<OffsetCommitRequest> =
  offsetCommitApi.encodeRequest
export const decodeOffsetCommitRequest: MessageDecoder<OffsetCommitRequest> =
  offsetCommitApi.decodeRequest
export const encodeOffsetCommitResponse: MessageEncoder<OffsetCommitResponse> =
  offsetCommitApi.encodeResponse
export const decodeOffsetCommitResponse: MessageDecoder<OffsetCommitResponse> =
  offsetCommitApi.decodeResponse
