import type { Kafka } from '@varve/kafka'
import type { SchemaRegistry } from '@varve/serde'
import type { DataSource } from '@varve/sql'

import type { Change } from '../query/change.ts'
import { removeLeftovers } from '../query/remove-leftovers.ts'
import type { SubscribeOptions } from '../query/subscription.ts'
import type {
  CommandStatus,
  RunningQuery,
  SourceInfo,
  StatementResult,
} from '../result/entities.ts'
import { createRowShaper } from '../result/row-object.ts'
import { toRunningQuery, toSourceInfo } from '../statement/describe.ts'
import { collectMetrics } from './collect-metrics.ts'
import {
  toAggregateFunction,
  toScalarFunction,
  type AggregateSignature,
  type AggregateSteps,
  type ArgumentsOf,
  type FunctionSignature,
} from './define-function.ts'
import { EngineError } from './engine-error.ts'
import { checkHealth, type EngineHealth } from './engine-health.ts'
import type { EngineMetrics } from './engine-metrics.ts'
import type { EngineOptions } from './engine-options.ts'
import { assembleParts, type EngineParts } from './engine-parts.ts'
import { openEnvironment } from './environment.ts'
import type { EngineEvents } from './events.ts'
import { insertRows } from './insert-rows.ts'
import { lineageOf, type Lineage } from './lineage.ts'
import type { Position } from './position.ts'
import { checkSettable } from './properties.ts'
import type {
  ExecuteOptions,
  OpenQueryOptions,
  PrintHandle,
  QueryHandle,
  QueryOptions,
} from './query-types.ts'
import { RowInserter, type InsertRow } from './row-inserter.ts'
import { Session } from './session.ts'
import { terminateCluster } from './terminate-cluster.ts'

/**
 * A streaming SQL engine in this process.
 *
 * @example
 * ```ts
 * await using engine = await Engine.open({ directory: ':memory:' })
 * await engine.execute(`CREATE STREAM s (k STRING KEY, v INT) WITH (kafka_topic='s', partitions=1, value_format='json');`)
 * await engine.insert('s', { k: 'a', v: 1 })
 * ```
 */
export class Engine implements AsyncDisposable {
  readonly #parts: EngineParts
  readonly #clusterId: string
  /** Names the service: part of the names of its topics and groups. */
  readonly serviceId: string
  #closing: Promise<void> | undefined

  private constructor(parts: EngineParts, clusterId: string) {
    this.#parts = parts
    this.#clusterId = clusterId
    this.serviceId = parts.serviceId
  }

  /**
   * Opens broker, registry and state, replays the command log and starts its queries. Resolves when the catalog is complete; queries
   * restore and catch up in the background.
   *
   * @throws LockedError when another process has the directory
   */
  static async open(options: EngineOptions): Promise<Engine> {
    const environment = await openEnvironment(options)
    let engine: Engine | undefined
    try {
      engine = new Engine(assembleParts(environment, options), `varve-${environment.random.uuid()}`)
      await engine.#replay()
      return engine
    } catch (error) {
      if (engine === undefined) await environment.close()
      else await engine.close()
      throw error
    }
  }

  /** Id of the broker as `/info` tells it. */
  get clusterId(): string {
    return this.#clusterId
  }

  /**
   * The client the engine itself uses, on the embedded broker or on Kafka: for records that are not rows of a source, as a producer of change
   * events writes them. Closed with the engine.
   */
  get kafka(): Kafka {
    return this.#parts.environment.kafka
  }

  /** The schema registry in use, embedded or not. */
  get schemaRegistry(): SchemaRegistry {
    return this.#parts.environment.registry
  }

