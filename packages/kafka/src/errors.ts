import { VarveError, type VarveErrorOptions } from '@varve/base'
import { errorName } from '@varve/kafka-protocol'

/** What a Kafka error is about. */
export interface KafkaErrorDetail extends VarveErrorOptions {
  readonly topic?: string
  readonly partition?: number
  readonly group?: string
  /** The broker's own words, where it sent some. */
  readonly brokerMessage?: string | null
}

/** The broker refused a request, or kept refusing it until the deadline. */
export class KafkaError extends VarveError {
  /** Number in Kafka's table; `errorName` of `@varve/kafka-protocol` and `ErrorCode` name it. */
  readonly errorCode: number
  readonly topic: string | undefined
  readonly partition: number | undefined
  readonly group: string | undefined

  constructor(errorCode: number, what: string, detail: KafkaErrorDetail = {}) {
    const words = detail.brokerMessage == null ? '' : `: ${detail.brokerMessage}`
    super('VARVE_KAFKA', `${what}: ${errorName(errorCode)} (${errorCode})${words}`, detail)
    this.errorCode = errorCode
    this.topic = detail.topic
    this.partition = detail.partition
    this.group = detail.group
  }
}

/** A topic that should be created exists. */
export class TopicExistsError extends VarveError {
  readonly topic: string

  constructor(topic: string, options?: VarveErrorOptions) {
    super('VARVE_ALREADY_EXISTS', `topic "${topic}" exists already`, options)
    this.topic = topic
  }
}

/** A position lies outside what the log holds: records below it were deleted, or the log ends before it. */
export class OffsetOutOfRangeError extends VarveError {
  readonly topic: string
  readonly partition: number
  /** The position asked for. */
  readonly position: number
  readonly logStart: number
  readonly logEnd: number

  constructor(detail: {
    readonly topic: string
    readonly partition: number
    readonly position: number
    readonly logStart: number
    readonly logEnd: number
  }) {
    const { topic, partition, position, logStart, logEnd } = detail
    super(
      'VARVE_KAFKA',
      `position ${position} of ${topic}-${partition} is outside its log, which holds ${logStart} to ${logEnd}`,
    )
    this.topic = topic
    this.partition = partition
    this.position = position
    this.logStart = logStart
    this.logEnd = logEnd
  }
}

/** Another producer took the transactional id, or another process the instance id: this one is out for good. */
export class FencedError extends KafkaError {}

/** The open transaction cannot commit; abort it. The cause says why. */
export class TransactionAbortedError extends VarveError {
  constructor(message: string, options?: VarveErrorOptions) {
    super('VARVE_KAFKA', message, options)
  }
}
