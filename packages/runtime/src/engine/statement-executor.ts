import { isVarveError, messageOf, type Clock } from '@varve/base'
import type { Kafka } from '@varve/kafka'
import { parse, SqlError, type DataSource, type ParsedStatement } from '@varve/sql'

import type { Metastore, QueryEffects } from '../catalog/metastore.ts'
import { commandFormatVersion } from '../command/command.ts'
import type { CommandLog } from '../command/command-log.ts'
import type { Operation } from '../command/operation.ts'
import { pinLatest, streamTopicsOf } from '../query/pinned-offsets.ts'
import type { CommandStatus, StatementResult } from '../result/entities.ts'
import { missingSchemas } from '../statement/missing-schemas.ts'
import { planStatement, type PlanningEnvironment } from '../statement/plan-statement.ts'
import type { PlannedStatement, TopicToCreate } from '../statement/planned-statement.ts'
import { TopicCatalog } from '../statement/statement-context.ts'
import { variableTexts } from '../statement/variables.ts'
import { EngineError } from './engine-error.ts'
import { applySession } from './apply-session.ts'
import { deleteTopic } from './delete-topic.ts'
import { Session } from './session.ts'
import type { VariableValue } from './query-types.ts'

/** What executing statements needs of its engine. */
export interface ExecutorEnvironment {
  readonly kafka: Kafka
  readonly clock: Clock
  readonly planning: PlanningEnvironment
  readonly log: () => CommandLog
  readonly metastore: Metastore
  /** Resolves when the queries that the command at this offset touched run, or failed to. */
  readonly settled: (offset: number) => Promise<void>
  readonly insertValues: (
    command: Extract<PlannedStatement, { readonly kind: 'insertValues' }>['command'],
  ) => Promise<void>
  readonly answer: (parsed: ParsedStatement, session: Session) => Promise<StatementResult>
  readonly closePushQuery: (id: string) => Promise<boolean>
  readonly registerSchemas: (
    source: DataSource,
    sides: { key: boolean; value: boolean },
  ) => Promise<void>
  readonly onStatus: (commandId: string, status: CommandStatus) => void
}

/** Attempts to get a command in when other instances write at the same time. */
const attemptsMax = 10

/**
 * Executes scripts. A script is parsed whole, then tried out on a copy of the catalog, and only when every statement of it makes sense
 * is the first one executed; each is planned again on the real catalog when its turn comes.
 */
export class StatementExecutor {
  readonly #environment: ExecutorEnvironment
  #turn: Promise<unknown> = Promise.resolve()

  constructor(environment: ExecutorEnvironment) {
    this.#environment = environment
  }

  /** Runs a script to its end, or to the first statement that fails. Scripts of one engine run one after the other. */
  execute(
    sql: string,
    session: Session,
    bound: Readonly<Record<string, VariableValue>> = {},
  ): Promise<StatementResult[]> {
    const run = this.#turn.then(() => this.#execute(sql, session, bound))
    this.#turn = run.catch(() => undefined)
    return run
  }

