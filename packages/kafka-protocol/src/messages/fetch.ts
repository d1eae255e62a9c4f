/** Fetch (api key 1), without sessions. */
export interface FetchRequest {
  readonly maxWaitMs: number
  readonly minBytes: number
  readonly maxBytes: number
  /** 0 read uncommitted, 1 read committed. */
  readonly isolationLevel: number
  readonly topics: readonly {
    readonly topic: string
    readonly partitions: readonly {
      readonly partition: number
      /** -1 when unknown. */
      readonly currentLeaderEpoch: number
      readonly fetchOffset: number
      readonly maxBytes: number
    }[]
  }[]
}

export interface FetchResponse {
  readonly throttleTimeMs: number
  readonly errorCode: number
  readonly topics: readonly {
    readonly topic: string
    readonly partitions: readonly FetchedPartition[]
  }[]
}

export interface FetchedPartition {
  readonly partition: number
  readonly errorCode: number
  readonly highWatermark: number
  readonly lastStableOffset: number
  readonly logStartOffset: number
  readonly abortedTransactions: readonly {
    readonly producerId: number
    readonly firstOffset: number
  }[]
  /** Record batches as stored; the first may begin below the offset asked for, the last may be cut off. A view, owned by the receiver. */
  readonly records: Uint8Array
}
