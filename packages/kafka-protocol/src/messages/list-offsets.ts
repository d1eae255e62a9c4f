import {
  array,
  hidden,
  int16,
  int32,
  int64,
  int8,
  string,
  struct,
} from '../primitives/wire-type.ts'
import {
  defineApi,
  type ApiDefinition,
  type MessageDecoder,
  type MessageEncoder,
} from './api-definition.ts'

/** ListOffsets (api key 2). */
export interface ListOffsetsRequest {
  /** 0 read uncommitted, 1 read committed (then "end" is the last stable offset). */
  readonly isolationLevel: number
  readonly topics: readonly {
    readonly topic: string
    readonly partitions: readonly {
      readonly partition: number
      /** -1 end, -2 start, else the first record at or after. */ readonly timestamp: number
    }[]
  }[]
}

export interface ListOffsetsResponse {
  readonly topics: readonly {
    readonly topic: string
    readonly partitions: readonly {
      readonly partition: number
      readonly errorCode: number
      readonly timestamp: number
      /** -1: no such record. */
      readonly offset: number
    }[]
  }[]
}

/** Wire form of ListOffsets, versions 2 to 6. */
export const listOffsetsApi: ApiDefinition<ListOffsetsRequest, ListOffsetsResponse> = defineApi({
  name: 'ListOffsets',
  key: 2,
  versions: [2, 6],
  flexibleSince: 6,
  request: struct({
    $replicaId: hidden(int32, -1),
    isolationLevel: int8,
    topics: array(
      struct({
        topic: string,
        partitions: array(
          struct({
            partition: int32,
            $currentLeaderEpoch: hidden(int32, -1, { since: 4 }),
            timestamp: int64,
          }),
        ),
      }),
    ),
  }),
  response: struct({
    $throttleTimeMs: hidden(int32, 0),
    topics: array(
      struct({
        topic: string,
        partitions: array(
          struct({
            partition: int32,
            errorCode: int16,
            timestamp: int64,
            offset: int64,
            $leaderEpoch: hidden(int32, -1, { since: 4 }),
          }),
        ),
      }),
    ),
  }),
})

export const encodeListOffsetsRequest: MessageEncoder<ListOffsetsRequest> =
  listOffsetsApi.encodeRequest
export const decodeListOffsetsRequest: MessageDecoder<ListOffsetsRequest> =
  listOffsetsApi.decodeRequest
export const encodeListOffsetsResponse: MessageEncoder<ListOffsetsResponse> =
  listOffsetsApi.encodeResponse
export const decodeListOffsetsResponse: MessageDecoder<ListOffsetsResponse> =
  listOffsetsApi.decodeResponse
