import {
  array,
  hidden,
  int16,
  int32,
  int64,
  inVersions,
  nullableString,
  records,
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

/** Produce (api key 0): appends record batches to partitions. */
export interface ProduceRequest {
  readonly transactionalId: string | null
  /** 0 none, 1 leader, -1 all in sync. */
  readonly acks: number
  readonly timeoutMs: number
  readonly topics: readonly {
    readonly topic: string
    readonly partitions: readonly {
      readonly partition: number
      /** Whole record batches, magic 2. */ readonly records: Uint8Array
    }[]
  }[]
}

export interface ProduceResponse {
  readonly topics: readonly {
    readonly topic: string
    readonly partitions: readonly {
      readonly partition: number
      readonly errorCode: number
      readonly errorMessage: string | null
      /** -1 when unknown, as for a duplicate sequence. */
      readonly baseOffset: number
      /** -1 unless the topic stamps records itself. */
      readonly logAppendTimeMs: number
      readonly logStartOffset: number
    }[]
  }[]
  readonly throttleTimeMs: number
}

const recordError: WireType<{ readonly index: number; readonly message: string | null }> = struct({
  index: int32,
  message: nullableString,
})

/** Wire form of Produce, versions 3 to 9. */
export const produceApi: ApiDefinition<ProduceRequest, ProduceResponse> = defineApi({
  name: 'Produce',
  key: 0,
  versions: [3, 9],
  flexibleSince: 9,
  request: struct({
    transactionalId: nullableString,
    acks: int16,
    timeoutMs: int32,
    topics: array(
      struct({ topic: string, partitions: array(struct({ partition: int32, records })) }),
    ),
  }),
  response: struct({
    topics: array(
      struct({
        topic: string,
        partitions: array(
          struct({
            partition: int32,
            errorCode: int16,
            baseOffset: int64,
            logAppendTimeMs: int64,
            logStartOffset: inVersions({ since: 5, ignorable: true }, int64, -1),
            $recordErrors: hidden(array(recordError), [], { since: 8 }),
            errorMessage: inVersions({ since: 8, ignorable: true }, nullableString, null),
          }),
        ),
      }),
    ),
    throttleTimeMs: int32,
  }),
})

export const encodeProduceRequest: MessageEncoder<ProduceRequest> = produceApi.encodeRequest
export const decodeProduceRequest: MessageDecoder<ProduceRequest> = produceApi.decodeRequest
export const encodeProduceResponse: MessageEncoder<ProduceResponse> = produceApi.encodeResponse
export const decodeProduceResponse: MessageDecoder<ProduceResponse> = produceApi.decodeResponse
