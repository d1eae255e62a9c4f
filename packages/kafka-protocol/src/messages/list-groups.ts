/** ListGroups (api key 16). */
export interface ListGroupsRequest {
  readonly statesFilter: readonly string[]
}

export interface ListGroupsResponse {
  readonly errorCode: number
  readonly groups: readonly { readonly groupId: string; readonly protocolType: string }[]
}
