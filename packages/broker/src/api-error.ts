import { errorName } from '@varve/kafka-protocol'

/**
 * A refusal that has a Kafka error code: thrown inside the broker, turned into data by the request's handler. Never leaves the
 * broker as an exception.
 */
export class ApiError extends Error {
  readonly errorCode: number

  constructor(errorCode: number, message: string = errorName(errorCode), cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'ApiError'
    this.errorCode = errorCode
  }
}
