import {
  AbortedError,
  NotOpenError,
  systemClock,
  systemRandom,
  type Clock,
  type Random,
} from '@varve/base'
import {
  ErrorCode,
  type ApiMessages,
  type ApiName,
  type Lane,
  type MetadataTopic,
  type Target,
  type Transport,
} from '@varve/kafka-protocol'

import { KafkaError, type KafkaErrorDetail } from '../errors.ts'
import { Backoff, Deadline } from './backoff.ts'
import { isTransient, reactionTo } from './error-class.ts'

/** Which coordinator: of a group or of a transactional id. */
export type CoordinatorKind = 'group' | 'transaction'

/** How long one call tries. */
export interface CallOptions {
  readonly deadline?: Deadline
  readonly signal?: AbortSignal
  readonly lane?: Lane
  /** Time for one answer; default a quarter of the deadline, at least 5 s. */
  readonly attemptTimeoutMs?: number
  /** Called before an attempt is repeated, with the failure: drop what is known to be stale. */
  readonly onRetry?: (error: unknown) => void
}

interface TopicEntry {
  readonly topic: MetadataTopic
}

/**
 * What every part of the client shares: who leads a partition, who coordinates a group, and the rule that each request has a deadline
 * and is repeated unchanged unless its error says otherwise.
 */
export class Cluster {
  readonly clock: Clock
  readonly random: Random
  readonly requestDeadlineMs: number
  readonly #transport: Transport
  readonly #topics = new Map<string, TopicEntry>()
  readonly #coordinators = new Map<string, number>()
  readonly #closing = new AbortController()
  /** Topics that anybody asked for, refreshed together. */
  #refreshing: { readonly topics: Set<string>; readonly done: Promise<void> } | undefined

  constructor(options: {
    readonly transport: Transport
    readonly requestDeadlineMs?: number
    readonly clock?: Clock
    readonly random?: Random
  }) {
    this.#transport = options.transport
    this.requestDeadlineMs = options.requestDeadlineMs ?? 60_000
    this.clock = options.clock ?? systemClock
    this.random = options.random ?? systemRandom
  }

  /** Fires when the client closes. */
  get closing(): AbortSignal {
    return this.#closing.signal
  }

  close(): void {
    this.#closing.abort(new AbortedError('the Kafka client was closed'))
  }

  deadline(ms: number = this.requestDeadlineMs): Deadline {
    return new Deadline(this.clock, ms)
  }

  get address(): string {
    return this.#transport.address ?? 'the broker'
  }

