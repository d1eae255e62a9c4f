import { messageOf, type Clock, type Timer } from '@varve/base'
import type { ApplicationState, SkippedRecord, StreamsApplication } from '@varve/streams'

import type { QueryInfo } from '../catalog/query-info.ts'
import type { ProcessingLogEntry } from '../engine/events.ts'
import type { QueryErrorInfo, QueryState } from '../result/entities.ts'
import { RetryBackoff, type BackoffOptions } from './retry-backoff.ts'

/** What a {@link PersistentQuery} needs. */
export interface PersistentQueryOptions {
  readonly info: QueryInfo
  readonly clock: Clock
  readonly backoff?: BackoffOptions
  /** Makes a fresh application: one is used up by each attempt. */
  readonly createApplication: (callbacks: ApplicationCallbacks) => RunnableApplication
  readonly onStateChange: (state: QueryState, error?: unknown) => void
  readonly log: (entry: Omit<ProcessingLogEntry, 'queryId' | 'time'>) => void
}

/** An application and what must be done once before it starts. */
export interface RunnableApplication {
  readonly application: StreamsApplication
  /** Registers the schemas it writes with. */
  prepare(): Promise<void>
}

/** How an application talks back. */
export interface ApplicationCallbacks {
  readonly onError: (error: unknown) => void
  readonly onSkippedRecord: (record: SkippedRecord) => void
  readonly onStateChange: (state: ApplicationState) => void
}

/** Errors kept for EXPLAIN. */
const errorsKept = 10

/** A query that ran this long counts as healthy again, milliseconds. */
const healthyAfterMs = 300_000

/**
 * Life of one persistent query: RUNNING, PAUSED, ERROR. After an error it is started again with growing delays, on a new application
 * that goes on from what was committed.
 */
export class PersistentQuery {
  readonly info: QueryInfo
  readonly #options: PersistentQueryOptions
  readonly #backoff: RetryBackoff
  readonly #errors: QueryErrorInfo[] = []
  #application: StreamsApplication | undefined
  #state: QueryState
  #paused: boolean
  #retry: Timer | undefined
  #startedAt = 0
  #stopped = false
  /** Serialises start, pause and stop: an application is not torn down while it comes up. */
  #turn: Promise<void> = Promise.resolve()

  constructor(options: PersistentQueryOptions) {
    this.info = options.info
    this.#options = options
    this.#backoff = new RetryBackoff(options.backoff)
    this.#paused = options.info.paused
    this.#state = this.#paused ? 'PAUSED' : 'RUNNING'
  }

  get state(): QueryState {
    return this.#state
  }

  /** The latest failures, oldest first. */
  get errors(): readonly QueryErrorInfo[] {
    return this.#errors
  }

  /** The application while there is one; its stores can be read once it runs. */
  get application(): StreamsApplication | undefined {
    return this.#application
  }

  /** Resolves when it runs, or when the first attempt failed and a retry is arranged. */
  start(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#stopped) return
      await this.#attempt()
    })
  }

  /** Starts a failed query again now. */
  retryNow(): void {
    if (this.#state !== 'ERROR' || this.#retry === undefined) return
    this.#retry.cancel()
    this.#retry = undefined
    void this.start()
  }

  /** Stops taking records; state and membership stay. */
  pause(): Promise<void> {
    this.#paused = true
    return this.#inTurn(async () => {
      await this.#application?.pause()
      this.#setState('PAUSED')
    })
  }

  resume(): Promise<void> {
    this.#paused = false
    return this.#inTurn(() => {
      this.#application?.resume()
      this.#setState(this.#application === undefined ? 'ERROR' : 'RUNNING')
      return Promise.resolve()
    })
  }

  /** Ends it; `cleanUp` also removes its group, internal topics and local state. */
  stop(options: { readonly cleanUp: boolean }): Promise<void> {
    this.#stopped = true
    this.#retry?.cancel()
    return this.#inTurn(async () => {
      const application = this.#application
      this.#application = undefined
      await application?.close()
      if (!options.cleanUp) return
      const last = application ?? this.#options.createApplication(ignoringCallbacks).application
      await last.cleanUp()
    })
  }

  async #attempt(): Promise<void> {
    this.#startedAt = this.#options.clock.monotonicMs()
    let application: StreamsApplication | undefined
    try {
      const created = this.#options.createApplication({
        onError: (error) => void this.#inTurn(() => this.#fail(created.application, error)),
        onSkippedRecord: (record) => this.#logSkipped(record),
        // At the very moment it runs, before it takes a record: a paused query restores its rows and stops there.
        onStateChange: (state) => {
          if (state === 'running' && this.#paused) this.#pauseApplication(created.application)
        },
      })
      this.#application = application = created.application
      await created.prepare()
      await application.start()
      this.#setState(this.#paused ? 'PAUSED' : 'RUNNING')
    } catch (error) {
      await this.#fail(application, error)
    }
  }

  async #fail(application: StreamsApplication | undefined, error: unknown): Promise<void> {
    if (this.#application !== application || this.#stopped) return
    this.#application = undefined
    const { clock } = this.#options
    if (clock.monotonicMs() - this.#startedAt > healthyAfterMs) this.#backoff.reset()
    const message = messageOf(error)
    this.#errors.push({ timestamp: clock.now(), errorMessage: message, type: 'UNKNOWN' })
    if (this.#errors.length > errorsKept) this.#errors.shift()
    this.#options.log({
      level: 'ERROR',
      logger: `processing.${this.info.id}`,
      type: 'kafkaStreamsThreadError',
      message,
      cause: [],
    })
    this.#setState('ERROR', error)
    await application?.close().catch(() => undefined)
    this.#retry = clock.setTimer(() => void this.start(), this.#backoff.nextDelayMs(), {
      unref: true,
    })
  }

  #pauseApplication(application: StreamsApplication): void {
    application.pause().catch((error: unknown) => {
      void this.#inTurn(() => this.#fail(application, error))
    })
  }

  #logSkipped(record: SkippedRecord): void {
    const side = record.reason === 'undecodable-key' ? 'key' : 'value'
    this.#options.log({
      level: 'ERROR',
      logger: `processing.${this.info.id}.${record.topic}.${side}.deserializer`,
      type:
        record.reason === 'invalid-timestamp' ? 'recordProcessingError' : 'deserializationError',
      message: record.message,
      cause: record.cause instanceof Error ? [record.cause.message] : [],
      topic: record.topic,
      partition: record.partition,
      offset: record.offset,
    })
  }

  #setState(state: QueryState, error?: unknown): void {
    if (this.#state === state && error === undefined) return
    this.#state = state
    this.#options.onStateChange(state, error)
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.#turn.then(work)
    this.#turn = turn.catch(() => undefined)
    return turn
  }
}

const ignoringCallbacks: ApplicationCallbacks = {
  onError() {},
  onSkippedRecord() {},
  onStateChange() {},
}
