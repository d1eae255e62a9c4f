import {
  InvalidOptionError,
  isVarveError,
  NotOpenError,
  type TimeoutError,
  VarveError,
  type Timer,
} from '@varve/base'
import { ErrorCode } from '@varve/kafka-protocol'

import type {
  GroupMetadata,
  OffsetToCommit,
  Producer,
  ProducerOptions,
  ProducerRecord,
} from '../client.ts'
import type { Cluster } from '../cluster/cluster.ts'
import { FencedError, KafkaError, TransactionAbortedError } from '../errors.ts'
import { IncompleteBatches } from './incomplete-batches.ts'
import { ProduceSender } from './produce-sender.ts'
import type { AckCallback, ProducerBatch, ProducerIdentity } from './producer-batch.ts'
import { RecordAccumulator } from './record-accumulator.ts'
import { TransactionPartitions } from './transaction-partitions.ts'
import { TransactionRequests } from './transaction-requests.ts'
import {
  nextTransactionState,
  type TransactionEvent,
  type TransactionState,
} from './transaction-state.ts'

const fencing = new Set<number>([
  ErrorCode.PRODUCER_FENCED,
  ErrorCode.INVALID_PRODUCER_EPOCH,
  ErrorCode.FENCED_INSTANCE_ID,
])

/** The {@link Producer} over a {@link Cluster}. */
export class KafkaProducer implements Producer {
  readonly #cluster: Cluster
  readonly #transactionalId: string | undefined
  readonly #onClosed: () => void
  readonly #lingerMs: number
  readonly #bufferBytesMax: number
  readonly #accumulator: RecordAccumulator
  readonly #sender: ProduceSender
  readonly #requests: TransactionRequests
  readonly #incomplete = new IncompleteBatches()
  readonly #partitions: TransactionPartitions
  readonly #readyWaiters: (() => void)[] = []

  #state: TransactionState = 'uninitialised'
  #identity: ProducerIdentity | undefined
  #initialising: Promise<void> | undefined
  /** Why the state is `abort-required`, `unknown` or `fenced`. */
  #failure: unknown
  /** First failure of a record that nobody was told of yet. */
  #unreported: { readonly error: unknown } | undefined
  /** A sequence may have a hole: the next transaction needs a new epoch. */
  #mustReinitialise = false
  #linger: Timer | undefined
  /** A request of the open transaction was sent: its coordinator may know of it. */
  #touched = false

