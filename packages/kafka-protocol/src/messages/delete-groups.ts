/** DeleteGroups (api key 42). */
export interface DeleteGroupsRequest {
  readonly groupIds: readonly string[]
}

export interface DeleteGroupsResponse {
  readonly results: readonly { readonly groupId: string; readonly errorCode: number }[]
}
