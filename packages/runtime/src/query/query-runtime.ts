import { NotOpenError, type Clock, type Random } from '@varve/base'
import type { Kafka } from '@varve/kafka'
import type { SchemaRegistry } from '@varve/serde'
import type { FunctionRegistry } from '@varve/sql'
import {
  memoryStateStorage,
  StreamsApplication,
  type StateStorage,
  type Topology,
} from '@varve/streams'

import type { QueryEffects } from '../catalog/metastore.ts'
import type { QueryInfo } from '../catalog/query-info.ts'
import type { EngineEvents, EventEmitter, ProcessingLogEntry } from '../engine/events.ts'
import type { Logger } from '../engine/engine-options.ts'
import type { Properties } from '../engine/properties.ts'
import type { PropertyValue } from '../engine/session.ts'
import {
  compilePlan,
  finish,
  type CompilePlanOptions,
  type StepFailure,
} from '../lowering/compile-plan.ts'
import { createDeadLetterTopics, deadLetterOf, deadLetterTopics } from './dead-letters.ts'
import { applicationSettings } from './application-options.ts'
import {
  PersistentQuery,
  type ApplicationCallbacks,
  type RunnableApplication,
} from './persistent-query.ts'
import { createStoreRowMapper, type StoreRowMapper } from './view.ts'

/** What running queries need of their engine. */
export interface QueryRuntimeOptions {
  readonly kafka: Kafka
  readonly registry: SchemaRegistry
  readonly storage: StateStorage
  readonly functions: FunctionRegistry
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly properties: Properties
  readonly events: EventEmitter<EngineEvents>
  readonly log: (entry: ProcessingLogEntry) => void
}

/** Runs the persistent queries of one process. */
export class QueryRuntime {
  readonly #options: QueryRuntimeOptions
  readonly #queries = new Map<string, PersistentQuery>()
  readonly #pending = new Set<Promise<void>>()
  readonly #mappers = new WeakMap<QueryInfo, StoreRowMapper>()

  constructor(options: QueryRuntimeOptions) {
    this.#options = options
  }

  get(id: string): PersistentQuery | undefined {
    return this.#queries.get(id)
  }

