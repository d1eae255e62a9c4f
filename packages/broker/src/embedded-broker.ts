import {
  AbortedError,
  InvalidOptionError,
  NotOpenError,
  systemClock,
  systemRandom,
  TimeoutError,
  type Clock,
} from '@varve/base'
import type { ApiMessages, ApiName, SendOptions, Target, Transport } from '@varve/kafka-protocol'
import { MemoryFileSystem, nodeFileSystem } from '@varve/vfs'

import type { BrokerContext } from './broker-context.ts'
import { resolveDefaults, type EmbeddedBrokerOptions } from './broker-options.ts'
import { BackgroundWork } from './background-work.ts'
import { DataDirectory } from './data-directory.ts'
import { WaitingFetches } from './fetch/waiting-fetches.ts'
import { GroupCoordinator } from './groups/group-coordinator.ts'
import { FilePool } from './log/file-pool.ts'
import type { LogEnvironment } from './log/log-environment.ts'
import type { RecoveredCut } from './log/log-loader.ts'
import { requestHandlers } from './requests/index.ts'
import { TopicRegistry } from './topics/topic-registry.ts'
import { ProducerIds } from './transactions/producer-ids.ts'
import { TransactionCoordinator } from './transactions/transaction-coordinator.ts'

/** Where a broker in memory keeps its files. */
const MEMORY_DIRECTORY = '/broker'

interface BrokerParts {
  readonly context: BrokerContext
  readonly directory: DataDirectory
  readonly files: FilePool
  readonly background: BackgroundWork
  readonly recoveredCuts: readonly RecoveredCut[]
}

/**
 * A Kafka of one node in this process: answers decoded requests over a directory of Kafka's own log files.
 *
 * An acknowledged write survives the death of the process; with {@link EmbeddedBrokerOptions.flush} `every-batch` also the loss of power.
 * Requests take effect in the order of the calls to {@link send}. Produce stamps offsets into the request's bytes in place.
 *
 * @example
 * ```ts
 * await using broker = await EmbeddedBroker.open({ directory: './data' })
 * const { brokers } = await broker.send({ kind: 'any' }, 'Metadata', { topics: null, allowAutoTopicCreation: false })
 * ```
 */
export class EmbeddedBroker implements Transport {
  readonly #parts: BrokerParts
  readonly #clock: Clock
  #closing: Promise<void> | undefined

  private constructor(parts: BrokerParts) {
    this.#parts = parts
    this.#clock = parts.context.clock
  }

  /**
   * Takes the directory's lock, recovers what a crash left, completes decided transactions.
   *
   * @throws LockedError while another broker has the directory open.
   * @throws CorruptionError when a sealed file is not what was written; naming file and offset.
   */
  static async open(options: EmbeddedBrokerOptions): Promise<EmbeddedBroker> {
    const inMemory = options.directory === ':memory:'
    const fileSystem = options.fileSystem ?? (inMemory ? new MemoryFileSystem() : nodeFileSystem)
    const clock = options.clock ?? systemClock
    const random = options.random ?? systemRandom
    const flush = options.flush ?? 'never'
    if (typeof flush === 'object' && !(flush.intervalMs > 0)) {
      throw new InvalidOptionError('flush', `interval of ${flush.intervalMs} ms`)
    }
    const defaults = resolveDefaults(options.defaults)
    const onBackgroundError =
      options.onBackgroundError ?? ((error: unknown): void => console.error('varve broker:', error))
    const path = inMemory ? MEMORY_DIRECTORY : options.directory
    const directory = await DataDirectory.open(path, fileSystem, random, defaults.nodeId)
    const files = new FilePool(fileSystem, defaults.maxOpenFiles)
    try {
      const log: LogEnvironment = { fileSystem, files, clock, flush, onBackgroundError }
      const topics = new TopicRegistry(log, path, defaults, random)
      const recoveredCuts: RecoveredCut[] = []
      await topics.load(await directory.loadCheckpoints(), (cut) => recoveredCuts.push(cut))
      const producerIds = await ProducerIds.open(fileSystem, path)
      const groups = new GroupCoordinator({ log, topics, random, defaults })
      groups.load()
      const transactions = new TransactionCoordinator({
        log,
        topics,
        producerIds,
        onOffsetsEnded: (producerId, committed) => groups.endTransaction(producerId, committed),
      })
      await directory.saveCheckpoints([...topics.logs()])
      await directory.markOpen()
      await transactions.load()
      const context: BrokerContext = {
        clusterId: directory.clusterId,
        clock,
        defaults,
        topics,
        fetches: new WaitingFetches(clock, defaults.maxWaitingFetches),
        producerIds,
        transactions,
        groups,
        flushEveryBatch: flush === 'every-batch',
        saveLogStarts: () => directory.saveLogStarts(topics.logs()),
        saveCheckpoints: () => directory.saveCheckpoints([...topics.logs()]),
      }
      const background = new BackgroundWork(context, log, directory)
      return new EmbeddedBroker({ context, directory, files, background, recoveredCuts })
    } catch (error) {
      files.close()
      await directory.unlock()
      throw error
    }
  }

