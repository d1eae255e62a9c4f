import {
  array,
  boolean,
  hidden,
  int16,
  int32,
  nullableArray,
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

/** CreatePartitions (api key 37): raises the partition count of topics. */
export interface CreatePartitionsRequest {
  readonly topics: readonly {
    readonly name: string
    /** The new total. */ readonly count: number
  }[]
  readonly timeoutMs: number
  readonly validateOnly: boolean
}

export interface CreatePartitionsResponse {
  readonly topics: readonly {
    readonly name: string
    readonly errorCode: number
    readonly errorMessage: string | null
  }[]
}

/** Wire form of CreatePartitions, versions 0 to 3. */
export const createPartitionsApi: ApiDefinition<CreatePartitionsRequest, CreatePartitionsResponse> =
  defineApi({
    name: 'CreatePartitions',
    key: 37,
    versions: [0, 3],
    flexibleSince: 2,
    request: struct({
      topics: array(
        struct({
          name: string,
          count: int32,
          $assignments: hidden(nullableArray(struct({ brokers: array(int32) })), null),
        }),
      ),
      timeoutMs: int32,
      validateOnly: boolean,
    }),
    response: struct({
      $throttleTimeMs: hidden(int32, 0),
      topics: array(struct({ name: string, errorCode: int16, errorMessage: nullableString })),
    }),
  })

export const encodeCreatePartitionsRequest: MessageEncoder<CreatePartitionsRequest> =
  createPartitionsApi.encodeRequest
export const decodeCreatePartitionsRequest: MessageDecoder<CreatePartitionsRequest> =
  createPartitionsApi.decodeRequest
export const encodeCreatePartitionsResponse: MessageEncoder<CreatePartitionsResponse> =
  createPartitionsApi.encodeResponse
export const decodeCreatePartitionsResponse: MessageDecoder<CreatePartitionsResponse> =
  createPartitionsApi.decodeResponse
