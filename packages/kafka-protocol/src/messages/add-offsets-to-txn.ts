import { hidden, int16, int32, int64, string, struct } from '../primitives/wire-type.ts'
import {
  defineApi,
  type ApiDefinition,
  type MessageDecoder,
  type MessageEncoder,
} from './api-definition.ts'

/** AddOffsetsToTxn (api key 25). */
export interface AddOffsetsToTxnRequest {
  readonly transactionalId: string
  readonly producerId: number
  readonly producerEpoch: number
  readonly groupId: string
}

export interface AddOffsetsToTxnResponse {
  readonly errorCode: number
}

/** Wire form of AddOffsetsToTxn, versions 0 to 3. */
export const addOffsetsToTxnApi: ApiDefinition<AddOffsetsToTxnRequest, AddOffsetsToTxnResponse> =
  defineApi({
    name: 'AddOffsetsToTxn',
    key: 25,
    versions: [0, 3],
    flexibleSince: 3,
    request: struct({
      transactionalId: string,
      producerId: int64,
      producerEpoch: int16,
      groupId: string,
    }),
    response: struct({ $throttleTimeMs: hidden(int32, 0), errorCode: int16 }),
  })

export const encodeAddOffsetsToTxnRequest: MessageEncoder<AddOffsetsToTxnRequest> =
  addOffsetsToTxnApi.encodeRequest
export const decodeAddOffsetsToTxnRequest: MessageDecoder<AddOffsetsToTxnRequest> =
  addOffsetsToTxnApi.decodeRequest
export const encodeAddOffsetsToTxnResponse: MessageEncoder<AddOffsetsToTxnResponse> =
  addOffsetsToTxnApi.encodeResponse
export const decodeAddOffsetsToTxnResponse: MessageDecoder<AddOffsetsToTxnResponse> =
  addOffsetsToTxnApi.decodeResponse
