import type { FormatSpec } from '@varve/serde'

import type { CreateAsSelect, InsertIntoSelect, ParsedStatement } from '../ast/statement.ts'
import type { DataSource } from '../catalog/data-source.ts'
import { likeNamed } from '../catalog/like-named.ts'
import { SqlError } from '../errors.ts'
import {
  planFormatVersion,
  type Materialization,
  type PlanNode,
  type QueryPlan,
  type SinkNode,
  type SinkTopic,
} from '../plan/physical-plan.ts'
import { planProjection, type PlannedProjection } from '../plan/plan-projection.ts'
import { defaultKeyFormat } from '../plan/default-key-format.ts'
import { planQuery, type PlannedQuery } from '../plan/plan-query.ts'
import type { CreateAsSelectCommand, InsertIntoCommand } from './command.ts'
import { checkName, checkTimestamp, requireTimestampColumn } from './create-source.ts'
import type { AnalysisEnvironment } from './environment.ts'
import { checkFormat, checkFormatProperties, withWrapping } from './formats.ts'
import { checkSinkSchema } from './sink-schema.ts'
import { optional, readProperties, type SourceProperties } from './source-properties.ts'
import { checkInsertColumns, adaptLiterals } from './insert-into.ts'

/** Plans C*AS. @throws SqlError */
export function analyzeCreateAsSelect(
  { statement, text }: ParsedStatement & { readonly statement: CreateAsSelect },
  environment: AnalysisEnvironment,
): CreateAsSelectCommand {
  const properties = environment.properties ?? {}
  const settings = readProperties(statement.properties, 'as')
  const existing = environment.catalog.source(statement.name)
  if (statement.query.limit !== undefined) {
    throw new SqlError(
      `CREATE ${statement.sourceKind} AS SELECT statements don't support LIMIT clause.`,
      { span: statement.query.span },
    )
  }
  const planned = planQuery(statement.query, environment, true)
  checkKind(statement, planned)
  if (settings.timestamp !== undefined) requireTimestampColumn(settings.timestamp, planned.names)
  const projection = planProjection(planned, statement.name)
  const formats = sinkFormats(settings, planned, projection, environment)
  const prefix = properties['ksql.output.topic.name.prefix'] ?? ''
  const topicName = settings.topic ?? `${String(prefix)}${statement.name}`
  checkSinkSchema(
    { key: projection.keyColumns, value: projection.valueColumns },
    environment.inferred,
  )
  checkTimestamp(settings.timestamp, [...projection.keyColumns, ...projection.valueColumns])
  checkName(statement, existing)
  const { window } = planned.relation
  const source: DataSource = {
    name: statement.name,
    kind: statement.sourceKind,
    topic: topicName,
    keyFormat: formats.key,
    valueFormat: formats.value,
    keyColumns: projection.keyColumns,
    valueColumns: projection.valueColumns,
    headerColumns: [],
    ...optional('timestamp', settings.timestamp),
    ...optional('window', window),
    isSource: false,
    createdByQuery: true,
    sql: text,
  }
  const topic = sinkTopic(source, settings, planned, environment)
  return {
    kind: 'createAsSelect',
    source,
    orReplace: statement.orReplace,
    ifNotExists: statement.ifNotExists,
    exists: existing !== undefined && statement.ifNotExists,
    topic,
    query: queryPlan(planned, projection.node, source, statement.query.emit ?? 'CHANGES'),
  }
}

/** Plans INSERT INTO … SELECT. @throws SqlError */
export function analyzeInsertInto(
  statement: InsertIntoSelect,
  environment: AnalysisEnvironment,
): InsertIntoCommand {
  const settings = readProperties(statement.properties, 'insert')
  const target = environment.catalog.source(statement.target)
  if (target === undefined) {
    throw new SqlError(
      `Source \`${statement.target}\` does not exist.${likeNamed(statement.target, environment.catalog)}`,
      {
        span: statement.targetSpan,
        phase: 'names',
      },
    )
  }
  if (target.kind !== 'STREAM') {
    throw new SqlError(
      `INSERT INTO can only be used to insert into a stream. ${target.name} is a table.`,
      { span: statement.span },
    )
  }
  if (target.isSource) {
    throw new SqlError(`Cannot insert into read-only stream: ${target.name}`, {
      span: statement.span,
    })
  }
  if (target.headerColumns.length > 0) {
    throw new SqlError(`Cannot insert into ${target.name} because it has header columns`, {
      span: statement.span,
    })
  }
  const planned = planQuery(statement.query, environment, true)
  if (planned.relation.kind !== 'STREAM') {
    throw new SqlError(
      'Incompatible data sink. The result of the query is a table, the sink a stream.',
      {
        span: statement.span,
      },
    )
  }
  const projection = adaptLiterals(planProjection(planned, target.name), target)
  checkInsertColumns(projection, target, statement)
  const query = queryPlan(planned, projection.node, target, statement.query.emit ?? 'CHANGES')
  return {
    kind: 'insertInto',
    target: target.name,
    ...optional('queryId', settings.queryId),
    query,
  }
}

