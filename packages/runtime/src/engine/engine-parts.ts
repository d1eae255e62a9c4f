import { createFunctionRegistry, type FunctionRegistry, type ParsedStatement } from '@varve/sql'

import { Metastore } from '../catalog/metastore.ts'
import { ProcessingLog } from '../processing-log/processing-log.ts'
import { QueryRuntime } from '../query/query-runtime.ts'
import { recordsOf } from '../query/topic-tail.ts'
import type { StatementResult } from '../result/entities.ts'
import { answerStatement } from '../statement/answers.ts'
import { explainStatement } from '../statement/explain.ts'
import type { PlanningEnvironment } from '../statement/plan-statement.ts'
import { CommandFollower } from './command-follower.ts'
import type { EngineOptions } from './engine-options.ts'
import type { Environment } from './environment.ts'
import { EventEmitter, type EngineEvents } from './events.ts'
import { Properties } from './properties.ts'
import { QueryService } from './query-service.ts'
import { RecordWriter } from './record-writer.ts'
import { Session } from './session.ts'
import { SourceAccess } from './source-access.ts'
import { StatementExecutor } from './statement-executor.ts'
import { Subscriptions } from './subscriptions.ts'
import { TableReader } from './table-reader.ts'

/** What an engine is made of; each part knows those that it is given and no other. */
export interface EngineParts {
  readonly environment: Environment
  readonly serviceId: string
  readonly commandTopic: string
  /** What SET and DEFINE change for callers without a session of their own. */
  readonly session: Session
  readonly properties: Properties
  readonly events: EventEmitter<EngineEvents>
  readonly metastore: Metastore
  readonly functions: FunctionRegistry
  readonly processingLog: ProcessingLog
  readonly runtime: QueryRuntime
  readonly sources: SourceAccess
  readonly writer: RecordWriter
  readonly subscriptions: Subscriptions
  readonly commands: CommandFollower
  readonly service: QueryService
  readonly executor: StatementExecutor
}

/** Puts the parts of an engine together; nothing runs yet. */
export function assembleParts(environment: Environment, options: EngineOptions): EngineParts {
  const { kafka, clock, random, registry, storage, logger } = environment
  const properties = new Properties(options.config ?? {}, logger)
  const serviceId = options.serviceId ?? String(properties.get('ksql.service.id') ?? 'default_')
  const commandTopic = `_confluent-ksql-${serviceId}_command_topic`
  const metastore = new Metastore()
  const functions = createFunctionRegistry()
  const events = new EventEmitter<EngineEvents>((error) =>
    logger.error('an event listener failed', { error }),
  )
  const processingLog = new ProcessingLog({
    kafka,
    topic: `${serviceId}ksql_processing_log`,
    clock,
    onEntry: (entry) => events.emit('processing-log', entry),
    onFailure: (error) => logger.warn('the processing log could not be written', { error }),
  })
  const log = processingLog.add.bind(processingLog)
  const runtime = new QueryRuntime({
    kafka,
    registry,
    storage,
    functions,
    clock,
    random,
    logger,
    properties,
    events,
    log,
  })
  const sources = new SourceAccess(metastore, registry)
  const writer = new RecordWriter(kafka)
  const subscriptions = new Subscriptions({ environment, sources, processingLog })
  const commands = new CommandFollower({
    environment,
    properties,
    events,
    metastore,
    runtime,
    topic: commandTopic,
  })
  const planning: PlanningEnvironment = {
    functions,
    functionEnvironment: { clock, random },
    registry,
    properties,
    serviceId,
    isPushQuery: (id) => service.pushQueries.has(id),
    recordsOf: (topic) => recordsOf(kafka, topic),
  }
  const service = new QueryService({
    kafka,
    clock,
    random,
    metastore,
    planning,
    runtime,
    sources,
    tables: new TableReader(kafka, runtime, clock),
    log,
    logger,
  })
  const answer = (parsed: ParsedStatement, session: Session): Promise<StatementResult> =>
    answerStatement(parsed.statement, parsed.text, {
      kafka,
      registry,
      clock,
      metastore,
      queries: runtime,
      functions,
      properties,
      session,
      pushQueries: service.pushQueries.list(),
      explain: (explained) => explainStatement(explained, metastore, session, kafka, planning),
    })
  const executor = new StatementExecutor({
    kafka,
    clock,
    planning,
    log: () => commands.log,
    metastore,
    settled: (offset) => commands.settled(offset),
    insertValues: async (command) => {
      const serdes = await sources.writers(command.target)
      await writer.write(command.target, serdes, {
        key: command.key,
        value: command.value,
        timestamp: command.rowtime ?? clock.now(),
      })
    },
    answer,
    closePushQuery: (id) => service.pushQueries.close(id),
    registerSchemas: (source, sides) => sources.ensureRegistered(source, sides),
    onStatus: (id, status) => commands.setStatus(id, status),
  })
  return {
    environment,
    serviceId,
    commandTopic,
    session: new Session(),
    properties,
    events,
    metastore,
    functions,
    processingLog,
    runtime,
    sources,
    writer,
    subscriptions,
    commands,
    service,
    executor,
  }
}
