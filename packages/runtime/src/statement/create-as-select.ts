import type { CreateAsSelectCommand, DataSource, PlanNode, QueryPlan } from '@varve/sql'

import type { QueryInfo } from '../catalog/query-info.ts'
import { EngineError } from '../engine/engine-error.ts'
import { checkNameFree, nameTaken } from './check-name.ts'
import { applicationId, createCommandId, idPart } from './names.ts'
import type { PlanningEnvironment } from './plan-statement.ts'
import type { PlannedStatement } from './planned-statement.ts'
import { sinkTopicToCreate } from './sink-topic.ts'
import type { StatementContext } from './statement-context.ts'

/** CREATE STREAM AS SELECT and CREATE TABLE AS SELECT. */
export function planCreateAsSelect(
  command: CreateAsSelectCommand,
  text: string,
  context: StatementContext,
  environment: PlanningEnvironment,
): PlannedStatement {
  const { source } = command
  const commandId = createCommandId(source.kind, source.name)
  if (command.exists && command.ifNotExists) {
    const existing = context.metastore.source(source.name)!
    return { kind: 'nothing', commandId, message: nameTaken(source, existing) }
  }
  checkNameFree(source, command.orReplace, context.metastore)
  const old = context.metastore.creatorOf(source.name)
  if (old !== undefined) checkUpgrade(old.plan, command.query)
  const prefix = source.kind === 'STREAM' ? 'CSAS' : 'CTAS'
  const query = createQueryInfo(
    old?.id ?? `${prefix}_${idPart(source.name)}_${context.nextQueryNumber}`,
    'CREATE_AS',
    text,
    command.query,
    source,
    context,
    environment,
  )
  const topic = sinkTopicToCreate(command.topic, context)
  return {
    kind: 'command',
    commandId,
    operation: { kind: 'createAsSelect', source: { ...source, sql: text }, query },
    message: `Created query with ID ${query.id}`,
    queryId: query.id,
    ...(topic === undefined ? {} : { topic }),
    pin: { applicationId: query.applicationId, plan: query.plan },
  }
}

/** A new persistent query, with the properties that hold in the session. */
export function createQueryInfo(
  id: string,
  kind: QueryInfo['kind'],
  text: string,
  plan: QueryPlan,
  sink: Pick<DataSource, 'name' | 'topic'>,
  context: StatementContext,
  environment: PlanningEnvironment,
): QueryInfo {
  const limit = environment.properties.number('ksql.query.persistent.active.limit', Infinity)
  if (!context.metastore.queries().has(id) && context.metastore.queries().size >= limit) {
    throw new EngineError(
      'statement',
      `Not executing statement(s) as it would cause the number of active, persistent queries to exceed the configured limit of ${limit}`,
    )
  }
  return {
    id,
    applicationId: applicationId(
      environment.serviceId,
      String(environment.properties.get('ksql.persistent.prefix') ?? 'query_'),
      id,
    ),
    statementText: text,
    kind,
    plan,
    sink: sink.name,
    sinkTopic: sink.topic,
    properties: Object.fromEntries(context.session.properties),
    paused: false,
  }
}

/** A running query may change what it selects, not how its state is made up. */
function checkUpgrade(old: QueryInfo['plan'], next: QueryPlan): void {
  if (shapeOf(old.root) === shapeOf(next.root) && sameStore(old, next)) return
  throw new EngineError(
    'statement',
    'Cannot replace the query: only its WHERE condition and its select list may change, not its sources, joins, windows or grouping.',
  )
}

function sameStore(old: QueryInfo['plan'], next: QueryPlan): boolean {
  return old.materialization?.store === next.materialization?.store
}

/** All of a plan that state and internal topics depend on: filters and projections left out. */
function shapeOf(node: PlanNode): string {
  if (node.kind === 'filter' || node.kind === 'project') return shapeOf(node.source)
  const inputs = 'left' in node ? [node.left, node.right] : 'source' in node ? [node.source] : []
  const own = JSON.stringify(node, (name, value: unknown) =>
    passedOver.has(name) ? undefined : value,
  )
  return `${own}(${inputs.map(shapeOf).join(',')})`
}

const passedOver: ReadonlySet<string> = new Set([
  'source',
  'left',
  'right',
  'schema',
  'text',
  'timestamp',
])
