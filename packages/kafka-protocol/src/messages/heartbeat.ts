import {
  hidden,
  int16,
  int32,
  inVersions,
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

/** Heartbeat (api key 12). */
export interface HeartbeatRequest {
  readonly groupId: string
  readonly generationId: number
  readonly memberId: string
  readonly groupInstanceId: string | null
}

export interface HeartbeatResponse {
  readonly errorCode: number
}

/** Wire form of Heartbeat, versions 0 to 4. */
export const heartbeatApi: ApiDefinition<HeartbeatRequest, HeartbeatResponse> = defineApi({
  name: 'Heartbeat',
  key: 12,
  versions: [0, 4],
  flexibleSince: 4,
  request: struct({
    groupId: string,
    generationId: int32,
    memberId: string,
    groupInstanceId: inVersions({ since: 3 }, nullableString, null),
  }),
  response: struct({ $throttleTimeMs: hidden(int32, 0, { since: 1 }), errorCode: int16 }),
})

export const encodeHeartbeatRequest: MessageEncoder<HeartbeatRequest> = heartbeatApi.encodeRequest
export const decodeHeartbeatRequest: MessageDecoder<HeartbeatRequest> = heartbeatApi.decodeRequest
export const encodeHeartbeatResponse: MessageEncoder<HeartbeatResponse> =
  heartbeatApi.encodeResponse
export const decodeHeartbeatResponse: MessageDecoder<HeartbeatResponse> =
  heartbeatApi.decodeResponse