  /** One attempt: no retry, no classification. */
  async sendOnce<A extends ApiName>(
    target: Target,
    api: A,
    request: ApiMessages[A]['request'],
    options: {
      readonly timeoutMs?: number
      readonly signal?: AbortSignal
      readonly lane?: Lane
    } = {},
  ): Promise<ApiMessages[A]['response']> {
    if (this.#closing.signal.aborted) throw new NotOpenError('the Kafka client is closed')
    return this.#transport.send(target, api, request, options)
  }

  /**
   * Repeats `attempt` until it resolves, the deadline passes, or it fails for good. An attempt fails by throwing: a {@link KafkaError}
   * is judged by its code, anything else is a missing answer.
   *
   * @throws TimeoutError naming the brokers, with the last failure as cause.
   */
  async retry<T>(
    what: string,
    api: ApiName,
    attempt: (remainingMs: number) => Promise<T>,
    options: CallOptions = {},
  ): Promise<T> {
    const deadline = options.deadline ?? this.deadline()
    const signal =
      options.signal === undefined
        ? this.#closing.signal
        : AbortSignal.any([options.signal, this.#closing.signal])
    const backoff = new Backoff(this)
    const settling = new Backoff(this, { firstMs: 1, maxMs: 100 })
    for (;;) {
      try {
        return await attempt(deadline.remainingMs)
      } catch (error) {
        let pause = backoff
        if (error instanceof KafkaError) {
          const reaction = reactionTo(error.errorCode, api)
          if (reaction === 'fatal') throw error
          if (reaction === 'settle') pause = settling
        } else if (!isTransient(error)) throw error
        options.onRetry?.(error)
        await pause.pause(
          deadline,
          () => `${what}: no success at ${this.address} in time`,
          error,
          signal,
        )
      }
    }
  }

  /** Sends to any node, with retry; `check` throws for error codes in the answer. */
  async callAny<A extends ApiName>(
    what: string,
    target: Target,
    api: A,
    request: ApiMessages[A]['request'],
    check: (response: ApiMessages[A]['response']) => void,
    options: CallOptions = {},
  ): Promise<ApiMessages[A]['response']> {
    return this.retry(
      what,
      api,
      async (remainingMs) => {
        const response = await this.sendOnce(
          target,
          api,
          request,
          this.#sendOptions(remainingMs, options),
        )
        check(response)
        return response
      },
      options,
    )
  }

  /** Sends to the coordinator of a group or transaction, finding it anew when it moved. */
  async callCoordinator<A extends ApiName>(
    what: string,
    coordinator: { readonly kind: CoordinatorKind; readonly key: string },
    api: A,
    request: ApiMessages[A]['request'],
    check: (response: ApiMessages[A]['response']) => void,
    options: CallOptions = {},
  ): Promise<ApiMessages[A]['response']> {
    const name = `${coordinator.kind}:${coordinator.key}`
    return this.retry(
      what,
      api,
      async (remainingMs) => {
        const nodeId = await this.#findCoordinator(coordinator.kind, coordinator.key, remainingMs)
        const response = await this.sendOnce(
          { kind: 'node', nodeId },
          api,
          request,
          this.#sendOptions(remainingMs, options),
        )
        check(response)
        return response
      },
      {
        ...options,
        onRetry: (error) => {
          options.onRetry?.(error)
          if (
            !(error instanceof KafkaError) ||
            reactionTo(error.errorCode, api) === 'coordinator'
          ) {
            this.#coordinators.delete(name)
          }
        },
      },
    )
  }

  #sendOptions(
    remainingMs: number,
    options: CallOptions,
  ): { timeoutMs: number; signal?: AbortSignal; lane?: Lane } {
    const attemptMs = options.attemptTimeoutMs ?? Math.max(this.requestDeadlineMs / 4, 5000)
    return {
      timeoutMs: Math.max(1, Math.min(remainingMs, attemptMs)),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
      ...(options.lane === undefined ? {} : { lane: options.lane }),
    }
  }

  async #findCoordinator(kind: CoordinatorKind, key: string, remainingMs: number): Promise<number> {
    const name = `${kind}:${key}`
    const known = this.#coordinators.get(name)
    if (known !== undefined) return known
    const response = await this.sendOnce(
      { kind: 'any' },
      'FindCoordinator',
      { key, keyType: kind === 'group' ? 0 : 1 },
      this.#sendOptions(remainingMs, {}),
    )
    if (response.errorCode !== ErrorCode.NONE) {
      throw new KafkaError(response.errorCode, `coordinator of ${kind} "${key}"`, {
        brokerMessage: response.errorMessage,
        ...(kind === 'group' ? { group: key } : {}),
      })
    }
    this.#coordinators.set(name, response.nodeId)
    return response.nodeId
  }

  /** What metadata last said of a topic, without a request. */
  knownTopic(topic: string): MetadataTopic | undefined {
    return this.#topics.get(topic)?.topic
  }

  knownPartitionCount(topic: string): number | undefined {
    return this.#topics.get(topic)?.topic.partitions.length
  }

  /** Leader without a request; `undefined` when unknown or there is none at the moment. */
  knownLeader(topic: string, partition: number): number | undefined {
    const found = this.#topics.get(topic)?.topic.partitions.find((p) => p.partition === partition)
    return found === undefined || found.leaderId < 0 ? undefined : found.leaderId
  }

  forgetTopic(topic: string): void {
    this.#topics.delete(topic)
  }

  /** Metadata of a topic, cached. @throws KafkaError 3 when it does not come to exist before the deadline. */
  async topic(topic: string, options: CallOptions = {}): Promise<MetadataTopic> {
    const known = this.#topics.get(topic)
    if (known !== undefined) return known.topic
    return this.retry(
      `metadata of topic "${topic}"`,
      'Metadata',
      async () => {
        await this.refresh([topic])
        const found = this.#topics.get(topic)
        if (found === undefined) {
          throw new KafkaError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, `topic "${topic}"`, { topic })
        }
        return found.topic
      },
      options,
    )
  }

  /** Leader of a partition, waiting for one to be known. */
  async leader(topic: string, partition: number, options: CallOptions = {}): Promise<number> {
    const known = this.knownLeader(topic, partition)
    if (known !== undefined) return known
    return this.retry(
      `leader of ${topic}-${partition}`,
      'Metadata',
      async () => {
        await this.refresh([topic])
        const leader = this.knownLeader(topic, partition)
        if (leader !== undefined) return leader
        throw new KafkaError(
          this.#topics.has(topic)
            ? ErrorCode.LEADER_NOT_AVAILABLE
            : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
          `leader of ${topic}-${partition}`,
          { topic, partition },
        )
      },
      options,
    )
  }

  /**
   * Asks for metadata once; concurrent calls for the same topics share the request. Topics that are not there are forgotten.
   *
   * @throws KafkaError for errors other than "unknown"; what the transport throws.
   */
  async refresh(topics: readonly string[]): Promise<void> {
    const running = this.#refreshing
    if (running !== undefined && topics.every((topic) => running.topics.has(topic))) {
      return running.done
    }
    const asked = new Set(topics)
    const done = this.#refresh([...asked]).finally(() => {
      if (this.#refreshing?.topics === asked) this.#refreshing = undefined
    })
    this.#refreshing = { topics: asked, done }
    return done
  }

  async #refresh(topics: readonly string[]): Promise<void> {
    const response = await this.sendOnce(
      { kind: 'any' },
      'Metadata',
      { topics, allowAutoTopicCreation: false },
      this.#sendOptions(this.requestDeadlineMs, {}),
    )
    let failure: KafkaError | undefined
    for (const topic of response.topics) {
      if (topic.errorCode === ErrorCode.NONE) this.#topics.set(topic.name, { topic })
      else {
        this.#topics.delete(topic.name)
        if (reactionTo(topic.errorCode, 'Metadata') === 'fatal') {
          failure ??= new KafkaError(topic.errorCode, `topic "${topic.name}"`, {
            topic: topic.name,
          })
        }
      }
    }
    if (failure !== undefined) throw failure
  }
}

/** Throws a {@link KafkaError} unless `errorCode` is 0. */
export function checkError(errorCode: number, what: string, detail: KafkaErrorDetail = {}): void {
  if (errorCode !== ErrorCode.NONE) throw new KafkaError(errorCode, what, detail)
}
