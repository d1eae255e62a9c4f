import { isVarveError, TimeoutError, type Timer } from '@varve/base'
import { ErrorCode, type CompressionName, type ProduceResponse } from '@varve/kafka-protocol'

import type { TopicPartition } from '../client.ts'
import { byTopic } from '../cluster/by-topic.ts'
import type { Cluster } from '../cluster/cluster.ts'
import { isTransient, reactionTo } from '../cluster/error-class.ts'
import { KafkaError } from '../errors.ts'
import type { PartitionQueue } from './partition-queue.ts'
import type { ProducerBatch, ProducerIdentity } from './producer-batch.ts'
import type { RecordAccumulator } from './record-accumulator.ts'

/** What the sender reports and asks. */
export interface SenderEnvironment {
  readonly cluster: Cluster
  readonly accumulator: RecordAccumulator
  readonly transactionalId: string | undefined
  readonly compression: CompressionName
  readonly deliveryTimeoutMs: number
  /** Identity to write under; `undefined` while nothing may be sent. */
  readonly identity: () => ProducerIdentity | undefined
  /** Whether the partition belongs to the open transaction; asks for it otherwise and calls {@link ProduceSender.drain} then. */
  readonly mayProduce: (partition: TopicPartition) => boolean
  /** The batch is written (`error` undefined) or failed. */
  readonly onDone: (batch: ProducerBatch, error: unknown) => void
  /** A batch was too large and goes on as its parts. */
  readonly onSplit: (batch: ProducerBatch, parts: readonly ProducerBatch[]) => void
  /** Sequences have a hole, or the identity is not accepted any more. */
  readonly onBroken: (error: KafkaError | TimeoutError) => void
}

/** Bytes of batches in one request; a single batch may exceed it. */
const REQUEST_BYTES_MAX = 8 * 1024 * 1024
const ATTEMPT_TIMEOUT_MS = 30_000

interface Attempt {
  readonly queue: PartitionQueue
  readonly batch: ProducerBatch
}

/** Sends batches to the leaders of their partitions and sorts their answers. */
export class ProduceSender {
  readonly #environment: SenderEnvironment
  readonly #loading = new Set<string>()
  #timer: Timer | undefined
  #timerAtMs = Infinity
  #requests = 0
  #onIdle: (() => void)[] = []

  constructor(environment: SenderEnvironment) {
    this.#environment = environment
  }

  /** Sends what may be sent now. Called whenever a batch is due, an answer came or the identity changed. */
  drain(): void {
    const { accumulator, cluster } = this.#environment
    const identity = this.#environment.identity()
    if (identity === undefined) return
    const nowMs = cluster.clock.monotonicMs()
    for (let more = true; more;) {
      more = false
      const requests = new Map<number, { attempts: Attempt[]; sizeBytes: number }>()
      for (const queue of accumulator.queues.values()) {
        this.#expire(queue, nowMs)
        if (!queue.canSend(nowMs)) {
          if (queue.blockedUntilMs > nowMs && !queue.isEmpty) this.#wakeAt(queue.blockedUntilMs)
          continue
        }
        const leader = cluster.knownLeader(queue.topic, queue.partition)
        if (leader === undefined) {
          this.#findLeader(queue)
          continue
        }
        if (!this.#environment.mayProduce(queue)) continue
        const request = requests.get(leader) ?? { attempts: [], sizeBytes: 0 }
        if (request.sizeBytes > REQUEST_BYTES_MAX) {
          more = true
          continue
        }
        const batch = queue.take(identity)
        const freed = batch.encode(identity, {
          compression: this.#environment.compression,
          isTransactional: this.#environment.transactionalId !== undefined,
        })
        if (freed !== undefined) accumulator.recycle(freed)
        request.attempts.push({ queue, batch })
        request.sizeBytes += batch.bytes.length
        requests.set(leader, request)
        more ||= queue.canSend(nowMs)
      }
      for (const [leader, request] of requests) void this.#send(leader, request.attempts)
    }
  }

  /** Resolves when no request is on its way. */
  async idle(): Promise<void> {
    if (this.#requests === 0) return
    await new Promise<void>((resolve) => this.#onIdle.push(resolve))
  }

  close(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }

  /** Calls {@link drain} at that monotonic time. */
  #wakeAt(atMs: number): void {
    if (atMs >= this.#timerAtMs) return
    this.#timer?.cancel()
    this.#timerAtMs = atMs
    const { clock } = this.#environment.cluster
    const delayMs = Math.max(0, atMs - clock.monotonicMs())
    this.#timer = clock.setTimer(() => {
      this.#timerAtMs = Infinity
      this.drain()
    }, delayMs)
  }

  #findLeader(queue: PartitionQueue): void {
    const { topic } = queue
    if (this.#loading.has(topic)) return
    this.#loading.add(topic)
    const { cluster } = this.#environment
    void cluster
      .refresh([topic])
      .catch((error: unknown) => {
        if (error instanceof KafkaError && !isMetadataTrouble(error)) this.#failTopic(topic, error)
      })
      .finally(() => {
        this.#loading.delete(topic)
        const nowMs = cluster.clock.monotonicMs()
        for (const other of this.#environment.accumulator.queues.values()) {
          if (other.topic !== topic || cluster.knownLeader(topic, other.partition) !== undefined) {
            continue
          }
          other.blockedUntilMs = nowMs + this.#pauseMs(other)
        }
        this.drain()
      })
  }

  #failTopic(topic: string, error: KafkaError): void {
    for (const queue of this.#environment.accumulator.queues.values()) {
      if (queue.topic !== topic || queue.inFlight.length > 0) continue
      for (const batch of queue.drop()) this.#environment.onDone(batch, error)
    }
  }

