import {
  array,
  hidden,
  int16,
  int32,
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

/** DeleteTopics (api key 20). */
export interface DeleteTopicsRequest {
  readonly topicNames: readonly string[]
  readonly timeoutMs: number
}

export interface DeleteTopicsResponse {
  readonly topics: readonly { readonly name: string; readonly errorCode: number }[]
}

/** Wire form of DeleteTopics, versions 1 to 5. */
export const deleteTopicsApi: ApiDefinition<DeleteTopicsRequest, DeleteTopicsResponse> = defineApi({
  name: 'DeleteTopics',
  key: 20,
  versions: [1, 5],
  flexibleSince: 4,
  request: struct({
    topicNames: array(string),
    timeoutMs: int32,
  }),
  response: struct({
    $throttleTimeMs: hidden(int32, 0),
    topics: array(
      struct({
        name: string,
        errorCode: int16,
        $errorMessage: hidden(nullableString, null, { since: 5 }),
      }),
    ),
  }),
})

export const encodeDeleteTopicsRequest: MessageEncoder<DeleteTopicsRequest> =
  deleteTopicsApi.encodeRequest
export const decodeDeleteTopicsRequest: MessageDecoder<DeleteTopicsRequest> =
  deleteTopicsApi.decodeRequest
export const encodeDeleteTopicsResponse: MessageEncoder<DeleteTopicsResponse> =
  deleteTopicsApi.encodeResponse
export const decodeDeleteTopicsResponse: MessageDecoder<DeleteTopicsResponse> =
  deleteTopicsApi.decodeResponse
