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

/** TxnOffsetCommit (api key 28), with the generation that fences zombie members (KIP-447). */
export interface TxnOffsetCommitRequest {
  readonly transactionalId: string
  readonly groupId: string
  readonly producerId: number
  readonly producerEpoch: number
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

export interface TxnOffsetCommitResponse {
  readonly topics: readonly {
    readonly topic: string
    readonly partitions: readonly { readonly partition: number; readonly errorCode: number }[]
  }[]
}

/** Wire form of TxnOffsetCommit, versions 0 to 3. */
export const txnOffsetCommitApi: ApiDefinition<TxnOffsetCommitRequest, TxnOffsetCommitResponse> =
  defineApi({
    name: 'TxnOffsetCommit',
    key: 28,
    versions: [0, 3],
    flexibleSince: 3,
    request: struct({
      transactionalId: string,
      groupId: string,
      producerId: int64,
      producerEpoch: int16,
      generationId: inVersions({ since: 3 }, int32, -1),
      memberId: inVersions({ since: 3 }, string, ''),
      groupInstanceId: inVersions({ since: 3 }, nullableString, null),
      topics: array(
        struct({
          topic: string,
          partitions: array(
            struct({
              partition: int32,
              offset: int64,
              leaderEpoch: inVersions({ since: 2, ignorable: true }, int32, -1),
              metadata: nullableString,
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
          partitions: array(struct({ partition: int32, errorCode: int16 })),
        }),
      ),
    }),
  })

export const encodeTxnOffsetCommitRequest: MessageEncoder<TxnOffsetCommitRequest> =
  txnOffsetCommitApi.encodeRequest
export const decodeTxnOffsetCommitRequest: MessageDecoder<TxnOffsetCommitRequest> =
  txnOffsetCommitApi.decodeRequest
export const encodeTxnOffsetCommitResponse: MessageEncoder<TxnOffsetCommitResponse> =
  txnOffsetCommitApi.encodeResponse
export const decodeTxnOffsetCommitResponse: MessageDecoder<TxnOffsetCommitResponse> =
  txnOffsetCommitApi.decodeResponse