  async #send(nodeId: number, attempts: readonly Attempt[]): Promise<void> {
    const { cluster, transactionalId } = this.#environment
    this.#requests++
    try {
      const response = await cluster.sendOnce(
        { kind: 'node', nodeId },
        'Produce',
        {
          transactionalId: transactionalId ?? null,
          acks: -1,
          timeoutMs: ATTEMPT_TIMEOUT_MS,
          topics: byTopic(
            attempts.map((attempt) => attempt.batch),
            (batch) => ({ partition: batch.partition, records: batch.bytes }),
          ),
        },
        { timeoutMs: ATTEMPT_TIMEOUT_MS + 5000 },
      )
      this.#settle(attempts, response)
    } catch (error) {
      for (const { queue, batch } of attempts) this.#unanswered(queue, batch, error)
    } finally {
      this.#requests--
      if (this.#requests === 0) for (const resolve of this.#onIdle.splice(0)) resolve()
      this.drain()
    }
  }

  #settle(attempts: readonly Attempt[], response: ProduceResponse): void {
    const answers = new Map<string, ProduceResponse['topics'][number]['partitions'][number]>()
    for (const topic of response.topics) {
      for (const answer of topic.partitions) {
        answers.set(`${topic.topic}/${answer.partition}`, answer)
      }
    }
    for (const { queue, batch } of attempts) {
      const answer = answers.get(`${queue.topic}/${queue.partition}`)
      if (answer === undefined) {
        this.#unanswered(queue, batch, new TimeoutError('the answer leaves the partition out'))
        continue
      }
      const { errorCode } = answer
      if (errorCode === ErrorCode.NONE || errorCode === ErrorCode.DUPLICATE_SEQUENCE_NUMBER) {
        queue.acknowledge(batch)
        batch.acknowledge(
          errorCode === ErrorCode.NONE ? answer.baseOffset : -1,
          answer.logAppendTimeMs,
        )
        this.#environment.onDone(batch, undefined)
      } else {
        this.#refused(
          queue,
          batch,
          new KafkaError(errorCode, `write to ${queue.topic}-${queue.partition}`, {
            topic: queue.topic,
            partition: queue.partition,
            brokerMessage: answer.errorMessage,
          }),
        )
      }
    }
  }

  #unanswered(queue: PartitionQueue, batch: ProducerBatch, error: unknown): void {
    if (!queue.inFlight.includes(batch)) return
    batch.uncertain = true
    if (isVarveError(error) && error.code === 'VARVE_NOT_OPEN') {
      queue.remove(batch)
      this.#environment.onDone(batch, error)
    } else if (isTransient(error)) this.#again(queue, batch, true, error)
    else this.#breakOff(queue, batch, error)
  }

  #refused(queue: PartitionQueue, batch: ProducerBatch, error: KafkaError): void {
    // Given up meanwhile: the transaction was aborted around it.
    if (!queue.inFlight.includes(batch)) return
    const { errorCode } = error
    const reaction = reactionTo(errorCode, 'Produce')
    if (reaction !== 'fatal') {
      this.#again(queue, batch, reaction === 'metadata', error)
      return
    }
    switch (errorCode) {
      case ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER:
        if (queue.hasEarlier(batch)) this.#again(queue, batch, false, error)
        else this.#breakOff(queue, batch, error)
        return
      case ErrorCode.MESSAGE_TOO_LARGE:
      case ErrorCode.RECORD_LIST_TOO_LARGE:
        {
          const parts = queue.split(batch)
          if (parts !== undefined) {
            this.#environment.onSplit(batch, parts)
            return
          }
        }
        queue.refuse(batch)
        this.#environment.onDone(batch, error)
        return
      case ErrorCode.INVALID_PRODUCER_EPOCH:
      case ErrorCode.UNKNOWN_PRODUCER_ID:
      case ErrorCode.INVALID_PRODUCER_ID_MAPPING:
      case ErrorCode.INVALID_TXN_STATE:
      case ErrorCode.TRANSACTION_ABORTABLE:
      case ErrorCode.PRODUCER_FENCED:
        this.#breakOff(queue, batch, error)
        return
      default:
        queue.refuse(batch)
        this.#environment.onDone(batch, error)
    }
  }

  /** The batch goes again, with the same sequence. */
  #again(
    queue: PartitionQueue,
    batch: ProducerBatch,
    refreshMetadata: boolean,
    error: unknown,
  ): void {
    const { cluster } = this.#environment
    const nowMs = cluster.clock.monotonicMs()
    queue.putBack(batch)
    if (nowMs - batch.createdAtMs > this.#environment.deliveryTimeoutMs) {
      this.#timeOut(queue, batch, error)
      return
    }
    if (this.#environment.identity() === undefined) {
      // The transaction failed meanwhile: nothing of it is sent any more.
      this.#breakOff(queue, batch, error)
      return
    }
    if (refreshMetadata) cluster.forgetTopic(queue.topic)
    queue.blockedUntilMs = nowMs + this.#pauseMs(queue)
  }

  /** Fails batches of a queue that could not be sent in time. */
  #expire(queue: PartitionQueue, nowMs: number): void {
    const oldest = queue.waiting[0] ?? queue.open
    if (oldest === undefined || queue.inFlight.length > 0) return
    if (nowMs - oldest.createdAtMs <= this.#environment.deliveryTimeoutMs) return
    if (oldest === queue.open) queue.closeOpen()
    this.#timeOut(queue, oldest, undefined)
  }

  #timeOut(queue: PartitionQueue, batch: ProducerBatch, cause: unknown): void {
    const error = new TimeoutError(
      `${batch.recordCount} records for ${queue.topic}-${queue.partition} not delivered to ${this.#environment.cluster.address} in ${this.#environment.deliveryTimeoutMs} ms`,
      { cause },
    )
    const index = queue.waiting.indexOf(batch)
    if (index >= 0) queue.waiting.splice(index, 1)
    this.#environment.onDone(batch, error)
    // It has a sequence: whether it was written is not known, so what follows must not go on as if it was.
    if (batch.baseSequence >= 0) this.#environment.onBroken(error)
  }

  #breakOff(queue: PartitionQueue, batch: ProducerBatch, error: unknown): void {
    queue.remove(batch)
    const index = queue.waiting.indexOf(batch)
    if (index >= 0) queue.waiting.splice(index, 1)
    this.#environment.onDone(batch, error)
    const failure =
      error instanceof KafkaError || error instanceof TimeoutError
        ? error
        : new TimeoutError(`no answer about ${queue.topic}-${queue.partition}`, { cause: error })
    this.#environment.onBroken(failure)
  }

  #pauseMs(queue: PartitionQueue): number {
    const pauseMs = Math.min(20 * 2 ** queue.failures++, 1000)
    return pauseMs * (0.5 + this.#environment.cluster.random.next() / 2)
  }
}

function isMetadataTrouble(error: KafkaError): boolean {
  return reactionTo(error.errorCode, 'Metadata') !== 'fatal'
}
