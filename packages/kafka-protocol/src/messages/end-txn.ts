/** EndTxn (api key 26). */
export interface EndTxnRequest {
  readonly transactionalId: string
  readonly producerId: number
  readonly producerEpoch: number
  readonly committed: boolean
}

export interface EndTxnResponse {
  readonly errorCode: number
}
