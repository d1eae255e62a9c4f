/** ListOffsets (api key 2). */
export interface ListOffsetsRequest {
  /** 0 read uncommitted, 1 read committed (then "end" is the last stable offset). */
  readonly isolationLevel: number
  readonly topics: readonly {
    readonly topic: string
    readonly partitions: readonly {
      readonly partition: number
      /** -1 end, -2 start, else the first record at or after. */ readonly timestamp: number
    }[]
  }[]
}

export interface ListOffsetsResponse {
  readonly topics: readonly {
    readonly topic: string
    readonly partitions: readonly {
      readonly partition: number
      readonly errorCode: number
      readonly timestamp: number
      /** -1: no such record. */
      readonly offset: number
    }[]
  }[]
}
