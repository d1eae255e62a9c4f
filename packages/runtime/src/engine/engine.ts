import type { Kafka } from '@varve/kafka'
import type { SchemaRegistry } from '@varve/serde'
import {
  createFunctionRegistry,
  type DataSource,
  type FunctionRegistry,
  type ParsedStatement,
} from '@varve/sql'

import { Metastore } from '../catalog/metastore.ts'
import { ProcessingLog } from '../processing-log/processing-log.ts'
import { QueryRuntime } from '../query/query-runtime.ts'
import type { Change } from '../query/change.ts'
import type { SubscribeOptions } from '../query/subscription.ts'
import type {
  CommandStatus,
  RunningQuery,
  SourceInfo,
  StatementResult,
} from '../result/entities.ts'
import { createRowShaper } from '../result/row-object.ts'
import { answerStatement } from '../statement/answers.ts'
import { toRunningQuery, toSourceInfo } from '../statement/describe.ts'
import { explainStatement } from '../statement/explain.ts'
import type { PlanningEnvironment } from '../statement/plan-statement.ts'
import {
  toAggregateFunction,
  toScalarFunction,
  type AggregateSignature,
  type AggregateSteps,
  type ArgumentsOf,
  type FunctionSignature,
} from './define-function.ts'
import { CommandFollower } from './command-follower.ts'
import { EngineError } from './engine-error.ts'
import type { EngineMetrics } from './engine-metrics.ts'
import { collectMetrics } from './collect-metrics.ts'
import type { EngineOptions } from './engine-options.ts'
import { openEnvironment, type Environment } from './environment.ts'
import { EventEmitter, type EngineEvents } from './events.ts'
import { insertRows } from './insert-rows.ts'
import { terminateCluster } from './terminate-cluster.ts'
import { lineageOf, type Lineage } from './lineage.ts'
import type { Position } from './position.ts'
import { checkSettable, Properties } from './properties.ts'
import type { PrintHandle, QueryHandle, QueryOptions, StatementOptions } from './query-types.ts'
import { QueryService } from './query-service.ts'
import { RecordWriter } from './record-writer.ts'
import { RowInserter, type InsertRow } from './row-inserter.ts'
import { recordsOf } from '../query/topic-tail.ts'
import { removeLeftovers } from '../query/remove-leftovers.ts'
import { Session } from './session.ts'
import { SourceAccess } from './source-access.ts'
import { StatementExecutor } from './statement-executor.ts'
import { Subscriptions } from './subscriptions.ts'
import { TableReader } from './table-reader.ts'

/** Options of {@link Engine.execute}. */
export interface ExecuteOptions extends StatementOptions {
  /** Properties and variables that SET and DEFINE change. Default: the engine's own session. */
  readonly session?: Session
  /** Waits until the command of this offset was applied. @throws EngineError `command-timeout` */
  readonly commandSequenceNumber?: number
}

/** Options of {@link Engine.openQuery}. */
export interface OpenQueryOptions extends QueryOptions {
  /** Properties and variables that hold for the query. Default: the engine's own session. */
  readonly session?: Session
}

