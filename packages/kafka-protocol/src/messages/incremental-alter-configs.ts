import {
  array,
  boolean,
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

/** IncrementalAlterConfigs (api key 44). Operations: 0 set, 1 delete, 2 append, 3 subtract. */
export interface IncrementalAlterConfigsRequest {
  readonly resources: readonly {
    readonly resourceType: number
    readonly resourceName: string
    readonly configs: readonly {
      readonly name: string
      readonly operation: number
      readonly value: string | null
    }[]
  }[]
  readonly validateOnly: boolean
}

export interface IncrementalAlterConfigsResponse {
  readonly results: readonly {
    readonly errorCode: number
    readonly errorMessage: string | null
    readonly resourceType: number
    readonly resourceName: string
  }[]
}

/** Wire form of IncrementalAlterConfigs, versions 0 to 1. */
export const incrementalAlterConfigsApi: ApiDefinition<
  IncrementalAlterConfigsRequest,
  IncrementalAlterConfigsResponse
> = defineApi({
  name: 'IncrementalAlterConfigs',
  key: 44,
  versions: [0, 1],
  flexibleSince: 1,
  request: struct({
    resources: array(
      struct({
        resourceType: int8,
        resourceName: string,
        configs: array(struct({ name: string, operation: int8, value: nullableString })),
      }),
    ),
    validateOnly: boolean,
  }),
  response: struct({
    $throttleTimeMs: hidden(int32, 0),
    results: array(
      struct({
        errorCode: int16,
        errorMessage: nullableString,
        resourceType: int8,
        resourceName: string,
      }),
    ),
  }),
})

export const encodeIncrementalAlterConfigsRequest: MessageEncoder<IncrementalAlterConfigsRequest> =
  incrementalAlterConfigsApi.encodeRequest
export const decodeIncrementalAlterConfigsRequest: MessageDecoder<IncrementalAlterConfigsRequest> =
  incrementalAlterConfigsApi.decodeRequest
export const encodeIncrementalAlterConfigsResponse: MessageEncoder<IncrementalAlterConfigsResponse> =
  incrementalAlterConfigsApi.encodeResponse
export const decodeIncrementalAlterConfigsResponse: MessageDecoder<IncrementalAlterConfigsResponse> =
  incrementalAlterConfigsApi.decodeResponse