function checkKind(statement: CreateAsSelect, planned: PlannedQuery): void {
  const { kind } = planned.relation
  if (kind === statement.sourceKind) return
  throw new SqlError(
    kind === 'TABLE'
      ? 'Invalid result type. Your SELECT query produces a TABLE. Please use CREATE TABLE AS SELECT statement instead.'
      : 'Invalid result type. Your SELECT query produces a STREAM. Please use CREATE STREAM AS SELECT statement instead.',
    { span: statement.span },
  )
}

function sinkFormats(
  settings: SourceProperties,
  planned: PlannedQuery,
  projection: PlannedProjection,
  environment: AnalysisEnvironment,
): { readonly key: FormatSpec; readonly value: FormatSpec } {
  const key = sinkKeyFormat(settings, planned, projection, environment)
  const inherited = planned.formats.valueFormat
  const name = settings.valueFormat ?? inherited.format
  const { delimiter, schemaFullName } = inherited
  const value: FormatSpec = {
    format: name,
    ...(name === inherited.format
      ? {
          ...optional('delimiter', delimiter),
          ...(name === 'PROTOBUF' ? optional('schemaFullName', schemaFullName) : {}),
        }
      : {}),
    ...settings.value,
  }
  const configured = environment.properties?.['ksql.persistence.wrap.single.values']
  checkFormatProperties(key)
  checkFormatProperties(value)
  checkFormat(key.format, projection.keyColumns, 'key')
  checkFormat(value.format, projection.valueColumns, 'value')
  return {
    key,
    value: withWrapping(
      value,
      projection.valueColumns,
      configured === undefined ? undefined : String(configured) === 'true',
    ),
  }
}

function sinkKeyFormat(
  settings: SourceProperties,
  planned: PlannedQuery,
  projection: PlannedProjection,
  environment: AnalysisEnvironment,
): FormatSpec {
  const { keyFormat: inherited } = planned.formats
  if (projection.keyColumns.length === 0) {
    if (settings.keyFormat !== undefined && settings.keyFormat !== 'NONE') {
      throw new SqlError('Key format specified for stream without key columns.', {
        hint: 'Leave KEY_FORMAT out.',
      })
    }
    // PARTITION BY NULL takes the key away; a source without key hands its format on unused.
    const isUnkeyed = planned.planning.scope.sources.every(
      (source) => source.definition.keyColumns.length === 0,
    )
    return isUnkeyed && settings.keyFormat === undefined ? inherited : { format: 'NONE' }
  }
  const name =
    settings.keyFormat ??
    (inherited.format === 'NONE' ? defaultKeyFormat(environment).format : inherited.format)
  return {
    format: name,
    ...(name === inherited.format ? optional('delimiter', inherited.delimiter) : {}),
    ...(name === inherited.format && name === 'PROTOBUF'
      ? optional('schemaFullName', inherited.schemaFullName)
      : {}),
    ...settings.key,
  }
}

function sinkTopic(
  source: DataSource,
  settings: SourceProperties,
  planned: PlannedQuery,
  environment: AnalysisEnvironment,
): SinkTopic {
  const properties = environment.properties ?? {}
  const first = planned.planning.scope.sources[0]!.definition
  const info = environment.topic?.(first.topic)
  const configured = (name: string): number | undefined =>
    properties[name] === undefined ? undefined : Number(properties[name])
  return {
    name: source.topic,
    ...optional(
      'partitions',
      settings.partitions ?? configured('ksql.sink.partitions') ?? info?.partitions,
    ),
    ...optional(
      'replicas',
      settings.replicas ?? configured('ksql.sink.replicas') ?? info?.replicas,
    ),
    ...optional('retentionMs', settings.retentionMs),
    cleanupPolicy:
      source.kind === 'STREAM'
        ? 'delete'
        : source.window === undefined
          ? 'compact'
          : 'compact,delete',
  }
}

function queryPlan(
  planned: PlannedQuery,
  node: PlanNode,
  sink: DataSource,
  emit: 'CHANGES' | 'FINAL',
): QueryPlan {
  const root: SinkNode = {
    kind: 'sink',
    step: sink.name,
    schema: node.schema,
    source: node,
    sinkName: sink.name,
    sinkKind: sink.kind,
    topic: sink.topic,
    keyFormat: sink.keyFormat,
    valueFormat: sink.valueFormat,
    ...optional('timestamp', sink.timestamp),
  }
  return {
    version: planFormatVersion,
    sources: planned.planning.scope.sources.map((source) => source.definition.name),
    root,
    resultKind: planned.relation.kind,
    ...(planned.relation.kind === 'TABLE' ? { materialization: materializationOf(node) } : {}),
    emit,
  }
}

/**
 * Pull queries read the aggregate's store through the filters and projections above it; other tables keep the rows of their last node.
 */
function materializationOf(node: PlanNode): Materialization {
  const window = optional('window', node.schema.window)
  let at = node
  while (at.kind === 'project' || at.kind === 'filter') at = at.source
  return at.kind === 'aggregate'
    ? { step: at.step, store: at.store, ...window }
    : { step: node.step, store: `${node.step}-Materialize`, ...window }
}