  /** What recovery had to cut off when the broker was opened: bytes that no acknowledged write is among. */
  get recoveredCuts(): readonly RecoveredCut[] {
    return this.#parts.recoveredCuts
  }

  send<A extends ApiName>(
    target: Target,
    api: A,
    request: ApiMessages[A]['request'],
    options: SendOptions = {},
  ): Promise<ApiMessages[A]['response']> {
    const { context } = this.#parts
    if (this.#closing !== undefined) {
      return Promise.reject(new NotOpenError('the broker is closed'))
    }
    if (target.kind === 'node' && target.nodeId !== context.defaults.nodeId) {
      return Promise.reject(new NotOpenError(`there is no node ${target.nodeId}`))
    }
    if (options.signal?.aborted === true) {
      return Promise.reject(
        new AbortedError(`${api} was given up`, { cause: options.signal.reason }),
      )
    }
    if (options.timeoutMs === undefined && options.signal === undefined) {
      return this.#handle(api, request, undefined)
    }
    return this.#handleWithin(api, request, options)
  }

  /** Answers waiting requests, syncs, marks the directory as closed in good order and releases its lock. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** The handler runs in this turn of the event loop up to its first wait: that is what keeps the order of calls. */
  async #handle<A extends ApiName>(
    api: A,
    request: ApiMessages[A]['request'],
    signal: AbortSignal | undefined,
  ): Promise<ApiMessages[A]['response']> {
    return requestHandlers[api](this.#parts.context, request, { signal })
  }

  #handleWithin<A extends ApiName>(
    api: A,
    request: ApiMessages[A]['request'],
    options: SendOptions,
  ): Promise<ApiMessages[A]['response']> {
    const givenUp = new AbortController()
    return new Promise((resolve, reject) => {
      const giveUp = (error: Error): void => {
        finish()
        reject(error)
        givenUp.abort(error)
      }
      const onAbort = (): void =>
        giveUp(new AbortedError(`${api} was given up`, { cause: options.signal?.reason }))
      const timer =
        options.timeoutMs === undefined
          ? undefined
          : this.#clock.setTimer(
              () => giveUp(new TimeoutError(`no answer to ${api} within ${options.timeoutMs} ms`)),
              options.timeoutMs,
            )
      const finish = (): void => {
        timer?.cancel()
        options.signal?.removeEventListener('abort', onAbort)
      }
      options.signal?.addEventListener('abort', onAbort, { once: true })
      this.#handle(api, request, givenUp.signal).then(
        (response) => {
          finish()
          resolve(response)
        },
        (error: unknown) => {
          finish()
          reject(error)
        },
      )
    })
  }

  async #close(): Promise<void> {
    const { context, directory, files, background } = this.#parts
    await background.stop()
    context.fetches.close()
    context.groups.close()
    const sawFailure = [...context.topics.logs()].some((log) => log.failure !== undefined)
    const failures = await context.topics.close()
    try {
      await directory.saveCheckpoints([...context.topics.logs()])
      // A partition that failed must be recovered at the next open.
      if (failures.length === 0 && !sawFailure) await directory.markClean()
    } finally {
      files.close()
      await directory.unlock()
    }
    if (failures.length > 0) {
      throw new AggregateError(failures, 'some partitions could not be closed in good order')
    }
  }
}
