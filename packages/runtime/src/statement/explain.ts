import type { Kafka } from '@varve/kafka'
import type { ParsedStatement, PlanNode } from '@varve/sql'

import type { Metastore } from '../catalog/metastore.ts'
import { EngineError } from '../engine/engine-error.ts'
import type { Session } from '../engine/session.ts'
import type { QueryDescription } from '../result/entities.ts'
import { toSchemaInfo, type FieldInfo } from '../result/field-info.ts'
import { fieldsOf, formatPlan } from './describe.ts'
import { analyzeStatement, type PlanningEnvironment } from './plan-statement.ts'
import { TopicCatalog } from './statement-context.ts'

/** Describes the query that a statement would start, without starting it. */
export async function explainStatement(
  parsed: ParsedStatement,
  metastore: Metastore,
  session: Session,
  kafka: Kafka,
  planning: PlanningEnvironment,
): Promise<QueryDescription> {
  const topics = new TopicCatalog(
    (await kafka.admin.listTopics()).map((topic) => [
      topic.name,
      { partitions: topic.partitionCount, replicas: topic.replicationFactor },
    ]),
  )
  const { command } = await analyzeStatement(
    parsed,
    { metastore, session, topics, nextQueryNumber: 0 },
    planning,
  )
  const base = {
    id: 'transient_explain',
    statementText: parsed.text,
    windowType: null,
    topology: '',
    overriddenProperties: Object.fromEntries(
      Array.from(session.properties, ([name, value]) => [name, String(value)]),
    ),
    ksqlHostQueryStatus: {},
    queryErrors: [],
    tasksMetadata: [],
    consumerGroupId: null,
    state: null,
  }
  const planText = (root: PlanNode): string => formatPlan(root, base.id)
  switch (command.kind) {
    case 'createAsSelect':
      return {
        ...base,
        fields: fieldsOf(command.source),
        sources: command.query.sources,
        sinks: [command.source.name],
        executionPlan: planText(command.query.root),
        queryType: 'PERSISTENT',
      }
    case 'insertInto':
      return {
        ...base,
        fields: [],
        sources: command.query.sources,
        sinks: [command.target],
        executionPlan: planText(command.query.root),
        queryType: 'PERSISTENT',
      }
    case 'pushQuery':
    case 'pullQuery': {
      const { plan } = command
      return {
        ...base,
        fields: plan.output.map((column): FieldInfo => ({
          name: column.name,
          schema: toSchemaInfo(column.type),
        })),
        sources: 'sources' in plan ? plan.sources : [plan.source],
        sinks: [],
        executionPlan: 'root' in plan ? planText(plan.root) : `pull: ${plan.lookup.kind}`,
        queryType: command.kind === 'pushQuery' ? 'PUSH' : 'PULL',
      }
    }
    default:
      throw new EngineError('statement', 'The provided statement does not run a ksql query', {
        statementText: parsed.text,
      })
  }
}
