import { boolean, hidden, int16, int32, int64, string, struct } from '../primitives/wire-type.ts'
import {
  defineApi,
  type ApiDefinition,
  type MessageDecoder,
  type MessageEncoder,
} from './api-definition.ts'

/** EndTxn (api key 26). */
export interface EndTxnRequest {
  readonly transactionalId: string
  readonly producerId: number
  readonly producerEpoch: number
  readonly committed: boolean
}

export interface EndTxnResponse {
  readonly errorCode: number
}

/** Wire form of EndTxn, versions 0 to 3. */
export const endTxnApi: ApiDefinition<EndTxnRequest, EndTxnResponse> = defineApi({
  name: 'EndTxn',
  key: 26,
  versions: [0, 3],
  flexibleSince: 3,
  request: struct({
    transactionalId: string,
    producerId: int64,
    producerEpoch: int16,
    committed: boolean,
  }),
  response: struct({ $throttleTimeMs: hidden(int32, 0), errorCode: int16 }),
})

export const encodeEndTxnRequest: MessageEncoder<EndTxnRequest> = endTxnApi.encodeRequest
export const decodeEndTxnRequest: MessageDecoder<EndTxnRequest> = endTxnApi.decodeRequest
export const encodeEndTxnResponse: MessageEncoder<EndTxnResponse> = endTxnApi.encodeResponse
export const decodeEndTxnResponse: MessageDecoder<EndTxnResponse> = endTxnApi.decodeResponse
