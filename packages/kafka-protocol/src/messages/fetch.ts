import {
  array,
  hidden,
  int16,
  int32,
  int64,
  int8,
  inVersions,
  records,
  string,
  struct,
} from '../primitives/wire-type.ts'
import {
  defineApi,
  type ApiDefinition,
  type MessageDecoder,
  type MessageEncoder,
} from './api-definition.ts'

/** Fetch (api key 1), without sessions. */
export interface FetchRequest {
  readonly maxWaitMs: number
  readonly minBytes: number
  readonly maxBytes: number
  /** 0 read uncommitted, 1 read committed. */
  readonly isolationLevel: number
  readonly topics: readonly {
    readonly topic: string
    readonly partitions: readonly {
      readonly partition: number
      /** -1 when unknown. */
      readonly currentLeaderEpoch: number
      readonly fetchOffset: number
      readonly maxBytes: number
    }[]
  }[]
}

export interface FetchResponse {
  readonly throttleTimeMs: number
  readonly errorCode: number
  readonly topics: readonly {
    readonly topic: string
    readonly partitions: readonly FetchedPartition[]
  }[]
}

export interface FetchedPartition {
  readonly partition: number
  readonly errorCode: number
  readonly highWatermark: number
  readonly lastStableOffset: number
  readonly logStartOffset: number
  readonly abortedTransactions: readonly {
    readonly producerId: number
    readonly firstOffset: number
  }[]
  /** Record batches as stored; the first may begin below the offset asked for, the last may be cut off. A view, owned by the receiver. */
  readonly records: Uint8Array
}

/** Wire form of Fetch, versions 4 to 12. */
export const fetchApi: ApiDefinition<FetchRequest, FetchResponse> = defineApi({
  name: 'Fetch',
  key: 1,
  versions: [4, 12],
  flexibleSince: 12,
  request: struct({
    $replicaId: hidden(int32, -1),
    maxWaitMs: int32,
    minBytes: int32,
    maxBytes: int32,
    isolationLevel: int8,
    $sessionId: hidden(int32, 0, { since: 7 }),
    $sessionEpoch: hidden(int32, -1, { since: 7 }),
    topics: array(
      struct({
        topic: string,
        partitions: array(
          struct({
            partition: int32,
            currentLeaderEpoch: inVersions({ since: 9, ignorable: true }, int32, -1),
            fetchOffset: int64,
            $lastFetchedEpoch: hidden(int32, -1, { since: 12 }),
            $logStartOffset: hidden(int64, -1, { since: 5 }),
            maxBytes: int32,
          }),
        ),
      }),
    ),
    $forgotten: hidden(array(struct({ topic: string, partitions: array(int32) })), [], {
      since: 7,
    }),
    $rackId: hidden(string, '', { since: 11 }),
  }),
  response: struct({
    throttleTimeMs: int32,
    errorCode: inVersions({ since: 7, ignorable: true }, int16, 0),
    $sessionId: hidden(int32, 0, { since: 7 }),
    topics: array(
      struct({
        topic: string,
        partitions: array(
          struct({
            partition: int32,
            errorCode: int16,
            highWatermark: int64,
            lastStableOffset: int64,
            logStartOffset: inVersions({ since: 5, ignorable: true }, int64, -1),
            abortedTransactions: array(struct({ producerId: int64, firstOffset: int64 })),
            $preferredReadReplica: hidden(int32, -1, { since: 11 }),
            records,
          }),
        ),
      }),
    ),
  }),
})

export const encodeFetchRequest: MessageEncoder<FetchRequest> = fetchApi.encodeRequest
export const decodeFetchRequest: MessageDecoder<FetchRequest> = fetchApi.decodeRequest
export const encodeFetchResponse: MessageEncoder<FetchResponse> = fetchApi.encodeResponse
export const decodeFetchResponse: MessageDecoder<FetchResponse> = fetchApi.decodeResponse
