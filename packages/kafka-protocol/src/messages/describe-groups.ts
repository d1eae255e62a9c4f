/** DescribeGroups (api key 15). */
export interface DescribeGroupsRequest {
  readonly groupIds: readonly string[]
}

export interface DescribeGroupsResponse {
  readonly groups: readonly {
    readonly errorCode: number
    readonly groupId: string
    /** `Empty`, `PreparingRebalance`, `CompletingRebalance`, `Stable`, `Dead`. */
    readonly state: string
    readonly protocolType: string
    readonly protocol: string
    readonly members: readonly {
      readonly memberId: string
      readonly groupInstanceId: string | null
      readonly clientId: string
      readonly clientHost: string
      readonly metadata: Uint8Array
      readonly assignment: Uint8Array
    }[]
  }[]
}
