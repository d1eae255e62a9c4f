import { messageOf, type Clock, type Random } from '@varve/base'
import type { ConsumerRecord, Kafka } from '@varve/kafka'
import {
  compileExpression,
  compilePredicate,
  parse,
  SqlError,
  type ParsedStatement,
  type PlanExpression,
  type PullPlan,
  type PushQueryPlan,
  type Statement,
  type DataSource,
  type FunctionRegistry,
} from '@varve/sql'

import type { Metastore } from '../catalog/metastore.ts'
import { columnTimestamp } from '../lowering/source-timestamp.ts'
import { undecodableEntry } from '../processing-log/undecodable.ts'
import { pinLatest, streamTopicsOf } from '../query/pinned-offsets.ts'
import { printTopic } from '../query/print-topic.ts'
import { readPull } from '../query/pull-query.ts'
import { startPushQuery } from '../query/push-query.ts'
import type { QueryRuntime } from '../query/query-runtime.ts'
import { isScalable, openScalablePush } from '../query/scalable-push.ts'
import { readStoredHeaders } from '../query/stored-headers.ts'
import { readStreamPull } from '../query/stream-pull.ts'
import { analyzeStatement, type PlanningEnvironment } from '../statement/plan-statement.ts'
import { TopicCatalog } from '../statement/statement-context.ts'
import { variableTexts } from '../statement/variables.ts'
import { EngineError } from './engine-error.ts'
import type { Logger } from './engine-options.ts'
import type { ProcessingLogEntry } from './events.ts'
import { PullHandle } from './pull-handle.ts'
import { PushQueryRegistry } from './push-query-registry.ts'
import type {
  PrintHandle,
  QueryHandle,
  QueryOptions,
  ResultColumn,
  VariableValue,
} from './query-types.ts'
import type { PropertyValue, Session } from './session.ts'
import type { SourceAccess } from './source-access.ts'
import type { TableReader } from './table-reader.ts'

/** What running SELECT and PRINT needs of the engine. */
export interface QueryServiceEnvironment {
  readonly kafka: Kafka
  readonly clock: Clock
  readonly random: Random
  readonly metastore: Metastore
  readonly planning: PlanningEnvironment
  readonly runtime: QueryRuntime
  readonly sources: SourceAccess
  readonly tables: TableReader
  readonly log: (entry: ProcessingLogEntry) => void
  readonly logger: Logger
}

/** Options of one query, resolved. */
export interface ServiceQueryOptions extends Omit<QueryOptions, 'variables' | 'properties'> {
  readonly session: Session
  readonly bound?: Readonly<Record<string, VariableValue>>
}

/** Runs pull queries, push queries and PRINT. */
export class QueryService {
  readonly #environment: QueryServiceEnvironment
  readonly pushQueries: PushQueryRegistry = new PushQueryRegistry()
  #pullCount = 0

  constructor(environment: QueryServiceEnvironment) {
    this.#environment = environment
  }

  /** What names of groups and internal topics of push queries begin with. */
  get transientPrefix(): string {
    const { serviceId, properties } = this.#environment.planning
    return `_confluent-ksql-${serviceId}${String(properties.get('ksql.transient.prefix') ?? 'transient_')}`
  }

  /** Pull queries answered so far. */
  get pullCount(): number {
    return this.#pullCount
  }

  /** Opens the query of a script with exactly one SELECT or PRINT. */
  async open(sql: string, options: ServiceQueryOptions): Promise<QueryHandle | PrintHandle> {
    const parsed = this.#parse(sql, options)
    if (parsed.statement.kind === 'print') return this.#openPrint(parsed, parsed.statement, options)
    const { metastore, planning } = this.#environment
    const { command } = await analyzeStatement(
      parsed,
      {
        metastore,
        session: options.session,
        topics: new TopicCatalog([]),
        nextQueryNumber: 0,
      },
      planning,
    ).catch((error: unknown): never => {
      throw error instanceof SqlError ? error.withText(sql).withStatement(parsed.text) : error
    })
    switch (command.kind) {
      case 'pullQuery':
        return this.#openPull(command.plan, options)
      case 'pushQuery':
        return this.#openPush(parsed.text, command.plan, options)
      default:
        throw new EngineError('statement', 'only SELECT and PRINT have rows', {
          statementText: parsed.text,
        })
    }
  }

