/** DeleteTopics (api key 20). */
export interface DeleteTopicsRequest {
  readonly topicNames: readonly string[]
  readonly timeoutMs: number
}

export interface DeleteTopicsResponse {
  readonly topics: readonly { readonly name: string; readonly errorCode: number }[]
}
