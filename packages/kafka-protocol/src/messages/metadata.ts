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
