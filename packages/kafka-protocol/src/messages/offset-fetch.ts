/** OffsetFetch (api key 9). */
export interface OffsetFetchRequest {
  readonly groupId: string
  /** `null`: all that the group committed. */
  readonly topics:
    readonly { readonly topic: string; readonly partitions: readonly number[] }[] | null
  /** Answer 88 while a transaction over these offsets is open. */
  readonly requireStable: boolean
}

export interface OffsetFetchResponse {
  readonly errorCode: number
  readonly topics: readonly {
    readonly topic: string
    readonly partitions: readonly {
      readonly partition: number
      /** -1: nothing committed. */
      readonly offset: number
      readonly leaderEpoch: number
      readonly metadata: string | null
      readonly errorCode: number
    }[]
  }[]
}
