import type { CreateSourceCommand, InferredColumns } from '@varve/sql'

import { EngineError } from '../engine/engine-error.ts'
import { checkNameFree, nameTaken } from './check-name.ts'
import { applicationId, createCommandId, idPart } from './names.ts'
import type { PlanningEnvironment } from './plan-statement.ts'
import type { PlannedStatement, TopicToCreate } from './planned-statement.ts'
import type { StatementContext } from './statement-context.ts'
import { topicExists } from './topic-exists.ts'

/** CREATE STREAM and CREATE TABLE over a topic. */
export function planCreateSource(
  command: CreateSourceCommand,
  text: string,
  inferred: InferredColumns,
  context: StatementContext,
  environment: PlanningEnvironment,
): PlannedStatement {
  const source = { ...command.source, sql: text }
  const commandId = createCommandId(source.kind, source.name)
  if (command.exists && command.ifNotExists) {
    const existing = context.metastore.source(source.name)!
    return { kind: 'nothing', commandId, message: nameTaken(source, existing) }
  }
  checkNameFree(source, command.orReplace, context.metastore)
  const topic = topicOf(command, context)
  const queryId = `CST_${idPart(source.name)}_${context.nextQueryNumber}`
  const query =
    command.query === undefined
      ? undefined
      : {
          id: queryId,
          applicationId: applicationId(
            environment.serviceId,
            String(environment.properties.get('ksql.persistent.prefix') ?? 'query_'),
            queryId,
          ),
          statementText: text,
          kind: 'CREATE_SOURCE' as const,
          plan: command.query,
          sink: source.name,
          sinkTopic: null,
          properties: { 'auto.offset.reset': 'earliest' },
          paused: false,
        }
  return {
    kind: 'command',
    commandId,
    operation: {
      kind: 'createSource',
      source,
      ...(query === undefined ? {} : { query }),
    },
    message:
      query === undefined
        ? `${source.kind === 'STREAM' ? 'Stream' : 'Table'} created`
        : `Created query with ID ${queryId}`,
    queryId: query === undefined ? null : queryId,
    ...(topic === undefined ? {} : { topic }),
    register: {
      source,
      key: inferred.key === undefined && source.keyColumns.length > 0,
      value: inferred.value === undefined && source.valueColumns.length > 0,
    },
  }
}

function topicOf(
  { source, topic }: CreateSourceCommand,
  context: StatementContext,
): TopicToCreate | undefined {
  if (topicExists(topic, context)) return undefined
  if (topic.partitions === undefined) {
    throw new EngineError(
      'statement',
      `Kafka topic does not exist: ${topic.name}. Either create it before the statement or name PARTITIONS in its WITH clause.`,
    )
  }
  const policy =
    source.kind === 'STREAM' ? 'delete' : source.window === undefined ? 'compact' : 'compact,delete'
  return {
    name: topic.name,
    partitions: topic.partitions,
    ...(topic.replicas === undefined ? {} : { replicas: topic.replicas }),
    configs: {
      'cleanup.policy': policy,
      ...(topic.retentionMs === undefined ? {} : { 'retention.ms': String(topic.retentionMs) }),
    },
  }
}
