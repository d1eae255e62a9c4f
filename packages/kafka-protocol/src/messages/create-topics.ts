import {
  array,
  boolean,
  hidden,
  int16,
  int32,
  int8,
  nullableArray,
  nullableString,
  string,
  struct,
  type WireType,
} from '../primitives/wire-type.ts'
import {
  defineApi,
  type ApiDefinition,
  type MessageDecoder,
  type MessageEncoder,
} from './api-definition.ts'

/** CreateTopics (api key 19). */
export interface CreateTopicsRequest {
  readonly topics: readonly {
    readonly name: string
    /** -1: the broker's default. */
    readonly partitionCount: number
    /** -1: the broker's default. */
    readonly replicationFactor: number
    readonly configs: readonly { readonly name: string; readonly value: string | null }[]
  }[]
  readonly timeoutMs: number
  readonly validateOnly: boolean
}

export interface CreateTopicsResponse {
  readonly topics: readonly {
    readonly name: string
    readonly errorCode: number
    readonly errorMessage: string | null
  }[]
}

const createdConfig: WireType<{
  readonly name: string
  readonly value: string | null
  readonly readOnly: boolean
  readonly source: number
  readonly isSensitive: boolean
}> = struct({
  name: string,
  value: nullableString,
  readOnly: boolean,
  source: int8,
  isSensitive: boolean,
})

/** Wire form of CreateTopics, versions 2 to 5. */
export const createTopicsApi: ApiDefinition<CreateTopicsRequest, CreateTopicsResponse> = defineApi({
  name: 'CreateTopics',
  key: 19,
  versions: [2, 5],
  flexibleSince: 5,
  request: struct({
    topics: array(
      struct({
        name: string,
        partitionCount: int32,
        replicationFactor: int16,
        $assignments: hidden(array(struct({ partition: int32, brokers: array(int32) })), []),
        configs: array(struct({ name: string, value: nullableString })),
      }),
    ),
    timeoutMs: int32,
    validateOnly: boolean,
  }),
  response: struct({
    $throttleTimeMs: hidden(int32, 0),
    topics: array(
      struct({
        name: string,
        errorCode: int16,
        errorMessage: nullableString,
        $partitionCount: hidden(int32, -1, { since: 5 }),
        $replicationFactor: hidden(int16, -1, { since: 5 }),
        $configs: hidden(nullableArray(createdConfig), null, { since: 5 }),
      }),
    ),
  }),
})

export const encodeCreateTopicsRequest: MessageEncoder<CreateTopicsRequest> =
  createTopicsApi.encodeRequest
export const decodeCreateTopicsRequest: MessageDecoder<CreateTopicsRequest> =
  createTopicsApi.decodeRequest
export const encodeCreateTopicsResponse: MessageEncoder<CreateTopicsResponse> =
  createTopicsApi.encodeResponse
export const decodeCreateTopicsResponse: MessageDecoder<CreateTopicsResponse> =
  createTopicsApi.decodeResponse
