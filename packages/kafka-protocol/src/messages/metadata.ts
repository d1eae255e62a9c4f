import {
  array,
  boolean,
  hidden,
  int16,
  int32,
  inVersions,
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

/** Metadata (api key 3). */
export interface MetadataRequest {
  /** Names asked for; `null` asks for all topics. */
  readonly topics: readonly string[] | null
  readonly allowAutoTopicCreation: boolean
}

export interface MetadataResponse {
  readonly brokers: readonly {
    readonly nodeId: number
    readonly host: string
    readonly port: number
    readonly rack: string | null
  }[]
  readonly clusterId: string | null
  readonly controllerId: number
  readonly topics: readonly MetadataTopic[]
}

export interface MetadataTopic {
  readonly errorCode: number
  readonly name: string
  readonly isInternal: boolean
  readonly partitions: readonly MetadataPartition[]
}

export interface MetadataPartition {
  readonly errorCode: number
  readonly partition: number
  readonly leaderId: number
  readonly leaderEpoch: number
  readonly replicas: readonly number[]
  readonly isr: readonly number[]
}

/** Flexible versions wrap each name in a structure. */
const topicName: WireType<string> = {
  write(writer, name, version) {
    named.write(writer, { name }, version)
  },
  read: (reader, version) => named.read(reader, version).name,
}
const named: WireType<{ readonly name: string }> = struct({ name: string })

/** Stands for "not asked". */
const UNKNOWN_OPERATIONS = -2147483648

/** Wire form of Metadata, versions 4 to 9. */
export const metadataApi: ApiDefinition<MetadataRequest, MetadataResponse> = defineApi({
  name: 'Metadata',
  key: 3,
  versions: [4, 9],
  flexibleSince: 9,
  request: struct({
    topics: nullableArray(topicName),
    allowAutoTopicCreation: boolean,
    $includeClusterAuthorizedOperations: hidden(boolean, false, { since: 8 }),
    $includeTopicAuthorizedOperations: hidden(boolean, false, { since: 8 }),
  }),
  response: struct({
    $throttleTimeMs: hidden(int32, 0),
    brokers: array(struct({ nodeId: int32, host: string, port: int32, rack: nullableString })),
    clusterId: nullableString,
    controllerId: int32,
    topics: array(
      struct({
        errorCode: int16,
        name: string,
        isInternal: boolean,
        partitions: array(
          struct({
            errorCode: int16,
            partition: int32,
            leaderId: int32,
            leaderEpoch: inVersions({ since: 7, ignorable: true }, int32, -1),
            replicas: array(int32),
            isr: array(int32),
            $offlineReplicas: hidden(array(int32), [], { since: 5 }),
          }),
        ),
        $authorizedOperations: hidden(int32, UNKNOWN_OPERATIONS, { since: 8 }),
      }),
    ),
    $clusterAuthorizedOperations: hidden(int32, UNKNOWN_OPERATIONS, { since: 8 }),
  }),
})

export const encodeMetadataRequest: MessageEncoder<MetadataRequest> = metadataApi.encodeRequest
export const decodeMetadataRequest: MessageDecoder<MetadataRequest> = metadataApi.decodeRequest
export const encodeMetadataResponse: MessageEncoder<MetadataResponse> = metadataApi.encodeResponse
export const decodeMetadataResponse: MessageDecoder<MetadataResponse> = metadataApi.decodeResponse