  async #execute(
    sql: string,
    session: Session,
    bound: Readonly<Record<string, VariableValue>>,
  ): Promise<StatementResult[]> {
    const statements = this.#parse(sql, session, bound)
    if (statements.some(needsLog)) await this.#environment.log().catchUp()
    await this.#tryOut(statements, session, sql)
    const results: StatementResult[] = []
    for (const parsed of statements) {
      try {
        const result = await this.#run(parsed, session)
        if (result !== undefined) results.push(result)
      } catch (error) {
        throw withStatement(error, parsed, results, sql)
      }
    }
    return results
  }

  #parse(
    sql: string,
    session: Session,
    bound: Readonly<Record<string, VariableValue>>,
  ): readonly ParsedStatement[] {
    const { properties } = this.#environment.planning
    return parse(sql, {
      testStatements: false,
      variables: variableTexts(session, bound),
      substituteVariables: properties.flag('ksql.variable.substitution.enable', true),
    })
  }

  async #tryOut(
    statements: readonly ParsedStatement[],
    session: Session,
    sql: string,
  ): Promise<void> {
    const { metastore, log, planning } = this.#environment
    const sandbox = {
      metastore: metastore.copy(),
      session: Session.over(session),
      topics: await this.#topics(statements),
      nextQueryNumber: log().nextOffset,
    }
    for (const parsed of statements) {
      try {
        const planned = await planStatement(parsed, sandbox, planning)
        if (planned.kind === 'session') applySession(parsed, sandbox.session)
        if (planned.kind !== 'command') continue
        sandbox.metastore.apply(planned.operation)
        sandbox.nextQueryNumber += 1
        if (planned.topic !== undefined)
          sandbox.topics.add(planned.topic.name, toKnown(planned.topic))
        if (planned.deleteTopic !== undefined) sandbox.topics.delete(planned.deleteTopic)
      } catch (error) {
        throw withStatement(error, parsed, [], sql)
      }
    }
  }

  async #run(parsed: ParsedStatement, session: Session): Promise<StatementResult | undefined> {
    const { planning, metastore, log } = this.#environment
    for (let attempt = 0; ; attempt++) {
      const planned = await planStatement(
        parsed,
        {
          metastore,
          session,
          topics: await this.#topics([parsed]),
          nextQueryNumber: log().nextOffset,
        },
        planning,
      )
      if (planned.kind !== 'command') return this.#runLocal(planned, parsed, session)
      const result = await this.#submit(planned, parsed, session)
      if (result !== undefined) return result
      if (attempt + 1 >= attemptsMax) {
        throw new EngineError(
          'failed',
          'other instances kept changing the catalog at the same time',
        )
      }
    }
  }

  async #runLocal(
    planned: Exclude<PlannedStatement, { readonly kind: 'command' }>,
    parsed: ParsedStatement,
    session: Session,
  ): Promise<StatementResult | undefined> {
    const base = { statementText: parsed.text, warnings: [] }
    switch (planned.kind) {
      case 'session':
        applySession(parsed, session)
        return undefined
      case 'insertValues':
        await this.#environment.insertValues(planned.command)
        return undefined
      case 'answer':
        return this.#environment.answer(parsed, session)
      case 'nothing':
        return { ...base, '@type': 'warning_entity', message: planned.message }
      case 'closePushQuery':
        return {
          ...base,
          '@type': 'terminate_query',
          queryId: planned.queryId,
          wasTerminated: await this.#environment.closePushQuery(planned.queryId),
        }
    }
  }

  /** Writes the command; `undefined` when another instance's came first and the statement must be planned again. */
  async #submit(
    planned: Extract<PlannedStatement, { readonly kind: 'command' }>,
    parsed: ParsedStatement,
    session: Session,
  ): Promise<StatementResult | undefined> {
    const { log, onStatus, settled } = this.#environment
    await this.#prepare(planned)
    const offset = await log().append({
      version: commandFormatVersion,
      id: planned.commandId,
      after: log().lastAccepted,
      statement: parsed.text,
      properties: Object.fromEntries(session.properties),
      operation: planned.operation,
    })
    if (offset === undefined) return undefined
    await settled(offset)
    await this.#cleanUp(planned)
    const commandStatus: CommandStatus = {
      status: 'SUCCESS',
      message: planned.message,
      queryId: planned.queryId,
    }
    onStatus(planned.commandId, commandStatus)
    return {
      '@type': 'currentStatus',
      statementText: parsed.text,
      commandId: planned.commandId,
      commandStatus,
      commandSequenceNumber: offset,
      warnings: [],
    }
  }

  /** What must be there before the command is: topics, schemas, starting points. All of it may be repeated. */
  async #prepare(planned: Extract<PlannedStatement, { readonly kind: 'command' }>): Promise<void> {
    const { kafka, planning, registerSchemas } = this.#environment
    if (planned.topic !== undefined) await createTopic(kafka, planned.topic)
    if (planned.register !== undefined) {
      const missing = await missingSchemas(planning.registry, planned.register)
      await registerSchemas(planned.register.source, missing)
    }
    if (planned.pin !== undefined) {
      const reset =
        queryOf(planned.operation)?.properties['auto.offset.reset'] ??
        planning.properties.get('auto.offset.reset')
      if (reset !== 'earliest') {
        await pinLatest(kafka, planned.pin.applicationId, streamTopicsOf(planned.pin.plan.root))
      }
    }
  }

  async #cleanUp(planned: Extract<PlannedStatement, { readonly kind: 'command' }>): Promise<void> {
    if (planned.deleteTopic === undefined) return
    const { kafka, planning } = this.#environment
    await deleteTopic(kafka, planning.registry, planned.deleteTopic)
  }

  async #topics(statements: readonly ParsedStatement[]): Promise<TopicCatalog> {
    if (!statements.some(needsTopics)) return new TopicCatalog([])
    const topics = await this.#environment.kafka.admin.listTopics()
    return new TopicCatalog(
      topics.map((topic) => [
        topic.name,
        { partitions: topic.partitionCount, replicas: topic.replicationFactor },
      ]),
    )
  }
}

function queryOf(operation: Operation): QueryEffects['started'][number] | undefined {
  return 'query' in operation ? operation.query : undefined
}

function needsTopics({ statement }: ParsedStatement): boolean {
  return (
    statement.kind === 'createSource' ||
    statement.kind === 'createAsSelect' ||
    statement.kind === 'insertIntoSelect' ||
    statement.kind === 'explain'
  )
}

/** Whether it must see what other instances have decided. */
function needsLog({ statement }: ParsedStatement): boolean {
  return !['set', 'unset', 'define', 'undefine', 'insertValues'].includes(statement.kind)
}

function toKnown(topic: TopicToCreate): { partitions: number; replicas: number } {
  return { partitions: topic.partitions, replicas: topic.replicas ?? 1 }
}

async function createTopic(kafka: Kafka, topic: TopicToCreate): Promise<void> {
  try {
    await kafka.admin.createTopic({
      name: topic.name,
      partitionCount: topic.partitions,
      ...(topic.replicas === undefined ? {} : { replicationFactor: topic.replicas }),
      configs: topic.configs,
    })
  } catch (error) {
    if (!isVarveError(error) || error.code !== 'VARVE_ALREADY_EXISTS') throw error
  }
}

/** Adds which statement failed and what was done before it. Errors of the dialect keep their class, position and caret. */
function withStatement(
  error: unknown,
  parsed: ParsedStatement,
  entities: readonly StatementResult[],
  sql: string,
): unknown {
  if (error instanceof SqlError) {
    const located = error.withText(sql).withStatement(parsed.text)
    return entities.length === 0
      ? located
      : new EngineError('statement', located.message, {
          statementText: parsed.text,
          entities,
          cause: located,
        })
  }
  if (error instanceof EngineError) {
    return new EngineError(error.reason, error.message, {
      statementText: parsed.text,
      entities,
      cause: error.cause,
    })
  }
  const message = messageOf(error)
  const userFault = isVarveError(error) && statementFaults.has(error.code)
  return new EngineError(userFault ? 'statement' : 'failed', message, {
    statementText: parsed.text,
    entities,
    cause: error,
  })
}

/** Codes that say the statement asked for something impossible. */
const statementFaults: ReadonlySet<string> = new Set([
  'VARVE_UNSUPPORTED',
  'VARVE_INVALID_OPTION',
  'VARVE_SERIALIZATION',
  'VARVE_NOT_FOUND',
])
