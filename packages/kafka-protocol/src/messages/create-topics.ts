/** CreateTopics (api key 19). */
export interface CreateTopicsRequest {
  readonly topics: readonly {
    readonly name: string
    /** -1: the broker's default. */
    readonly partitionCount: number
    /** -1: the broker's default. */
    readonly replicationFactor: number
    readonly configs: readonly { readonly name: string; readonly value: string | null }[]
  }[]
  readonly timeoutMs: number
  readonly validateOnly: boolean
}

export interface CreateTopicsResponse {
  readonly topics: readonly {
    readonly name: string
    readonly errorCode: number
    readonly errorMessage: string | null
  }[]
}
