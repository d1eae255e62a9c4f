import { decodeRecordBatch, RecordBatchBuilder } from '@varve/kafka-protocol'

import { advanceSequence, ProducerBatch, type ProducerIdentity } from './producer-batch.ts'

/** Requests of one partition on the way at once: what a broker remembers of a producer's sequences. */
export const IN_FLIGHT_MAX = 5

/**
 * Batches of one partition in the order of their sequences: sent and not answered, to be sent again, waiting, open.
 *
 * After a failure nothing more is sent until all answers are in; then the batches go again from the lowest sequence on, so order holds.
 */
export class PartitionQueue {
  readonly topic: string
  readonly partition: number
  /** Takes new records. */
  open: ProducerBatch | undefined
  /** Closed, not in flight; those with a sequence come first. */
  readonly waiting: ProducerBatch[] = []
  readonly inFlight: ProducerBatch[] = []
  nextSequence = 0
  /** Monotonic time before which nothing is sent; set after a failure. */
  blockedUntilMs = 0
  failures = 0
  /**
   * Whether the broker knows this producer on this partition. Until then one batch goes alone: a broker that has no state of a producer
   * takes any first sequence, so a second batch must not be able to overtake the first.
   */
  #established = false
  #resending = false
  /** Sequences that were given and will never be written. */
  #refused: { readonly baseSequence: number; readonly records: number }[] = []

  constructor(topic: string, partition: number) {
    this.topic = topic
    this.partition = partition
  }

  get isEmpty(): boolean {
    return this.open === undefined && this.waiting.length === 0 && this.inFlight.length === 0
  }

  /** Whether another batch may be sent now. */
  canSend(nowMs: number): boolean {
    if (nowMs < this.blockedUntilMs || this.inFlight.length >= IN_FLIGHT_MAX) return false
    if ((this.#resending || !this.#established) && this.inFlight.length > 0) return false
    return this.waiting.length > 0 || this.open?.due === true
  }

  closeOpen(): void {
    if (this.open === undefined) return
    this.waiting.push(this.open)
    this.open = undefined
  }

  /** Moves the next batch in flight and gives it its sequence. Only when {@link canSend}. */
  take(identity: ProducerIdentity): ProducerBatch {
    if (this.waiting.length === 0) this.closeOpen()
    this.#renumber(identity)
    const batch = this.waiting.shift()!
    if (batch.baseSequence < 0) {
      batch.baseSequence = this.nextSequence
      this.nextSequence = advanceSequence(this.nextSequence, batch.recordCount)
    }
    this.inFlight.push(batch)
    this.#resending = this.waiting[0] !== undefined && this.waiting[0].baseSequence >= 0
    return batch
  }

  /** The batch is written. */
  acknowledge(batch: ProducerBatch): void {
    this.remove(batch)
    this.failures = 0
    this.#established = true
  }

  /** Takes the batch out of what is in flight. */
  remove(batch: ProducerBatch): void {
    const index = this.inFlight.indexOf(batch)
    if (index >= 0) this.inFlight.splice(index, 1)
  }

  /** Puts a batch back in its place by sequence. */
  putBack(batch: ProducerBatch): void {
    this.remove(batch)
    let index = 0
    while (index < this.waiting.length) {
      const other = this.waiting[index]!
      if (other.baseSequence < 0 || isBefore(batch.baseSequence, other.baseSequence)) break
      index++
    }
    this.waiting.splice(index, 0, batch)
    this.#resending = true
  }

  /** Whether a batch before this one is not written yet, which explains an out-of-order answer. */
  hasEarlier(batch: ProducerBatch): boolean {
    const earlier = (other: ProducerBatch): boolean =>
      other !== batch && other.baseSequence >= 0 && isBefore(other.baseSequence, batch.baseSequence)
    return (
      this.waiting.some(earlier) ||
      this.inFlight.some(earlier) ||
      this.#refused.some((r) => isBefore(r.baseSequence, batch.baseSequence))
    )
  }

  /** The broker refused the batch and wrote nothing of it: later batches take its sequences once all answers are in. */
  refuse(batch: ProducerBatch): void {
    this.remove(batch)
    this.#refused.push({ baseSequence: batch.baseSequence, records: batch.recordCount })
    this.#resending = true
  }

  /** Cuts a batch that was too large in two with the same sequences; `undefined` when it holds a single record. */
  split(batch: ProducerBatch): readonly ProducerBatch[] | undefined {
    if (batch.recordCount < 2) return undefined
    const half = batch.recordCount >>> 1
    const builders = [new RecordBatchBuilder(), new RecordBatchBuilder()] as const
    let index = 0
    for (const record of decodeRecordBatch(batch.bytes)) {
      const builder = builders[index++ < half ? 0 : 1]
      builder.append(record.timestamp, record.key, record.value, record.headers)
    }
    const first = ProducerBatch.fromPart(batch, builders[0], 0, half)
    const second = ProducerBatch.fromPart(batch, builders[1], half, batch.recordCount)
    first.baseSequence = batch.baseSequence
    second.baseSequence = advanceSequence(batch.baseSequence, half)
    first.bufferedBytes = Math.floor((batch.bufferedBytes * half) / batch.recordCount)
    second.bufferedBytes = batch.bufferedBytes - first.bufferedBytes
    this.remove(batch)
    this.putBack(second)
    this.putBack(first)
    return [first, second]
  }

  /** Takes everything out that was not sent or not answered, and begins anew with sequence 0. */
  drop(): ProducerBatch[] {
    this.closeOpen()
    const dropped = [...this.inFlight, ...this.waiting]
    this.inFlight.length = 0
    this.waiting.length = 0
    this.resetSequence()
    return dropped
  }

  resetSequence(): void {
    this.nextSequence = 0
    this.#refused = []
    this.#resending = false
    this.#established = false
    this.failures = 0
    this.blockedUntilMs = 0
  }

  #renumber(identity: ProducerIdentity): void {
    if (this.#refused.length === 0 || this.inFlight.length > 0) return
    // All answers are in, so what follows the lowest refused sequence was not written either.
    let lowest = this.#refused[0]!.baseSequence
    for (const refused of this.#refused) {
      if (isBefore(refused.baseSequence, lowest)) lowest = refused.baseSequence
    }
    this.#refused = []
    let sequence = lowest
    for (const batch of this.waiting) {
      if (batch.baseSequence < 0) break
      if (isBefore(batch.baseSequence, lowest)) continue
      batch.renumber(identity, sequence)
      sequence = advanceSequence(sequence, batch.recordCount)
    }
    this.nextSequence = sequence
  }
}

/** Order of sequences that wrap: `a` comes before `b` when it is the nearer way round. */
function isBefore(a: number, b: number): boolean {
  return a !== b && (b - a + 2147483648) % 2147483648 < 1073741824
}
