import {
  setBatchProducer,
  type RecordBatchBuilder,
  type CompressionName,
} from '@varve/kafka-protocol'

import type { RecordMetadata } from '../client.ts'

/** Told once, with where the record lies or why it does not. */
export type AckCallback = (metadata: RecordMetadata | undefined, error: unknown) => void

/** Identity under which batches are written. */
export interface ProducerIdentity {
  readonly producerId: number
  readonly producerEpoch: number
}

/** Largest sequence; the next is 0. */
const SEQUENCES = 2147483648

/** Sequence `records` after `sequence`. */
export function advanceSequence(sequence: number, records: number): number {
  return (sequence + records) % SEQUENCES
}

/** Records of one partition that travel, and succeed or fail, together. */
export class ProducerBatch {
  readonly topic: string
  readonly partition: number
  readonly createdAtMs: number
  /** Bytes that count against the buffer bound until the batch is done. */
  bufferedBytes = 0
  /** May be sent though not full: its linger passed or somebody flushes. */
  due = false
  /** -1 until first sent. */
  baseSequence = -1
  /** A request with it got no answer: it may lie in the log. */
  uncertain = false
  #builder: RecordBatchBuilder | undefined
  #bytes: Uint8Array | undefined
  /** By record; shorter than the batch where the last ones have none. */
  #callbacks: (AckCallback | undefined)[] = []
  #timestamps: number[] = []
  #wantsAcks = false

  constructor(topic: string, partition: number, createdAtMs: number, builder: RecordBatchBuilder) {
    this.topic = topic
    this.partition = partition
    this.createdAtMs = createdAtMs
    this.#builder = builder
  }

  get recordCount(): number {
    return this.#timestamps.length
  }

  /** Size without compression so far. */
  get sizeBytes(): number {
    return this.#builder?.sizeBytes ?? this.#bytes?.length ?? 0
  }

  get builder(): RecordBatchBuilder | undefined {
    return this.#builder
  }

  /** Notes the record just appended to the builder. */
  added(timestampMs: number, onAck: AckCallback | undefined): void {
    this.#timestamps.push(timestampMs)
    if (onAck === undefined) return
    // Few records ask, most often the last one of many: the others cost nothing.
    while (this.#callbacks.length < this.#timestamps.length - 1) this.#callbacks.push(undefined)
    this.#callbacks.push(onAck)
    this.#wantsAcks = true
  }

  /** Takes over what was cut from another batch. */
  static fromPart(
    whole: ProducerBatch,
    builder: RecordBatchBuilder,
    from: number,
    to: number,
  ): ProducerBatch {
    const part = new ProducerBatch(whole.topic, whole.partition, whole.createdAtMs, builder)
    part.due = true
    part.#callbacks = whole.#callbacks.slice(from, to)
    part.#timestamps = whole.#timestamps.slice(from, to)
    part.#wantsAcks = whole.#wantsAcks
    return part
  }

  /** The bytes to send; closes the batch the first time. Returns the builder that became free then. */
  encode(
    identity: ProducerIdentity,
    options: { readonly compression: CompressionName; readonly isTransactional: boolean },
  ): RecordBatchBuilder | undefined {
    const builder = this.#builder
    if (builder === undefined) return undefined
    this.#bytes = builder.build({ ...identity, ...options, baseSequence: this.baseSequence })
    this.#builder = undefined
    return builder
  }

  /** Encoded form; only after {@link ProducerBatch.encode}. */
  get bytes(): Uint8Array {
    return this.#bytes!
  }

  /** Moves the batch to another sequence after one before it was refused for good. */
  renumber(identity: ProducerIdentity, baseSequence: number): void {
    this.baseSequence = baseSequence
    if (this.#bytes !== undefined) setBatchProducer(this.#bytes, 0, { ...identity, baseSequence })
  }

  /** Tells the callbacks where the records lie; offsets are -1 when the broker did not say. */
  acknowledge(baseOffset: number, logAppendTimeMs: number): void {
    if (!this.#wantsAcks) return
    for (let index = 0; index < this.#callbacks.length; index++) {
      const callback = this.#callbacks[index]
      if (callback === undefined) continue
      tell(
        callback,
        {
          topic: this.topic,
          partition: this.partition,
          offset: baseOffset < 0 ? -1 : baseOffset + index,
          timestamp: logAppendTimeMs >= 0 ? logAppendTimeMs : this.#timestamps[index]!,
        },
        undefined,
      )
    }
  }

  fail(error: unknown): void {
    if (!this.#wantsAcks) return
    for (const callback of this.#callbacks) tell(callback, undefined, error)
  }
}

/** A callback that throws is its owner's failure, not the broker's: it surfaces as an uncaught exception. */
function tell(
  callback: AckCallback | undefined,
  metadata: RecordMetadata | undefined,
  error: unknown,
): void {
  try {
    callback?.(metadata, error)
  } catch (thrown) {
    queueMicrotask(() => {
      throw thrown
    })
  }
}
