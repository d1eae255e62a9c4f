import type { Clock, Random } from '@varve/base'
import { systemRandom } from '@varve/base'
import { InMemorySchemaRegistry } from '@varve/serde'
import {
  analyzeAssertValues,
  createFunctionRegistry,
  parse,
  type DataSource,
  type FunctionRegistry,
  type ParsedStatement,
  type Statement,
  type ValuesAssertion,
} from '@varve/sql'

import { Metastore, type QueryEffects } from '../catalog/metastore.ts'
import { applySession } from '../engine/apply-session.ts'
import { deleteSubjects } from '../engine/delete-topic.ts'
import { silentLogger, type Logger } from '../engine/engine-options.ts'
import { Properties } from '../engine/properties.ts'
import { Session, type PropertyValue } from '../engine/session.ts'
import { SourceAccess } from '../engine/source-access.ts'
import { missingSchemas } from '../statement/missing-schemas.ts'
import { planStatement, type PlanningEnvironment } from '../statement/plan-statement.ts'
import { TopicCatalog, type KnownTopic } from '../statement/statement-context.ts'
import { variableTexts } from '../statement/variables.ts'
import { TestQuery } from './test-query.ts'

/** Options of {@link ScriptTestDriver}. */
export interface ScriptTestDriverOptions {
  /** Of statements and functions. Operators have a wall clock of their own, which stands at 0. */
  readonly clock: Clock
  /** Configuration, as given to an engine. */
  readonly config?: Readonly<Record<string, PropertyValue>>
  /** Overrides of the session. */
  readonly properties?: Readonly<Record<string, PropertyValue>>
  /** Default: an empty one, see {@link ScriptTestDriver.registry}. */
  readonly registry?: InMemorySchemaRegistry
  readonly functions?: FunctionRegistry
  readonly random?: Random
  readonly logger?: Logger
  /**
   * Takes topics that exist as they are, whatever partitions and replicas a statement asks for: as if it had found them so.
   * Default false: a statement that asks for other ones is refused.
   */
  readonly adoptTopics?: boolean
  /** Makes a topic that is declared without PARTITIONS and is not there: one partition. Default false: such a statement is refused. */
  readonly createMissingTopics?: boolean
  /** Default 0: held-back results are looked at with every record. */
  readonly emitIntervalMs?: number
}

/** A record that a statement wrote. */
export interface WrittenRecord {
  readonly topic: string
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly timestamp: number
}

/** What executing a statement led to. */
export type TestStatementResult =
  | { readonly kind: 'query'; readonly query: TestQuery }
  | { readonly kind: 'inserted'; readonly record: WrittenRecord }
  | { readonly kind: 'done' }

/**
 * A catalog that executes statements as an engine does, with queries that run in the caller's hands: {@link TestQuery.pipe}.
 *
 * Topics exist in name only. INSERT VALUES hands its record back instead of writing it.
 */
export class ScriptTestDriver {
  readonly registry: InMemorySchemaRegistry
  readonly #options: ScriptTestDriverOptions
  readonly #metastore = new Metastore()
  readonly #topics = new TopicCatalog([])
  readonly #properties: Properties
  readonly #session: Session
  readonly #planning: PlanningEnvironment
  readonly #sources: SourceAccess
  readonly #queries = new Map<string, TestQuery>()
  #commands = 0

  constructor(options: ScriptTestDriverOptions) {
    const { clock, random = systemRandom, config = {}, properties = {} } = options
    this.#options = options
    this.registry = options.registry ?? new InMemorySchemaRegistry()
    this.#properties = new Properties(config, options.logger ?? silentLogger)
    this.#session = Session.over(new Session(), properties)
    this.#sources = new SourceAccess(this.#metastore, this.registry)
    this.#planning = {
      functions: options.functions ?? createFunctionRegistry(),
      functionEnvironment: { clock, random },
      registry: this.registry,
      properties: this.#properties,
      serviceId: String(this.#properties.get('ksql.service.id') ?? 'default_'),
      isPushQuery: () => false,
      // Columns are declared in tests.
      recordsOf: async function* () {},
    }
  }

  /** Streams and tables by name. */
  get sources(): ReadonlyMap<string, DataSource> {
    return this.#metastore.sources()
  }

  /** The catalog itself. Not to be changed but by statements. @internal */
  get metastore(): Metastore {
    return this.#metastore
  }

  /** Serdes, and a stream or table by name. @internal */
  get access(): SourceAccess {
    return this.#sources
  }

