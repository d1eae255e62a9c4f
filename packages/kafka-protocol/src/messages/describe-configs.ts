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

/** DescribeConfigs (api key 32). Resource types: 2 topic, 4 broker. */
export interface DescribeConfigsRequest {
  readonly resources: readonly {
    readonly resourceType: number
    readonly resourceName: string
    /** `null`: all. */ readonly configNames: readonly string[] | null
  }[]
}

export interface DescribeConfigsResponse {
  readonly results: readonly {
    readonly errorCode: number
    readonly errorMessage: string | null
    readonly resourceType: number
    readonly resourceName: string
    readonly configs: readonly {
      readonly name: string
      readonly value: string | null
      readonly readOnly: boolean
      /** 1 topic, 2 dynamic broker, 4 static broker, 5 default. */
      readonly source: number
      readonly isSensitive: boolean
    }[]
  }[]
}

const synonym: WireType<{
  readonly name: string
  readonly value: string | null
  readonly source: number
}> = struct({ name: string, value: nullableString, source: int8 })

/** Wire form of DescribeConfigs, versions 1 to 4. */
export const describeConfigsApi: ApiDefinition<DescribeConfigsRequest, DescribeConfigsResponse> =
  defineApi({
    name: 'DescribeConfigs',
    key: 32,
    versions: [1, 4],
    flexibleSince: 4,
    request: struct({
      resources: array(
        struct({ resourceType: int8, resourceName: string, configNames: nullableArray(string) }),
      ),
      $includeSynonyms: hidden(boolean, false),
      $includeDocumentation: hidden(boolean, false, { since: 3 }),
    }),
    response: struct({
      $throttleTimeMs: hidden(int32, 0),
      results: array(
        struct({
          errorCode: int16,
          errorMessage: nullableString,
          resourceType: int8,
          resourceName: string,
          configs: array(
            struct({
              name: string,
              value: nullableString,
              readOnly: boolean,
              source: int8,
              isSensitive: boolean,
              $synonyms: hidden(array(synonym), []),
              $configType: hidden(int8, 0, { since: 3 }),
              $documentation: hidden(nullableString, null, { since: 3 }),
            }),
          ),
        }),
      ),
    }),
  })

export const encodeDescribeConfigsRequest: MessageEncoder<DescribeConfigsRequest> =
  describeConfigsApi.encodeRequest
export const decodeDescribeConfigsRequest: MessageDecoder<DescribeConfigsRequest> =
  describeConfigsApi.decodeRequest
export const encodeDescribeConfigsResponse: MessageEncoder<DescribeConfigsResponse> =
  describeConfigsApi.encodeResponse
export const decodeDescribeConfigsResponse: MessageDecoder<DescribeConfigsResponse> =
  describeConfigsApi.decodeResponse
