import { hidden, int16, int32, int64, nullableString, struct } from '../primitives/wire-type.ts'
import {
  defineApi,
  type ApiDefinition,
  type MessageDecoder,
  type MessageEncoder,
} from './api-definition.ts'

/** InitProducerId (api key 22). */
export interface InitProducerIdRequest {
  /** `null`: idempotent without transactions. */
  readonly transactionalId: string | null
  readonly transactionTimeoutMs: number
}

export interface InitProducerIdResponse {
  readonly errorCode: number
  readonly producerId: number
  readonly producerEpoch: number
}

/** Wire form of InitProducerId, versions 0 to 4. */
export const initProducerIdApi: ApiDefinition<InitProducerIdRequest, InitProducerIdResponse> =
  defineApi({
    name: 'InitProducerId',
    key: 22,
    versions: [0, 4],
    flexibleSince: 2,
    request: struct({
      transactionalId: nullableString,
      transactionTimeoutMs: int32,
      $producerId: hidden(int64, -1, { since: 3 }),
      $producerEpoch: hidden(int16, -1, { since: 3 }),
    }),
    response: struct({
      $throttleTimeMs: hidden(int32, 0),
      errorCode: int16,
      producerId: int64,
      producerEpoch: int16,
    }),
  })

export const encodeInitProducerIdRequest: MessageEncoder<InitProducerIdRequest> =
  initProducerIdApi.encodeRequest
export const decodeInitProducerIdRequest: MessageDecoder<InitProducerIdRequest> =
  initProducerIdApi.decodeRequest
export const encodeInitProducerIdResponse: MessageEncoder<InitProducerIdResponse> =
  initProducerIdApi.encodeResponse
export const decodeInitProducerIdResponse: MessageDecoder<InitProducerIdResponse> =
  initProducerIdApi.decodeResponse