  constructor(
    cluster: Cluster,
    options: ProducerOptions = {},
    onClosed: () => void = () => undefined,
  ) {
    this.#cluster = cluster
    this.#onClosed = onClosed
    this.#transactionalId = options.transactionalId
    this.#lingerMs = options.lingerMs ?? 5
    this.#bufferBytesMax = options.bufferBytesMax ?? 32 * 1024 * 1024
    const deliveryTimeoutMs = options.deliveryTimeoutMs ?? 120_000
    const batchBytesMax = options.batchBytesMax ?? 1024 * 1024 - 1024
    if (batchBytesMax < 100) throw new InvalidOptionError('batchBytesMax', 'at least 100')
    this.#requests = new TransactionRequests(cluster, {
      transactionalId: options.transactionalId,
      timeoutMs: options.transactionTimeoutMs ?? 10_000,
    })
    this.#partitions = new TransactionPartitions({
      add: (partitions) => {
        this.#touched = true
        return this.#requests.addPartitions(this.#identity!, partitions, cluster.deadline())
      },
      onFailed: (error) => this.#dropUnsent(this.#transactionFailed(error)),
      onDone: () => this.#sender.drain(),
    })
    this.#accumulator = new RecordAccumulator({
      clock: cluster.clock,
      random: cluster.random,
      batchBytesMax,
      partitionCount: (topic) => cluster.knownPartitionCount(topic),
      loadTopic: (topic) => cluster.topic(topic, { deadline: cluster.deadline(deliveryTimeoutMs) }),
      onNewBatch: (batch) => this.#onNewBatch(batch),
      onFull: () => this.#sender.drain(),
      onUnplaced: (error) => {
        this.#recordFailed(error)
        this.#releaseReady()
      },
    })
    this.#sender = new ProduceSender({
      cluster,
      accumulator: this.#accumulator,
      transactionalId: options.transactionalId,
      compression: options.compression ?? 'none',
      deliveryTimeoutMs,
      identity: () => this.#sendingIdentity(),
      mayProduce: (partition) =>
        this.#transactionalId === undefined || this.#partitions.admit(partition),
      onDone: (batch, error) => this.#onDone(batch, error),
      onSplit: (batch, parts) => this.#incomplete.split(batch, parts),
      onBroken: (error) => this.#onBroken(error),
    })
  }

  async init(): Promise<void> {
    if (this.#state !== 'ready') await this.#initialise()
  }

  beginTransaction(): void {
    this.#requireTransactional()
    this.#move('begin')
  }

  send(record: ProducerRecord, onAck?: AckCallback): void {
    if (this.#state === 'closed') throw new NotOpenError('the producer is closed')
    if (this.#transactionalId !== undefined && this.#state !== 'open') {
      throw this.#notAllowed('send')
    }
    if (this.#state === 'unknown') throw this.#notAllowed('send')
    this.#accumulator.append(record, onAck)
  }

  async ready(): Promise<void> {
    while (
      this.#accumulator.bufferedBytes >= this.#bufferBytesMax &&
      this.#state !== 'closed' &&
      this.#state !== 'fenced'
    ) {
      this.#accumulator.makeDue()
      this.#sender.drain()
      await new Promise<void>((resolve) => this.#readyWaiters.push(resolve))
    }
  }

  async flush(): Promise<void> {
    if (this.#transactionalId === undefined && this.#state === 'uninitialised') {
      await this.#initialise()
    }
    await this.#accumulator.placed()
    this.#accumulator.makeDue()
    this.#sender.drain()
    await this.#incomplete.completed()
    this.#throwUnreported()
  }

  async sendOffsets(offsets: readonly OffsetToCommit[], group: GroupMetadata): Promise<void> {
    this.#requireTransactional()
    if (this.#state !== 'open') throw this.#notAllowed('sendOffsets')
    if (offsets.length === 0) return
    this.#touched = true
    try {
      await this.#requests.sendOffsets(this.#identity!, offsets, group, this.#cluster.deadline())
    } catch (error) {
      throw this.#transactionFailed(error)
    }
  }

  async commitTransaction(): Promise<void> {
    this.#requireTransactional()
    if (this.#state !== 'open') throw this.#notAllowed('commitTransaction')
    try {
      await this.flush()
    } catch (error) {
      this.#checkNotFenced()
      this.#failure ??= error
      if (this.#state === 'open') this.#move('fail')
      throw this.#notAllowed('commitTransaction')
    }
    this.#checkNotFailed('commitTransaction')
    this.#move('commit')
    await this.#end(true)
  }

  async abortTransaction(): Promise<void> {
    this.#requireTransactional()
    this.#checkNotFenced()
    this.#move('abort')
    const error = new TransactionAbortedError('the transaction was aborted', {
      cause: this.#failure,
    })
    this.#accumulator.dropUnplaced(error)
    this.#dropUnsent(error)
    await this.#sender.idle()
    this.#dropAll(error)
    await this.#partitions.idle()
    this.#failure = undefined
    this.#unreported = undefined
    await this.#end(false)
  }

  async close(): Promise<void> {
    if (this.#state === 'closed') return
    if (this.#transactionalId === undefined && this.#state === 'ready') {
      try {
        await this.flush()
      } finally {
        this.#finish()
      }
      return
    }
    this.#finish()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #finish(): void {
    this.#move('close')
    this.#linger?.cancel()
    this.#sender.close()
    const error = new NotOpenError('the producer was closed')
    this.#accumulator.dropUnplaced(error)
    this.#dropAll(error)
    this.#releaseReady()
    this.#onClosed()
  }

  #initialise(): Promise<void> {
    this.#initialising ??= this.#runInit().finally(() => {
      this.#initialising = undefined
      this.#sender.drain()
    })
    return this.#initialising
  }

  async #runInit(): Promise<void> {
    this.#checkNotFenced()
    const stale = this.#failure
    this.#move('init')
    if (this.#identity !== undefined) {
      await this.#sender.idle()
      this.#dropAll(
        new TransactionAbortedError('the producer was initialised anew', { cause: stale }),
      )
    }
    try {
      this.#identity = await this.#requests.initProducerId(this.#cluster.deadline())
    } catch (error) {
      this.#move('init-failed')
      throw this.#asFenced(error)
    }
    for (const queue of this.#accumulator.queues.values()) queue.resetSequence()
    this.#forgetTransaction()
    this.#failure = undefined
    this.#unreported = undefined
    this.#mustReinitialise = false
    this.#move('initialised')
  }

  /** EndTxn, or what stands for it. */
  async #end(committed: boolean): Promise<void> {
    try {
      // Under the old epoch first: it tells whether another took the id, whom a new epoch would fence.
      if (this.#touched) {
        await this.#requests.endTransaction(this.#identity!, committed, this.#cluster.deadline())
      }
      if (this.#mustReinitialise) {
        this.#identity = await this.#requests.initProducerId(this.#cluster.deadline())
        for (const queue of this.#accumulator.queues.values()) queue.resetSequence()
        this.#mustReinitialise = false
      }
    } catch (error) {
      const failure = this.#asFenced(error)
      if (failure instanceof FencedError) throw this.#fence(failure)
      this.#failure = failure
      if (error instanceof KafkaError && committed) {
        this.#mustReinitialise = true
        this.#move('fail')
        throw new TransactionAbortedError('the transaction cannot commit', { cause: error })
      }
      this.#move('lost')
      throw failure
    }
    this.#forgetTransaction()
    this.#move('ended')
  }

  #forgetTransaction(): void {
    this.#partitions.clear()
    this.#touched = false
  }

  #sendingIdentity(): ProducerIdentity | undefined {
    if (this.#transactionalId === undefined) {
      if (this.#state === 'uninitialised') {
        this.#initialise().catch((error: unknown) => {
          this.#recordFailed(error)
          this.#dropAll(error)
        })
      }
      return this.#state === 'ready' ? this.#identity : undefined
    }
    return this.#state === 'open' || this.#state === 'committing' ? this.#identity : undefined
  }

  #onNewBatch(batch: ProducerBatch): void {
    this.#incomplete.add(batch)
    this.#linger ??= this.#cluster.clock.setTimer(() => {
      this.#linger = undefined
      this.#accumulator.makeDue()
      this.#sender.drain()
    }, this.#lingerMs)
  }

  #onDone(batch: ProducerBatch, error: unknown): void {
    this.#accumulator.bufferedBytes -= batch.bufferedBytes
    if (error !== undefined) {
      batch.fail(error)
      this.#recordFailed(error)
    }
    this.#incomplete.complete(batch)
    this.#releaseReady()
  }

  #recordFailed(error: unknown): void {
    this.#unreported ??= { error }
    if (this.#transactionalId !== undefined && this.#state === 'open') {
      this.#failure = error
      this.#move('fail')
      this.#dropUnsent(error)
    }
  }

  #onBroken(error: KafkaError | TimeoutError): void {
    this.#mustReinitialise = true
    this.#recordFailed(error)
    if (error instanceof KafkaError && error.errorCode === ErrorCode.PRODUCER_FENCED) {
      this.#fence(new FencedError(error.errorCode, 'producer', { cause: error }))
    } else {
      this.#failure = error
      if (nextTransactionState(this.#state, 'fail') !== undefined) this.#move('fail')
      this.#dropUnsent(error)
    }
  }

  #dropUnsent(error: unknown): void {
    for (const queue of this.#accumulator.queues.values()) {
      queue.closeOpen()
      for (const batch of queue.waiting.splice(0)) {
        if (batch.baseSequence >= 0) this.#mustReinitialise = true
        this.#onDone(batch, error)
      }
    }
  }

  #dropAll(error: unknown): void {
    for (const queue of this.#accumulator.queues.values()) {
      const { nextSequence } = queue
      for (const batch of queue.drop()) {
        if (batch.baseSequence >= 0) this.#mustReinitialise = true
        this.#onDone(batch, error)
      }
      queue.nextSequence = nextSequence
    }
  }

  #releaseReady(): void {
    for (const resolve of this.#readyWaiters.splice(0)) resolve()
  }

  #throwUnreported(): void {
    const failed = this.#unreported
    if (failed === undefined) return
    this.#unreported = undefined
    throw failed.error
  }

  /** Notes that the open transaction cannot commit; returns what to throw. */
  #transactionFailed(error: unknown): unknown {
    const failure = this.#asFenced(error)
    if (failure instanceof FencedError) return this.#fence(failure)
    this.#failure = failure
    if (this.#state === 'open') this.#move('fail')
    return failure
  }

  #asFenced(error: unknown): unknown {
    if (error instanceof FencedError) return error
    if (error instanceof KafkaError && fencing.has(error.errorCode)) {
      return new FencedError(
        error.errorCode,
        `transactional id "${this.#transactionalId}" is held by another`,
        { cause: error, ...(error.group === undefined ? {} : { group: error.group }) },
      )
    }
    return error
  }

  #fence(error: FencedError): FencedError {
    this.#failure = error
    this.#move('fence')
    this.#dropUnsent(error)
    return error
  }

  #checkNotFenced(): void {
    if (this.#state === 'fenced') throw this.#failure
    if (this.#state === 'closed') throw new NotOpenError('the producer is closed')
  }

  #checkNotFailed(what: string): void {
    this.#checkNotFenced()
    if (this.#state !== 'open') throw this.#notAllowed(what)
  }

  #requireTransactional(): void {
    if (this.#transactionalId === undefined) {
      throw new InvalidOptionError('transactionalId', 'needed for transactions')
    }
  }

  #notAllowed(what: string): VarveError {
    if (this.#state === 'fenced' && isVarveError(this.#failure)) return this.#failure
    if (this.#state === 'abort-required') {
      return new TransactionAbortedError('the transaction failed and must be aborted', {
        cause: this.#failure,
      })
    }
    return new VarveError(
      'VARVE_KAFKA',
      `${what} is not possible: the producer is ${this.#state}`,
      this.#failure === undefined ? {} : { cause: this.#failure },
    )
  }

  #move(event: TransactionEvent): void {
    const next = nextTransactionState(this.#state, event)
    if (next === undefined) throw this.#notAllowed(event)
    this.#state = next
  }
}
