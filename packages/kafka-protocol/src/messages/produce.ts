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
