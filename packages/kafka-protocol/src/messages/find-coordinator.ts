/** FindCoordinator (api key 10). */
export interface FindCoordinatorRequest {
  readonly key: string
  /** 0 group, 1 transaction. */
  readonly keyType: number
}

export interface FindCoordinatorResponse {
  readonly errorCode: number
  readonly errorMessage: string | null
  readonly nodeId: number
  readonly host: string
  readonly port: number
}
