import { array, hidden, int16, int32, inVersions, string, struct } from '../primitives/wire-type.ts'
import {
  defineApi,
  type ApiDefinition,
  type MessageDecoder,
  type MessageEncoder,
} from './api-definition.ts'

/** ApiVersions (api key 18). */
export interface ApiVersionsRequest {
  readonly clientSoftwareName: string
  readonly clientSoftwareVersion: string
}

export interface ApiVersionsResponse {
  readonly errorCode: number
  readonly apis: readonly {
    readonly apiKey: number
    readonly minVersion: number
    readonly maxVersion: number
  }[]
}

/** Wire form of ApiVersions, versions 0 to 3. */
export const apiVersionsApi: ApiDefinition<ApiVersionsRequest, ApiVersionsResponse> = defineApi({
  name: 'ApiVersions',
  key: 18,
  versions: [0, 3],
  flexibleSince: 3,
  request: struct({
    clientSoftwareName: inVersions({ since: 3, ignorable: true }, string, ''),
    clientSoftwareVersion: inVersions({ since: 3, ignorable: true }, string, ''),
  }),
  response: struct({
    errorCode: int16,
    apis: array(struct({ apiKey: int16, minVersion: int16, maxVersion: int16 })),
    $throttleTimeMs: hidden(int32, 0, { since: 1 }),
  }),
})

export const encodeApiVersionsRequest: MessageEncoder<ApiVersionsRequest> =
  apiVersionsApi.encodeRequest
export const decodeApiVersionsRequest: MessageDecoder<ApiVersionsRequest> =
  apiVersionsApi.decodeRequest
export const encodeApiVersionsResponse: MessageEncoder<ApiVersionsResponse> =
  apiVersionsApi.encodeResponse
export const decodeApiVersionsResponse: MessageDecoder<ApiVersionsResponse> =
  apiVersionsApi.decodeResponse