  list(): readonly PersistentQuery[] {
    return [...this.#queries.values()]
  }

  /** Carries out what a command did to the set of queries. Resolves when new ones run (or wait for a retry) and old ones are gone. */
  async apply(effects: QueryEffects): Promise<void> {
    const work = [
      ...effects.stopped.map((info) => this.#stop(info)),
      ...effects.replaced.map((info) => this.#replace(info)),
      ...effects.started.map((info) => this.start(info)),
      ...effects.paused.map((info) => this.#queries.get(info.id)?.pause() ?? Promise.resolve()),
      ...effects.resumed.map((info) => this.#queries.get(info.id)?.resume() ?? Promise.resolve()),
    ]
    const done = Promise.all(work).then(() => undefined)
    this.#pending.add(done)
    try {
      await done
    } finally {
      this.#pending.delete(done)
    }
  }

  /** Starts a query; failures lead to retries, not to a rejection. */
  async start(info: QueryInfo): Promise<void> {
    const query = this.#create(info)
    this.#queries.set(info.id, query)
    this.#options.events.emit('query-created', { queryId: info.id, sink: info.sink })
    await query.start()
  }

  /** Starts failed queries again without waiting for their turn: what they lacked may be there now. */
  retryFailed(): void {
    for (const query of this.#queries.values()) query.retryNow()
  }

  /** Compile options shared by all plans of this engine. */
  compileOptions(
    queryId: string,
    applicationId: string,
    property: (name: string) => PropertyValue | undefined,
  ): Omit<CompilePlanOptions, 'emit'> {
    const { functions, clock, random, registry, log } = this.#options
    return {
      applicationId,
      functions,
      functionEnvironment: { clock, random },
      registry,
      failOnDeserializationError:
        String(property('ksql.fail.on.deserialization.error') ?? false) === 'true',
      failOnInvalidTimestamp:
        String(property('ksql.timestamp.throw.on.invalid') ?? false) === 'true',
      emitFinalComplete: String(property('varve.emit.final.complete') ?? false) === 'true',
      onFailure: (failure) => log(toEntry(queryId, clock.now(), failure)),
    }
  }

  /** An application for a transient query: state in memory, nothing exactly-once to protect. */
  createTransient(
    applicationId: string,
    topology: Topology,
    property: (name: string) => PropertyValue | undefined,
    callbacks: Pick<ApplicationCallbacks, 'onError' | 'onSkippedRecord'>,
  ): StreamsApplication {
    const { kafka, clock, random } = this.#options
    const reset = property('auto.offset.reset')
    return new StreamsApplication({
      ...applicationSettings(property),
      applicationId,
      topology,
      kafka,
      storage: memoryStateStorage(),
      clock,
      random,
      processingGuarantee: 'at_least_once',
      cacheBytesMax: 0,
      offsetReset: reset === 'earliest' ? 'earliest' : 'latest',
      ...callbacks,
    })
  }

  /** How rows of a query's store become rows of its table. Compiled once per definition. */
  storeRowMapper(info: QueryInfo): StoreRowMapper {
    let mapper = this.#mappers.get(info)
    if (mapper === undefined) this.#mappers.set(info, (mapper = this.#compileMapper(info)))
    return mapper
  }

  /** The topology of a query as text. */
  describeTopology(info: QueryInfo): string {
    const compiled = compilePlan(info.plan.root, {
      ...this.compileOptions(info.id, info.applicationId, (name) => info.properties[name]),
      emit: info.plan.emit,
      ...(info.plan.materialization === undefined
        ? {}
        : { materialization: info.plan.materialization }),
    })
    return finish(compiled).describe()
  }

  /** Stops everything; state and positions stay for the next start. */
  async close(): Promise<void> {
    const queries = [...this.#queries.values()]
    this.#queries.clear()
    const results = await Promise.allSettled(queries.map((query) => query.stop({ cleanUp: false })))
    await Promise.allSettled(this.#pending)
    for (const result of results) {
      if (result.status === 'rejected') {
        this.#options.logger.error('a query did not stop cleanly', {
          error: result.reason as unknown,
        })
      }
    }
  }

  #compileMapper(info: QueryInfo): StoreRowMapper {
    const { materialization } = info.plan
    if (materialization === undefined) {
      throw new NotOpenError(`query "${info.id}" keeps no rows`)
    }
    const { context } = compilePlan(info.plan.root, {
      ...this.compileOptions(info.id, info.applicationId, (name) => info.properties[name]),
      emit: info.plan.emit,
      materialization,
    })
    return createStoreRowMapper(info.plan, materialization, context)
  }

  #create(info: QueryInfo): PersistentQuery {
    const { clock, events, log, properties } = this.#options
    return new PersistentQuery({
      info,
      clock,
      backoff: {
        initialMs: properties.number('ksql.query.retry.backoff.initial.ms', 15_000),
        maxMs: properties.number('ksql.query.retry.backoff.max.ms', 900_000),
      },
      createApplication: (callbacks) => this.#createApplication(info, callbacks),
      onStateChange: (state, error) =>
        events.emit('query-state', {
          queryId: info.id,
          state,
          ...(error === undefined ? {} : { error }),
        }),
      log: (entry) => log({ ...entry, queryId: info.id, time: clock.now() }),
    })
  }

  #createApplication(info: QueryInfo, callbacks: ApplicationCallbacks): RunnableApplication {
    const { kafka, storage, clock, random, properties } = this.#options
    const property = (name: string): PropertyValue | undefined =>
      info.properties[name] ?? properties.get(name)
    const { materialization } = info.plan
    const compiled = compilePlan(info.plan.root, {
      ...this.compileOptions(info.id, info.applicationId, property),
      emit: info.plan.emit,
      ...(materialization === undefined ? {} : { materialization }),
    })
    const settings = applicationSettings(property)
    const letterTopics = deadLetterTopics(info.plan.root)
    const application = new StreamsApplication({
      ...settings,
      applicationId: info.applicationId,
      topology: finish(compiled),
      kafka,
      storage,
      clock,
      random,
      offsetReset: property('auto.offset.reset') === 'earliest' ? 'earliest' : 'latest',
      ...(letterTopics.size === 0 ? {} : { deadLetter: deadLetterOf(info.id, letterTopics) }),
      ...callbacks,
    })
    return {
      application,
      prepare: async () => {
        await createDeadLetterTopics(kafka, letterTopics, settings.replicationFactor)
        await compiled.prepare()
      },
    }
  }

  async #replace(info: QueryInfo): Promise<void> {
    await this.#queries.get(info.id)?.stop({ cleanUp: false })
    await this.start(info)
  }

  async #stop(info: QueryInfo): Promise<void> {
    const query = this.#queries.get(info.id)
    this.#queries.delete(info.id)
    try {
      await query?.stop({ cleanUp: true })
    } catch (error) {
      this.#options.logger.warn(`what query "${info.id}" kept could not be removed entirely`, {
        error,
      })
    }
    this.#options.events.emit('query-dropped', { queryId: info.id })
  }
}

function toEntry(queryId: string, time: number, failure: StepFailure): ProcessingLogEntry {
  return {
    level: 'ERROR',
    logger: `processing.${queryId}.${failure.step}`,
    time,
    queryId,
    type: 'recordProcessingError',
    message: failure.message,
    topic: failure.topic,
    partition: failure.partition,
    offset: failure.offset,
    cause: failure.cause,
  }
}
