import { assert, DeserializationError, UnsupportedError } from '@varve/base'
import {
  analyze,
  inferenceRequests,
  resolveType,
  type AnalysisEnvironment,
  type Command,
  type FunctionEnvironment,
  type FunctionRegistry,
  type InferenceRequest,
  type InferredColumns,
  type ParsedStatement,
  type Statement,
} from '@varve/sql'
import type { ConsumerRecord } from '@varve/kafka'
import { formatSqlType, type Columns, type SchemaRegistry } from '@varve/serde'

import { EngineError } from '../engine/engine-error.ts'
import { checkSettable, type Properties } from '../engine/properties.ts'
import { checkInsertable } from '../engine/row-inserter.ts'
import { columnsOfRecords } from '../debezium/infer-columns.ts'
import { inferColumns } from '../registry/infer-columns.ts'
import { planAlterSource } from './alter-source.ts'
import { planCreateAsSelect } from './create-as-select.ts'
import { planCreateSource } from './create-source.ts'
import { planDropSource } from './drop-source.ts'
import { planInsertInto } from './insert-into.ts'
import { planQueryControl } from './query-control.ts'
import type { PlannedStatement } from './planned-statement.ts'
import type { StatementContext } from './statement-context.ts'

/** What planning needs besides the catalog. */
export interface PlanningEnvironment {
  readonly functions: FunctionRegistry
  readonly functionEnvironment: FunctionEnvironment
  readonly registry: SchemaRegistry
  readonly properties: Properties
  readonly serviceId: string
  /** The records of a topic up to its present end. */
  readonly recordsOf: (topic: string) => AsyncIterable<ConsumerRecord>
  /** Whether a push query of this id runs here. */
  readonly isPushQuery: (id: string) => boolean
}

/** Finds out what a statement will do to the catalog of `context`, or why it cannot. Changes nothing. */
export async function planStatement(
  parsed: ParsedStatement,
  context: StatementContext,
  environment: PlanningEnvironment,
): Promise<PlannedStatement> {
  const { statement } = parsed
  switch (statement.kind) {
    case 'createSource':
    case 'createAsSelect':
    case 'insertIntoSelect':
    case 'insertValues':
      return planAnalyzed(
        parsed,
        await analyzeStatement(parsed, context, environment),
        context,
        environment,
      )
    case 'query':
    case 'print':
      throw new EngineError(
        'query-statement',
        `The following statement types should be issued to the websocket endpoint '/query':${'\n'}\t* ${statement.kind === 'print' ? 'PRINT' : 'SELECT'}`,
      )
    case 'dropSource':
      return planDropSource(statement, context)
    case 'terminate':
    case 'pause':
    case 'resume':
      return planQueryControl(statement, context, environment.isPushQuery)
    case 'createType': {
      const commandId = `type/${statement.name}/create`
      if (context.metastore.type(statement.name) !== undefined) {
        if (statement.ifNotExists) {
          return {
            kind: 'nothing',
            commandId,
            message: `${statement.name} is already registered with type ${formatSqlType(context.metastore.type(statement.name)!)}`,
          }
        }
        throw new EngineError(
          'statement',
          `Cannot register custom type '${statement.name}' since it is already registered with type: ${formatSqlType(context.metastore.type(statement.name)!)}`,
        )
      }
      const type = resolveType(statement.type, (name) => context.metastore.type(name))
      return {
        kind: 'command',
        commandId,
        operation: { kind: 'createType', name: statement.name, type },
        message: `Registered custom type with name '${statement.name}' and SQL type ${formatSqlType(type)}`,
        queryId: null,
      }
    }
    case 'dropType': {
      const commandId = `type/${statement.name}/drop`
      if (context.metastore.type(statement.name) === undefined) {
        const message = `Type ${statement.name} does not exist.`
        if (statement.ifExists) return { kind: 'nothing', commandId, message }
        throw new EngineError('statement', message)
      }
      return {
        kind: 'command',
        commandId,
        operation: { kind: 'dropType', name: statement.name },
        message: `Dropped type '${statement.name}'`,
        queryId: null,
      }
    }
    case 'alterSource':
      return planAlterSource(statement, parsed.text, context)
    case 'set':
      checkSettable(statement.property)
      return { kind: 'session', statement }
    case 'unset':
    case 'define':
    case 'undefine':
      return { kind: 'session', statement }
    case 'show':
    case 'describe':
    case 'describeAll':
    case 'describeFunction':
    case 'explain':
    case 'assertTopic':
    case 'assertSchema':
      return { kind: 'answer', statement }
    default:
      throw new UnsupportedError(
        `statement "${parsed.text.split(/\s+/, 2).join(' ').toUpperCase()}"`,
      )
  }
}

/** Runs the analyzer with everything it may ask for. */
export async function analyzeStatement(
  parsed: ParsedStatement,
  context: StatementContext,
  environment: PlanningEnvironment,
): Promise<Analyzed> {
  const properties = environment.properties.all(context.session)
  const inferred = await infer(parsed.statement, properties, environment)
  const analysis: AnalysisEnvironment = {
    catalog: context.metastore,
    functions: environment.functions,
    properties,
    topic: (name) => context.topics.get(name),
    functionEnvironment: environment.functionEnvironment,
    ...(inferred === undefined ? {} : { inferred }),
  }
  const command = analyze(parsed, analysis)
  assert(command !== undefined, 'the statement is of a kind that is analysed')
  return { command, inferred: inferred ?? {} }
}

/** A command with the columns that came from the registry. */
export interface Analyzed {
  readonly command: Command
  readonly inferred: InferredColumns
}

async function infer(
  statement: Statement,
  properties: AnalysisEnvironment['properties'],
  environment: PlanningEnvironment,
): Promise<InferredColumns | undefined> {
  const requests = inferenceRequests(statement, properties)
  if (requests.length === 0) return undefined
  const inferred: { key?: Columns; value?: Columns } = {}
  for (const request of requests) {
    const columns =
      request.format === 'DEBEZIUM_JSON'
        ? await columnsOfRecords(environment.recordsOf(request.topic), request.side)
        : await columnsOf(request, environment.registry)
    if (columns !== undefined) inferred[request.side] = columns
  }
  return inferred
}

/** Columns from the registry. @throws EngineError for a schema that gives none, in the dialect's words */
async function columnsOf(
  request: InferenceRequest,
  registry: SchemaRegistry,
): Promise<Columns | undefined> {
  try {
    return await inferColumns(registry, request)
  } catch (cause) {
    const isSchemas = cause instanceof UnsupportedError || cause instanceof DeserializationError
    if (!isSchemas || request.format === 'DEBEZIUM_AVRO') throw cause
    throw new EngineError(
      'statement',
      `Unable to verify if the ${request.side} schema for topic: ${request.topic} is compatible with ksqlDB.\nReason: ${cause.message}`,
      { cause },
    )
  }
}

function planAnalyzed(
  parsed: ParsedStatement,
  analyzed: Analyzed,
  context: StatementContext,
  environment: PlanningEnvironment,
): PlannedStatement {
  const { command } = analyzed
  switch (command.kind) {
    case 'createSource':
      return planCreateSource(command, parsed.text, analyzed.inferred, context, environment)
    case 'createAsSelect':
      return planCreateAsSelect(command, parsed.text, context, environment)
    case 'insertInto':
      return planInsertInto(command, parsed.text, context, environment)
    case 'insertValues':
      checkInsertable(command.target)
      return { kind: 'insertValues', command }
    case 'pushQuery':
    case 'pullQuery':
      throw new EngineError('query-statement', 'SELECT is not answered here')
  }
}