/** What is well and what is not. */
export interface EngineHealth {
  readonly metastore: boolean
  readonly kafka: boolean
  readonly commandRunner: boolean
}

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
  readonly #environment: Environment
  readonly #properties: Properties
  readonly #events: EventEmitter<EngineEvents>
  readonly #metastore = new Metastore()
  readonly #functions: FunctionRegistry = createFunctionRegistry()
  readonly #processingLog: ProcessingLog
  readonly #runtime: QueryRuntime
  readonly #sources: SourceAccess
  readonly #writer: RecordWriter
  readonly #executor: StatementExecutor
  readonly #service: QueryService
  readonly #session = new Session()
  readonly #commands: CommandFollower
  readonly #subscriptions: Subscriptions
  readonly #clusterId: string
  readonly serviceId: string
  #closing: Promise<void> | undefined

  private constructor(environment: Environment, options: EngineOptions, clusterId: string) {
    const { kafka, clock, random, registry, storage, logger } = environment
    this.#environment = environment
    this.#clusterId = clusterId
    this.#properties = new Properties(options.config ?? {}, logger)
    this.serviceId =
      options.serviceId ?? String(this.#properties.get('ksql.service.id') ?? 'default_')
    this.#events = new EventEmitter((error) => logger.error('an event listener failed', { error }))
    this.#processingLog = new ProcessingLog({
      kafka,
      topic: `${this.serviceId}ksql_processing_log`,
      clock,
      onEntry: (entry) => this.#events.emit('processing-log', entry),
      onFailure: (error) => logger.warn('the processing log could not be written', { error }),
    })
    const log = this.#processingLog.add.bind(this.#processingLog)
    this.#runtime = new QueryRuntime({
      kafka,
      registry,
      storage,
      functions: this.#functions,
      clock,
      random,
      logger,
      properties: this.#properties,
      events: this.#events,
      log,
    })
    this.#sources = new SourceAccess(this.#metastore, registry)
    this.#writer = new RecordWriter(kafka)
    this.#subscriptions = new Subscriptions({
      environment,
      sources: this.#sources,
      processingLog: this.#processingLog,
    })
    this.#commands = new CommandFollower({
      environment,
      properties: this.#properties,
      events: this.#events,
      metastore: this.#metastore,
      runtime: this.#runtime,
      topic: this.#commandTopic,
    })
    const planning: PlanningEnvironment = {
      functions: this.#functions,
      functionEnvironment: { clock, random },
      registry,
      properties: this.#properties,
      serviceId: this.serviceId,
      isPushQuery: (id) => this.#service.pushQueries.has(id),
      recordsOf: (topic) => recordsOf(kafka, topic),
    }
    this.#service = new QueryService({
      kafka,
      clock,
      random,
      metastore: this.#metastore,
      planning,
      runtime: this.#runtime,
      sources: this.#sources,
      tables: new TableReader(kafka, this.#runtime, clock),
      log,
      logger,
    })
    this.#executor = new StatementExecutor({
      kafka,
      clock,
      planning,
      log: () => this.#commands.log,
      metastore: this.#metastore,
      settled: (offset) => this.#commands.settled(offset),
      insertValues: async (command) => {
        const serdes = await this.#sources.writers(command.target)
        await this.#writer.write(command.target, serdes, {
          key: command.key,
          value: command.value,
          timestamp: command.rowtime ?? clock.now(),
        })
      },
      answer: (parsed, session) => this.#answer(parsed, session, planning),
      closePushQuery: (id) => this.#service.pushQueries.close(id),
      registerSchemas: (source, sides) => this.#sources.ensureRegistered(source, sides),
      onStatus: (id, status) => this.#commands.setStatus(id, status),
    })
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
      engine = new Engine(environment, options, `varve-${environment.random.uuid()}`)
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
    return this.#environment.kafka
  }

  /** The schema registry in use, embedded or not. */
  get schemaRegistry(): SchemaRegistry {
    return this.#environment.registry
  }

  /** `degraded`: what is there is served, nothing new is accepted. `terminated`: see {@link terminateCluster}. */
  get status(): 'running' | 'degraded' | 'terminated' | 'closed' {
    if (this.#closing !== undefined) return 'closed'
    if (this.#commands.isTerminated) return 'terminated'
    return this.#commands.isDegraded ? 'degraded' : 'running'
  }

  /** Persistent queries. */
  get queries(): readonly RunningQuery[] {
    return Array.from(this.#metastore.queries().values(), (info) =>
      toRunningQuery(info, this.#runtime.get(info.id)),
    )
  }

  /** Streams and tables. */
  get sources(): readonly SourceInfo[] {
    return Array.from(this.#metastore.sources().values(), toSourceInfo)
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
    const base = options.session ?? this.#session
    const session = options.properties === undefined ? base : Session.over(base, options.properties)
    if (options.commandSequenceNumber !== undefined) {
      await this.#commands.waitFor(options.commandSequenceNumber)
    }
    return this.#executor.execute(sql, session, options.variables)
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
    const source = this.#sources.find(name)
    const serdes = await this.#sources.writers(source)
    return new RowInserter(source, serdes, this.#writer, this.#environment.clock)
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
    const session = Session.over(options.session ?? this.#session, options.properties)
    return this.#service.open(sql, {
      ...options,
      session,
      ...(options.variables === undefined ? {} : { bound: options.variables }),
    })
  }

  /** Ends a push query by id; `false` when there is none. */
  closeQuery(id: string): Promise<boolean> {
    return this.#service.pushQueries.close(id)
  }

  /** The committed changes of a stream or table, from now on or from the beginning. */
  subscribe<R = Record<string, unknown>, K = Record<string, unknown>>(
    source: string,
    options: SubscribeOptions = {},
  ): AsyncGenerator<Change<R, K>> {
    this.#checkOpen()
    return this.#subscriptions.open(source, options) as AsyncGenerator<Change<R, K>>
  }

  /** The place after everything this engine has inserted so far; for {@link QueryOptions.consistency}. */
  position(): Position {
    return this.#writer.tracker.position()
  }

  /** What flows into what. */
  lineage(): Lineage {
    return lineageOf(this.#metastore)
  }

  /** Counters and gauges now. */
  metrics(): EngineMetrics {
    return collectMetrics(this.#runtime, this.#service, this.#processingLog)
  }

  /** Calls `listener` at each event until the returned function is called. */
  on<E extends keyof EngineEvents>(
    event: E,
    listener: (event: EngineEvents[E]) => void,
  ): () => void {
    return this.#events.on(event, listener)
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
    this.#functions.add(toScalarFunction(name, signature, evaluate))
    this.#runtime.retryFailed()
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
    this.#functions.add(toAggregateFunction(name, signature, steps))
    this.#runtime.retryFailed()
  }

  /** A stream or table by name. @throws EngineError when there is none */
  source(name: string): DataSource {
    return this.#sources.find(name)
  }

  /** Status of commands that this instance wrote or replayed, by id. */
  commandStatuses(): ReadonlyMap<string, CommandStatus> {
    return this.#commands.statuses
  }

  /** Status of one command. */
  commandStatus(id: string): CommandStatus | undefined {
    return this.#commands.statuses.get(id)
  }

  /** @throws EngineError when a session may not set the property */
  checkProperty(name: string): void {
    checkSettable(name)
  }

  /** What is well: the catalog is complete, the broker answers, commands are followed. */
  async health(): Promise<EngineHealth> {
    const kafka = await this.#environment.kafka.admin.listTopics().then(
      () => true,
      () => false,
    )
    return {
      metastore: this.#commands.isOpen,
      kafka,
      commandRunner: this.status === 'running',
    }
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
    await this.#service.pushQueries.closeAll()
    await terminateCluster(options.deleteTopics ?? [], {
      kafka: this.#environment.kafka,
      registry: this.#environment.registry,
      metastore: this.#metastore,
      commands: this.#commands,
      commandTopic: this.#commandTopic,
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
    this.#subscriptions.closeAll()
    await this.#service.pushQueries.closeAll()
    await using _environment = this.#environment
    await using _writer = this.#writer
    await using _processingLog = this.#processingLog
    await this.#commands.close()
    await this.#runtime.close()
  }

  async #replay(): Promise<void> {
    if (this.#environment.isExclusive) {
      await removeLeftovers(this.#environment.kafka, this.#service.transientPrefix)
    }
    await this.#commands.open()
  }

  #answer(
    parsed: ParsedStatement,
    session: Session,
    planning: PlanningEnvironment,
  ): Promise<StatementResult> {
    return answerStatement(parsed.statement, parsed.text, {
      kafka: this.#environment.kafka,
      registry: this.#environment.registry,
      clock: this.#environment.clock,
      metastore: this.#metastore,
      queries: this.#runtime,
      functions: this.#functions,
      properties: this.#properties,
      session,
      pushQueries: this.#service.pushQueries.list(),
      explain: (explained) =>
        explainStatement(explained, this.#metastore, session, this.#environment.kafka, planning),
    })
  }

  get #commandTopic(): string {
    return `_confluent-ksql-${this.serviceId}_command_topic`
  }

  #checkOpen(): void {
    if (this.#closing !== undefined) throw new EngineError('closed', 'the engine is closed')
    if (this.#commands.isTerminated) {
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
