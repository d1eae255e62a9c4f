import { array, hidden, int16, int32, int64, string, struct } from '../primitives/wire-type.ts'
import {
  defineApi,
  type ApiDefinition,
  type MessageDecoder,
  type MessageEncoder,
} from './api-definition.ts'

/** AddPartitionsToTxn (api key 24). */
export interface AddPartitionsToTxnRequest {
  readonly transactionalId: string
  readonly producerId: number
  readonly producerEpoch: number
  readonly topics: readonly { readonly topic: string; readonly partitions: readonly number[] }[]
}

export interface AddPartitionsToTxnResponse {
  readonly topics: readonly {
    readonly topic: string
    readonly partitions: readonly { readonly partition: number; readonly errorCode: number }[]
  }[]
}

/** Wire form of AddPartitionsToTxn, versions 0 to 3. */
export const addPartitionsToTxnApi: ApiDefinition<
  AddPartitionsToTxnRequest,
  AddPartitionsToTxnResponse
> = defineApi({
  name: 'AddPartitionsToTxn',
  key: 24,
  versions: [0, 3],
  flexibleSince: 3,
  request: struct({
    transactionalId: string,
    producerId: int64,
    producerEpoch: int16,
    topics: array(struct({ topic: string, partitions: array(int32) })),
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

export const encodeAddPartitionsToTxnRequest: MessageEncoder<AddPartitionsToTxnRequest> =
  addPartitionsToTxnApi.encodeRequest
export const decodeAddPartitionsToTxnRequest: MessageDecoder<AddPartitionsToTxnRequest> =
  addPartitionsToTxnApi.decodeRequest
export const encodeAddPartitionsToTxnResponse: MessageEncoder<AddPartitionsToTxnResponse> =
  addPartitionsToTxnApi.encodeResponse
export const decodeAddPartitionsToTxnResponse: MessageDecoder<AddPartitionsToTxnResponse> =
  addPartitionsToTxnApi.decodeResponse
