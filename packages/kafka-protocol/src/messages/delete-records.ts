import { array, hidden, int16, int32, int64, string, struct } from '../primitives/wire-type.ts'
import {
  defineApi,
  type ApiDefinition,
  type MessageDecoder,
  type MessageEncoder,
} from './api-definition.ts'

/** DeleteRecords (api key 21): moves the log start forward. */
export interface DeleteRecordsRequest {
  readonly topics: readonly {
    readonly topic: string
    readonly partitions: readonly {
      readonly partition: number
      /** -1: the high watermark. */ readonly offset: number
    }[]
  }[]
  readonly timeoutMs: number
}

export interface DeleteRecordsResponse {
  readonly topics: readonly {
    readonly topic: string
    readonly partitions: readonly {
      readonly partition: number
      readonly lowWatermark: number
      readonly errorCode: number
    }[]
  }[]
}

/** Wire form of DeleteRecords, versions 0 to 2. */
export const deleteRecordsApi: ApiDefinition<DeleteRecordsRequest, DeleteRecordsResponse> =
  defineApi({
    name: 'DeleteRecords',
    key: 21,
    versions: [0, 2],
    flexibleSince: 2,
    request: struct({
      topics: array(
        struct({
          topic: string,
          partitions: array(struct({ partition: int32, offset: int64 })),
        }),
      ),
      timeoutMs: int32,
    }),
    response: struct({
      $throttleTimeMs: hidden(int32, 0),
      topics: array(
        struct({
          topic: string,
          partitions: array(struct({ partition: int32, lowWatermark: int64, errorCode: int16 })),
        }),
      ),
    }),
  })

export const encodeDeleteRecordsRequest: MessageEncoder<DeleteRecordsRequest> =
  deleteRecordsApi.encodeRequest
export const decodeDeleteRecordsRequest: MessageDecoder<DeleteRecordsRequest> =
  deleteRecordsApi.decodeRequest
export const encodeDeleteRecordsResponse: MessageEncoder<DeleteRecordsResponse> =
  deleteRecordsApi.encodeResponse
export const decodeDeleteRecordsResponse: MessageDecoder<DeleteRecordsResponse> =
  deleteRecordsApi.decodeResponse
