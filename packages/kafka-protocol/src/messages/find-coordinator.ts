import {
  hidden,
  int16,
  int32,
  int8,
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

/** FindCoordinator (api key 10). */
export interface FindCoordinatorRequest {
  readonly key: string
  /** 0 group, 1 transaction. */
  readonly keyType: number
}

export interface FindCoordinatorResponse {
  readonly errorCode: number
  readonly errorMessage: string | null
  readonly nodeId: number
  readonly host: string
  readonly port: number
}

/** Wire form of FindCoordinator, versions 1 to 3. */
export const findCoordinatorApi: ApiDefinition<FindCoordinatorRequest, FindCoordinatorResponse> =
  defineApi({
    name: 'FindCoordinator',
    key: 10,
    versions: [1, 3],
    flexibleSince: 3,
    request: struct({
      key: string,
      keyType: int8,
    }),
    response: struct({
      $throttleTimeMs: hidden(int32, 0),
      errorCode: int16,
      errorMessage: nullableString,
      nodeId: int32,
      host: string,
      port: int32,
    }),
  })

export const encodeFindCoordinatorRequest: MessageEncoder<FindCoordinatorRequest> =
  findCoordinatorApi.encodeRequest
export const decodeFindCoordinatorRequest: MessageDecoder<FindCoordinatorRequest> =
  findCoordinatorApi.decodeRequest
export const encodeFindCoordinatorResponse: MessageEncoder<FindCoordinatorResponse> =
  findCoordinatorApi.encodeResponse
export const decodeFindCoordinatorResponse: MessageDecoder<FindCoordinatorResponse> =
  findCoordinatorApi.decodeResponse