  /** Running queries, in the order of their statements. */
  get queries(): readonly TestQuery[] {
    return [...this.#queries.values()]
  }

  /** Topics by name. */
  get topics(): TopicCatalog {
    return this.#topics
  }

  createTopic(name: string, topic: KnownTopic): void {
    this.#topics.add(name, topic)
  }

  /** Splits a script. @throws SqlError of phase `syntax` */
  parse(
    sql: string,
    options: { readonly substituteVariables: boolean } = { substituteVariables: false },
  ): readonly ParsedStatement[] {
    return parse(sql, { ...options, variables: variableTexts(this.#session) })
  }

  /** Evaluates ASSERT VALUES. @throws SqlError */
  analyzeAssertion(
    statement: Extract<Statement, { readonly kind: 'assertValues' }>,
  ): ValuesAssertion {
    return analyzeAssertValues(statement, {
      catalog: this.#metastore,
      functions: this.#planning.functions,
      functionEnvironment: this.#planning.functionEnvironment,
      topic: (name) => this.#topics.get(name),
    })
  }

  /** Executes one statement. @throws SqlError, EngineError, UnsupportedError: nothing has changed then */
  async execute(parsed: ParsedStatement): Promise<TestStatementResult> {
    if (this.#options.createMissingTopics === true) this.#createMissing(parsed)
    const planned = await planStatement(
      parsed,
      {
        metastore: this.#metastore,
        session: this.#session,
        topics: this.#options.adoptTopics === true ? this.#adopted(parsed) : this.#topics,
        nextQueryNumber: this.#commands,
      },
      this.#planning,
    )
    if (planned.kind === 'insertValues') {
      const { target, key, value, rowtime } = planned.command
      const serdes = await this.#sources.writers(target)
      const record = {
        topic: target.topic,
        key: serdes.key.serialize(key),
        value: serdes.value.serialize(value),
        timestamp: rowtime ?? this.#options.clock.now(),
      }
      return { kind: 'inserted', record }
    }
    if (planned.kind === 'session') applySession(parsed, this.#session)
    if (planned.kind !== 'command') return { kind: 'done' }
    if (planned.topic !== undefined) {
      const { name, partitions, replicas = 1 } = planned.topic
      if (this.#topics.get(name) === undefined) this.createTopic(name, { partitions, replicas })
    }
    if (planned.register !== undefined) {
      const missing = await missingSchemas(this.registry, planned.register)
      await this.#sources.ensureRegistered(planned.register.source, missing)
    }
    // Applied to a copy first: a query that cannot be built leaves the catalog as it was.
    const effects = this.#metastore.copy().apply(planned.operation)
    const started = await this.#start(effects)
    this.#metastore.apply(planned.operation)
    this.#commands += 1
    for (const { id } of effects.stopped) this.#drop(id)
    for (const query of started) {
      this.#queries.get(query.id)?.close()
      this.#queries.set(query.id, query)
    }
    if (planned.deleteTopic !== undefined) {
      this.#topics.delete(planned.deleteTopic)
      await deleteSubjects(this.registry, planned.deleteTopic)
    }
    const [query] = started
    return query === undefined ? { kind: 'done' } : { kind: 'query', query }
  }

  /** Closes its queries. */
  close(): void {
    for (const query of this.#queries.values()) query.close()
    this.#queries.clear()
  }

  #createMissing({ statement }: ParsedStatement): void {
    if (statement.kind !== 'createSource') return
    const properties = new Map(statement.properties.map(({ name, value }) => [name, value]))
    const name = properties.get('KAFKA_TOPIC')
    if (typeof name !== 'string' || properties.has('PARTITIONS')) return
    if (this.#topics.get(name) === undefined) this.createTopic(name, { partitions: 1, replicas: 1 })
  }

  /** The topics as the statement would have them. */
  #adopted({ statement }: ParsedStatement): TopicCatalog {
    const topics = this.#topics.copy()
    if (statement.kind === 'createSource') {
      const properties = new Map(statement.properties.map(({ name, value }) => [name, value]))
      const name = String(properties.get('KAFKA_TOPIC'))
      const known = topics.get(name)
      const partitions = properties.get('PARTITIONS')
      if (known !== undefined && partitions !== undefined) {
        topics.add(name, { ...known, partitions: Number(partitions) })
      }
      return topics
    }
    const read = new Set(Array.from(this.sources.values(), (source) => source.topic))
    for (const name of topics.names()) if (!read.has(name)) topics.delete(name)
    return topics
  }

  #start(effects: QueryEffects): Promise<TestQuery[]> {
    const { clock, random = systemRandom, emitIntervalMs = 0 } = this.#options
    return Promise.all(
      [...effects.started, ...effects.replaced].map((info) =>
        TestQuery.start(info, {
          registry: this.registry,
          functions: this.#planning.functions,
          clock,
          random,
          property: (name) => info.properties[name] ?? this.#properties.get(name),
          emitIntervalMs,
        }),
      ),
    )
  }

  #drop(id: string): void {
    this.#queries.get(id)?.close()
    this.#queries.delete(id)
  }
}
