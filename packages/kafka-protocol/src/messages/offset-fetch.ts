import {
  array,
  boolean,
  hidden,
  int16,
  int32,
  int64,
  inVersions,
  nullableArray,
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

/** OffsetFetch (api key 9). */
export interface OffsetFetchRequest {
  readonly groupId: string
  /** `null`: all that the group committed. */
  readonly topics:
    readonly { readonly topic: string; readonly partitions: readonly number[] }[] | null
  /** Answer 88 while a transaction over these offsets is open. */
  readonly requireStable: boolean
}

export interface OffsetFetchResponse {
  readonly errorCode: number
  readonly topics: readonly {
    readonly topic: string
    readonly partitions: readonly {
      readonly partition: number
      /** -1: nothing committed. */
      readonly offset: number
      readonly leaderEpoch: number
      readonly metadata: string | null
      readonly errorCode: number
    }[]
  }[]
}

/** Wire form of OffsetFetch, versions 2 to 7. */
export const offsetFetchApi: ApiDefinition<OffsetFetchRequest, OffsetFetchResponse> = defineApi({
  name: 'OffsetFetch',
  key: 9,
  versions: [2, 7],
  flexibleSince: 6,
  request: struct({
    groupId: string,
    topics: nullableArray(struct({ topic: string, partitions: array(int32) })),
    requireStable: inVersions({ since: 7 }, boolean, false),
  }),
  response: struct({
    $throttleTimeMs: hidden(int32, 0, { since: 3 }),
    topics: array(
      struct({
        topic: string,
        partitions: array(
          struct({
            partition: int32,
            offset: int64,
            leaderEpoch: inVersions({ since: 5, ignorable: true }, int32, -1),
            metadata: nullableString,
            errorCode: int16,
          }),
        ),
      }),
    ),
    errorCode: int16,
  }),
})

export const encodeOffsetFetchRequest: MessageEncoder<OffsetFetchRequest> =
  offsetFetchApi.encodeRequest
export const decodeOffsetFetchRequest: MessageDecoder<OffsetFetchRequest> =
  offsetFetchApi.decodeRequest
export const encodeOffsetFetchResponse: MessageEncoder<OffsetFetchResponse> =
  offsetFetchApi.encodeResponse
export const decodeOffsetFetchResponse: MessageDecoder<OffsetFetchResponse> =
  offsetFetchApi.decodeResponse
