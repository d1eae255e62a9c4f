/** CreatePartitions (api key 37): raises the partition count of topics. */
export interface CreatePartitionsRequest {
  readonly topics: readonly {
    readonly name: string
    /** The new total. */ readonly count: number
  }[]
  readonly timeoutMs: number
  readonly validateOnly: boolean
}

export interface CreatePartitionsResponse {
  readonly topics: readonly {
    readonly name: string
    readonly errorCode: number
    readonly errorMessage: string | null
  }[]
}
