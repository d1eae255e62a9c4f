/** InitProducerId (api key 22). */
export interface InitProducerIdRequest {
  /** `null`: idempotent without transactions. */
  readonly transactionalId: string | null
  readonly transactionTimeoutMs: number
}

export interface InitProducerIdResponse {
  readonly errorCode: number
  readonly producerId: number
  readonly producerEpoch: number
}
