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
