import { SqlTypes } from '@varve/serde'
import { headersType, type DataSource, type PlanNode } from '@varve/sql'

import type { QueryInfo } from '../catalog/query-info.ts'
import type { PersistentQuery } from '../query/persistent-query.ts'
import type { QueryDescription, RunningQuery, SourceInfo } from '../result/entities.ts'
import { toSchemaInfo, type FieldInfo } from '../result/field-info.ts'

/** A line of SHOW STREAMS or SHOW TABLES. */
export function toSourceInfo(source: DataSource): SourceInfo {
  return {
    type: source.kind,
    name: source.name,
    topic: source.topic,
    keyFormat: source.keyFormat.format,
    valueFormat: source.valueFormat.format,
    isWindowed: source.window !== undefined,
  }
}

/** The columns of a source: key first, then values, then headers. */
export function fieldsOf(source: DataSource): readonly FieldInfo[] {
  return [
    ...source.keyColumns.map((column): FieldInfo => ({
      name: column.name,
      schema: toSchemaInfo(column.type),
      type: 'KEY',
    })),
    ...source.valueColumns.map((column): FieldInfo => ({
      name: column.name,
      schema: toSchemaInfo(column.type),
    })),
    ...source.headerColumns.map((column): FieldInfo => ({
      name: column.name,
      schema: toSchemaInfo(column.headerKey === undefined ? headersType : SqlTypes.BYTES),
      type: 'HEADER',
      ...(column.headerKey === undefined ? {} : { headerKey: column.headerKey }),
    })),
  ]
}

/** A line of SHOW QUERIES. */
export function toRunningQuery(info: QueryInfo, query: PersistentQuery | undefined): RunningQuery {
  const state = query?.state ?? (info.paused ? 'PAUSED' : 'RUNNING')
  return {
    queryString: info.statementText,
    sinks: [info.sink],
    sinkKafkaTopics: info.sinkTopic === null ? [] : [info.sinkTopic],
    id: info.id,
    statusCount: { [state]: 1 },
    queryType: 'PERSISTENT',
    state,
  }
}

/** All about a persistent query. */
export function toQueryDescription(
  info: QueryInfo,
  query: PersistentQuery | undefined,
  sink: DataSource | undefined,
  topology: string,
): QueryDescription {
  const running = toRunningQuery(info, query)
  return {
    id: info.id,
    statementText: info.statementText,
    windowType: info.plan.root.schema.window?.type ?? null,
    fields: sink === undefined ? [] : fieldsOf(sink),
    sources: info.plan.sources,
    sinks: running.sinks,
    topology,
    executionPlan: formatPlan(info.plan.root, info.id),
    overriddenProperties: Object.fromEntries(
      Object.entries(info.properties).map(([name, value]) => [name, String(value)]),
    ),
    ksqlHostQueryStatus: { local: running.state },
    queryType: 'PERSISTENT',
    queryErrors: query?.errors ?? [],
    tasksMetadata: [],
    consumerGroupId: info.applicationId,
    state: running.state,
  }
}

/** A plan as people read it: the sink first, what feeds it further in. */
export function formatPlan(root: PlanNode, queryId: string): string {
  const lines: string[] = []
  const walk = (node: PlanNode, depth: number): void => {
    const schema = [...node.schema.keyColumns, ...node.schema.valueColumns]
      .map((column) => `${column.name} ${column.type.kind}`)
      .join(', ')
    const name = node.kind.replace(/([A-Z])/g, '_$1').toUpperCase()
    lines.push(
      `${'\t'.repeat(depth)} > [ ${name} ] | Schema: ${schema} | Logger: ${queryId}.${node.step.replaceAll('-', '.')}`,
    )
    for (const input of inputsOf(node)) walk(input, depth + 1)
  }
  walk(root, 0)
  return lines.join('\n')
}

function inputsOf(node: PlanNode): readonly PlanNode[] {
  if ('left' in node) return [node.left, node.right]
  return 'source' in node ? [node.source] : []
}