  /** `degraded`: what is there is served, nothing new is accepted. `terminated`: see {@link terminateCluster}. */
  get status(): 'running' | 'degraded' | 'terminated' | 'closed' {
    if (this.#closing !== undefined) return 'closed'
    if (this.#parts.commands.isTerminated) return 'terminated'
    return this.#parts.commands.isDegraded ? 'degraded' : 'running'
  }

  /** Persistent queries. */
  get queries(): readonly RunningQuery[] {
    return Array.from(this.#parts.metastore.queries().values(), (info) =>
      toRunningQuery(info, this.#parts.runtime.get(info.id)),
    )
  }

  /** Streams and tables. */
  get sources(): readonly SourceInfo[] {
    return Array.from(this.#parts.metastore.sources().values(), toSourceInfo)
  }

  /**
   * Executes the statements of a script, one result each for those that have one (SET, DEFINE and INSERT VALUES have none).
   *
   * The script is checked as a whole before anything happens: a mistake anywhere changes nothing.
   *
   * @throws SqlError for a statement that is wrong
   * @throws EngineError for one that cannot be executed
   */
  async execute(sql: string, options: ExecuteOptions = {}): Promise<StatementResult[]> {
    this.#checkOpen()
    options.signal?.throwIfAborted()
    const base = options.session ?? this.#parts.session
    const session = options.properties === undefined ? base : Session.over(base, options.properties)
    if (options.commandSequenceNumber !== undefined) {
      await this.#parts.commands.waitFor(options.commandSequenceNumber)
    }
    return this.#parts.executor.execute(sql, session, options.variables)
  }

  /**
   * Inserts a row, or all rows of an iterable; resolves when all are acknowledged.
   *
   * @throws SerializationError for a row that does not fit; rows before it are inserted
   */
  async insert(
    source: string,
    rows: InsertRow | Iterable<InsertRow> | AsyncIterable<InsertRow>,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<{ readonly count: number }> {
    const inserter = await this.openInserter(source)
    return { count: await insertRows(inserter, rows, options.signal) }
  }

  /** Inserts rows one by one; for callers that want to know of each. @throws EngineError */
  async openInserter(name: string): Promise<RowInserter> {
    this.#checkOpen()
    const source = this.#parts.sources.find(name)
    const serdes = await this.#parts.sources.writers(source)
    return new RowInserter(source, serdes, this.#parts.writer, this.#parts.environment.clock)
  }

  /** Answers a pull query with all its rows. */
  query(sql: string, options: QueryOptions & { readonly rows: 'array' }): Promise<unknown[][]>
  query<R = Record<string, unknown>>(sql: string, options?: QueryOptions): Promise<R[]>
  async query(sql: string, options: QueryOptions = {}): Promise<unknown[]> {
    await using handle = await this.openQuery(sql, options)
    if (handle.kind !== 'pull') {
      throw new EngineError(
        'statement',
        'query() takes pull queries; use stream() for those that do not end',
        {
          statementText: sql,
        },
      )
    }
    const shape = rowShape(handle, options)
    const rows: unknown[] = []
    for await (const batch of handle.batches()) {
      for (const row of batch) rows.push(shape(row.values))
    }
    options.signal?.throwIfAborted()
    return rows
  }

  /**
   * Runs a push query: rows as they come, until LIMIT, until the loop is left or the signal fires. Deletions of tables are left out;
   * {@link subscribe} shows them. Rows written after the first `next()` was asked for are seen; to be sure earlier, use {@link openQuery}.
   */
  stream(sql: string, options: QueryOptions & { readonly rows: 'array' }): AsyncGenerator<unknown[]>
  stream<R = Record<string, unknown>>(sql: string, options?: QueryOptions): AsyncGenerator<R>
  async *stream(sql: string, options: QueryOptions = {}): AsyncGenerator<unknown> {
    await using handle = await this.openQuery(sql, options)
    if (handle.kind === 'print') {
      throw new EngineError('statement', 'PRINT has lines, not rows', { statementText: sql })
    }
    const shape = rowShape(handle, options)
    for await (const batch of handle.batches()) {
      for (const row of batch) if (!row.tombstone) yield shape(row.values)
    }
  }

  /** Starts a SELECT or PRINT and hands over its handle: resolves when rows written from now on will be seen. */
  async openQuery(sql: string, options: OpenQueryOptions = {}): Promise<QueryHandle | PrintHandle> {
    this.#checkOpen()
    const session = Session.over(options.session ?? this.#parts.session, options.properties)
    return this.#parts.service.open(sql, {
      ...options,
      session,
      ...(options.variables === undefined ? {} : { bound: options.variables }),
    })
  }

  /** Ends a push query by id; `false` when there is none. */
  closeQuery(id: string): Promise<boolean> {
    return this.#parts.service.pushQueries.close(id)
  }

  /** The committed changes of a stream or table, from now on or from the beginning. */
  subscribe<R = Record<string, unknown>, K = Record<string, unknown>>(
    source: string,
    options: SubscribeOptions = {},
  ): AsyncGenerator<Change<R, K>> {
    this.#checkOpen()
    return this.#parts.subscriptions.open(source, options) as AsyncGenerator<Change<R, K>>
  }

  /** The place after everything this engine has inserted so far; for {@link QueryOptions.consistency}. */
  position(): Position {
    return this.#parts.writer.tracker.position()
  }

  /** What flows into what. */
  lineage(): Lineage {
    return lineageOf(this.#parts.metastore)
  }

  /** Counters and gauges now. */
  metrics(): EngineMetrics {
    return collectMetrics(this.#parts.runtime, this.#parts.service, this.#parts.processingLog)
  }

  /** Calls `listener` at each event until the returned function is called. */
  on<E extends keyof EngineEvents>(
    event: E,
    listener: (event: EngineEvents[E]) => void,
  ): () => void {
    return this.#parts.events.on(event, listener)
  }

  /**
   * Adds a scalar function to this engine. Queries of the command log that were waiting for it are started again.
   *
   * @throws InvalidOptionError when the name is taken
   */
  defineFunction<const A extends Readonly<Record<string, string>>>(
    name: string,
    signature: FunctionSignature<A>,
    evaluate: (args: ArgumentsOf<A>) => unknown,
  ): void {
    this.#parts.functions.add(toScalarFunction(name, signature, evaluate))
    this.#parts.runtime.retryFailed()
  }

  /**
   * Adds an aggregate function to this engine. Queries of the command log that were waiting for it are started again.
   *
   * @throws InvalidOptionError when the name is taken
   */
  defineAggregate<const A extends Readonly<Record<string, string>>, S>(
    name: string,
    signature: AggregateSignature<A>,
    steps: AggregateSteps<A, S>,
  ): void {
    this.#parts.functions.add(toAggregateFunction(name, signature, steps))
    this.#parts.runtime.retryFailed()
  }

  /** A stream or table by name. @throws EngineError when there is none */
  source(name: string): DataSource {
    return this.#parts.sources.find(name)
  }

  /** Status of commands that this instance wrote or replayed, by id. */
  commandStatuses(): ReadonlyMap<string, CommandStatus> {
    return this.#parts.commands.statuses
  }

  /** Status of one command. */
  commandStatus(id: string): CommandStatus | undefined {
    return this.#parts.commands.statuses.get(id)
  }

  /** Checks whether a session may set the property. @throws EngineError when it may not */
  checkProperty(name: string): void {
    checkSettable(name)
  }

  /** What is well: the catalog is complete, the broker answers, commands are followed. */
  async health(): Promise<EngineHealth> {
    const { environment, commands } = this.#parts
    return checkHealth(environment.kafka, commands, this.status)
  }

  /**
   * Ends the service for all its instances: queries stop and lose their state and internal topics, streams and tables are forgotten, the
   * command topic is deleted. From then on every call but {@link close} is refused with reason `terminated`. What is opened under the
   * same service id afterwards starts empty.
   *
   * @param options.deleteTopics regular expressions; topics that queries of the service created and that match one whole are deleted, with
   * their schemas. Default: none.
   */
  async terminateCluster(
    options: { readonly deleteTopics?: readonly string[] } = {},
  ): Promise<void> {
    this.#checkOpen()
    const { environment, service, metastore, commands, commandTopic } = this.#parts
    await service.pushQueries.closeAll()
    const { kafka, registry } = environment
    await terminateCluster(options.deleteTopics ?? [], {
      kafka,
      registry,
      metastore,
      commands,
      commandTopic,
    })
  }

  /** Stops queries (their state and positions stay), closes broker and files. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #close(): Promise<void> {
    const { environment, writer, processingLog, subscriptions, service, commands, runtime } =
      this.#parts
    subscriptions.closeAll()
    await service.pushQueries.closeAll()
    await using _environment = environment
    await using _writer = writer
    await using _processingLog = processingLog
    await commands.close()
    await runtime.close()
  }

  async #replay(): Promise<void> {
    const { environment, service, commands } = this.#parts
    if (environment.isExclusive) {
      await removeLeftovers(environment.kafka, service.transientPrefix)
    }
    await commands.open()
  }

  #checkOpen(): void {
    if (this.#closing !== undefined) throw new EngineError('closed', 'the engine is closed')
    if (this.#parts.commands.isTerminated) {
      throw new EngineError('terminated', 'the service has been terminated')
    }
  }
}

function rowShape(
  handle: QueryHandle,
  options: QueryOptions,
): (values: Parameters<ReturnType<typeof createRowShaper>>[0]) => unknown {
  return options.rows === 'array' ? (values) => values : createRowShaper(handle.columns)
}