  #parse(sql: string, options: ServiceQueryOptions): ParsedStatement {
    const { properties } = this.#environment.planning
    const statements = parse(sql, {
      variables: variableTexts(options.session, options.bound),
      substituteVariables: properties.flag('ksql.variable.substitution.enable', true),
    })
    const [only] = statements
    if (statements.length !== 1 || only === undefined) {
      throw new EngineError(
        'statement',
        `Expected exactly one KSQL statement; found ${statements.length} instead`,
        {
          statementText: sql,
        },
      )
    }
    if (only.statement.kind !== 'query' && only.statement.kind !== 'print') {
      throw new EngineError('statement', 'only SELECT and PRINT have rows', { statementText: sql })
    }
    return only
  }

  async #openPull(analyzed: PullPlan, options: ServiceQueryOptions): Promise<QueryHandle> {
    const { metastore, tables, runtime, planning, sources, kafka } = this.#environment
    const id = `query_${this.#environment.random.uuid().replaceAll('-', '')}`
    const source = sources.find(analyzed.source)
    const plan = readStoredHeaders(analyzed, source)
    const timeoutMs = planning.properties.number('ksql.query.pull.forwarding.timeout.ms', 20_000)
    const signal = options.signal
    if (options.consistency !== undefined) {
      await tables.waitFor(source.name, options.consistency, metastore, {
        timeoutMs,
        ...(signal === undefined ? {} : { signal }),
      })
    }
    // A lookup evaluates a few rows: making code of its expressions would take longer than that.
    const filter =
      plan.filter === undefined
        ? undefined
        : compilePredicate(...this.#compiling(plan.filter, 'closures'))
    const output = plan.output.map((column) =>
      compileExpression(...this.#compiling(column, 'closures')),
    )
    const isTable = plan.sourceKind === 'TABLE'
    const handle = {
      id,
      columns: pullColumns(analyzed),
      announcesEnd: !isTable,
      limit: plan.limit,
      signal,
    }
    const onFailure = (error: unknown): void => this.#reportFailure(id, error)
    this.#pullCount += 1
    if (!isTable) {
      const readers = sources.readers(source)
      return new PullHandle({
        ...handle,
        read: (stopped) =>
          readStreamPull({
            kafka,
            plan,
            topic: source.topic,
            keySerde: readers.key,
            valueSerde: readers.value,
            timestamp: timestampOf(source, planning.functions),
            filter,
            output,
            signal: stopped,
            onFailure,
            onUndecodable: (record, error) => this.#reportUndecodable(id, record, error),
          }),
      })
    }
    const query = metastore.creatorOf(source.name)
    if (query === undefined) throw notMaterialized(source.name)
    const store = await tables.openStore(query, timeoutMs, signal)
    const toTableRow = runtime.storeRowMapper(query)
    return new PullHandle({
      ...handle,
      read: () => readPull({ plan, source, store, toTableRow, filter, output, onFailure }),
    })
  }

  async #openPush(
    text: string,
    plan: PushQueryPlan,
    options: ServiceQueryOptions,
  ): Promise<QueryHandle> {
    const { kafka, runtime, planning, metastore, log } = this.#environment
    const { properties } = planning
    if (this.#isScalable(plan, options.session)) return this.#openScalable(text, plan, options)
    const alias = metastore.source(plan.sources[0]!)?.name ?? 'QUERY'
    const id = `transient_${alias}_${this.#randomNumber()}`
    const applicationId = `${this.transientPrefix}${id}_${this.#environment.clock.now()}`
    const property = (name: string): PropertyValue | undefined =>
      properties.get(name, options.session)
    const limit = properties.number('ksql.max.push.queries', 100)
    return this.pushQueries.open(text, limit, async () => {
      if (property('auto.offset.reset') !== 'earliest') {
        await pinLatest(kafka, applicationId, streamTopicsOf(plan.root))
      }
      return startPushQuery({
        id,
        plan,
        compile: runtime.compileOptions(id, applicationId, property),
        bufferedRowsMax: options.bufferedRowsMax ?? 1_000,
        ...(options.signal === undefined ? {} : { signal: options.signal }),
        createApplication: (topology, callbacks) =>
          runtime.createTransient(applicationId, topology, property, {
            ...callbacks,
            onSkippedRecord: (record) =>
              log(undecodableEntry(id, id, record, record.message, this.#environment.clock.now())),
          }),
        onClosed: () => this.pushQueries.remove(id),
        onCleanUpFailure: (error) =>
          this.#environment.logger.warn(`what push query "${id}" kept could not be removed`, {
            error,
          }),
      })
    })
  }

  /** Whether the query may follow the output of the one query that writes its source. */
  #isScalable(plan: PushQueryPlan, session: Session): boolean {
    const { metastore, planning } = this.#environment
    const { properties } = planning
    return (
      properties.flag('ksql.query.push.v2.enabled', false, session) &&
      properties.get('auto.offset.reset', session) !== 'earliest' &&
      isScalable(plan) &&
      metastore.writersOf(plan.sources[0]!).length === 1
    )
  }

  #openScalable(
    text: string,
    plan: PushQueryPlan,
    options: ServiceQueryOptions,
  ): Promise<QueryHandle> {
    const { kafka, planning, sources } = this.#environment
    const id = `SCALABLE_PUSH_QUERY_${this.#randomNumber()}`
    const source = sources.find(plan.sources[0]!)
    const readers = sources.readers(source)
    const limit = planning.properties.number('ksql.max.push.queries', 100)
    return this.pushQueries.open(text, limit, () =>
      openScalablePush({
        id,
        kafka,
        plan,
        source,
        keySerde: readers.key,
        valueSerde: readers.value,
        compile: (expression) => compileExpression(...this.#compiling(expression)),
        compilePredicate: (expression) => compilePredicate(...this.#compiling(expression)),
        ...(options.signal === undefined ? {} : { signal: options.signal }),
        onUndecodable: (record, error) => this.#reportUndecodable(id, record, error),
        onFailure: (error) => this.#reportFailure(id, error),
        onClosed: () => this.pushQueries.remove(id),
      }),
    )
  }

  async #openPrint(
    parsed: ParsedStatement,
    statement: Extract<Statement, { readonly kind: 'print' }>,
    options: ServiceQueryOptions,
  ): Promise<PrintHandle> {
    const { kafka, planning } = this.#environment
    if ((await kafka.admin.describeTopic(statement.topic)) === undefined) {
      throw new EngineError(
        'statement',
        `Could not find topic '${statement.topic}', or the KSQL user does not have permissions to list the topic. Topic names are case-sensitive.`,
        {
          statementText: parsed.text,
        },
      )
    }
    const id = `print_${this.#randomNumber()}`
    return this.pushQueries.open(
      parsed.text,
      planning.properties.number('ksql.max.push.queries', 100),
      () =>
        Promise.resolve(
          printTopic({
            id,
            kafka,
            topic: statement.topic,
            fromBeginning: statement.fromBeginning,
            interval: Math.max(1, statement.interval ?? 1),
            limit: statement.limit ?? Infinity,
            ...(options.signal === undefined ? {} : { signal: options.signal }),
            onClosed: () => this.pushQueries.remove(id),
          }),
        ),
    )
  }

  #compiling(expression: PlanExpression, form?: 'closures'): Parameters<typeof compileExpression> {
    const { functions, functionEnvironment } = this.#environment.planning
    const environment = functionEnvironment
    return [expression.tree, { functions, environment, ...(form === undefined ? {} : { form }) }]
  }

  #randomNumber(): number {
    return Math.floor(this.#environment.random.next() * Number.MAX_SAFE_INTEGER)
  }

  #reportFailure(queryId: string, error: unknown): void {
    this.#environment.log({
      level: 'ERROR',
      logger: `processing.${queryId}`,
      time: this.#environment.clock.now(),
      queryId,
      type: 'recordProcessingError',
      message: messageOf(error),
      cause: [],
    })
  }

  #reportUndecodable(queryId: string, record: ConsumerRecord, error: unknown): void {
    const { log, clock } = this.#environment
    log(undecodableEntry(queryId, queryId, record, messageOf(error), clock.now()))
  }
}

/** Over tables, columns know what they show: keys and headers of the source; over streams they are plain. */
function pullColumns(plan: PullPlan): readonly ResultColumn[] {
  const isTable = plan.sourceKind === 'TABLE'
  return plan.output.map(({ name, type, key, tree }) => ({
    name,
    type,
    key: isTable && key,
    ...(isTable && tree.kind === 'headers'
      ? { header: tree.headerKey === undefined ? {} : { key: tree.headerKey } }
      : {}),
  }))
}

function notMaterialized(name: string): EngineError {
  return new EngineError(
    'statement',
    `The ${name} table isn't queryable. To derive a queryable table, you can do 'CREATE TABLE QUERYABLE_${name} AS SELECT * FROM ${name};'`,
  )
}

/** How records of a source whose time is a column's say theirs. */
function timestampOf(
  source: DataSource,
  functions: FunctionRegistry,
): ReturnType<typeof columnTimestamp> | undefined {
  const { timestamp, keyColumns, valueColumns, window } = source
  if (timestamp === undefined) return undefined
  const schema = { keyColumns, valueColumns, ...(window === undefined ? {} : { window }) }
  return columnTimestamp(timestamp, schema, functions)
}
