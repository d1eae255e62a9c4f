import { UnsupportedError } from '@varve/base'
import type { Kafka } from '@varve/kafka'
import {
  likeNamed,
  type DataSource,
  type FunctionRegistry,
  type ParsedStatement,
  type ShowSubject,
  type Statement,
} from '@varve/sql'

import type { Metastore } from '../catalog/metastore.ts'
import { EngineError } from '../engine/engine-error.ts'
import type { QueryRuntime } from '../query/query-runtime.ts'
import type {
  QueryDescription,
  QueryOffsetSummary,
  RunningQuery,
  SourceDescription,
  StatementResult,
  Warning,
} from '../result/entities.ts'
import { toSchemaInfo } from '../result/field-info.ts'
import { assertSchema, assertTopic, type AssertionEnvironment } from './assertions.ts'
import { describeFunction } from './describe-function.ts'
import { fieldsOf, toQueryDescription, toRunningQuery, toSourceInfo } from './describe.ts'

/** What answers are made of. */
export interface AnswerEnvironment extends AssertionEnvironment {
  readonly metastore: Metastore
  readonly queries: QueryRuntime
  readonly functions: FunctionRegistry
  readonly pushQueries: readonly RunningQuery[]
  /** Describes the query that a statement would start. */
  readonly explain: (parsed: ParsedStatement) => Promise<QueryDescription>
}

/** Answers a statement that only asks. */
export async function answerStatement(
  statement: Statement,
  text: string,
  environment: AnswerEnvironment,
): Promise<StatementResult> {
  const base = { statementText: text, warnings: [] }
  const { metastore } = environment
  switch (statement.kind) {
    case 'show':
      return show(statement.subject, statement, base, environment)
    case 'describe': {
      const source = metastore.source(statement.name)
      if (source === undefined) {
        throw new EngineError(
          'statement',
          `Could not find STREAM/TABLE '${statement.name}' in the Metastore${likeNamed(statement.name, metastore)}`,
        )
      }
      return {
        ...base,
        '@type': 'sourceDescription',
        sourceDescription: await describeSource(source, statement.extended, environment),
      }
    }
    case 'describeAll':
      return describeAll(statement.sourceKind, statement.extended, base, environment)
    case 'describeFunction':
      return { ...base, ...describeFunction(statement.name, environment.functions) }
    case 'assertTopic':
      return { ...base, ...(await assertTopic(statement, environment)) }
    case 'assertSchema':
      return { ...base, ...(await assertSchema(statement, environment)) }
    case 'explain':
      return {
        ...base,
        '@type': 'queryDescription',
        queryDescription: await explain(statement.subject, text, environment),
      }
    default:
      throw new UnsupportedError(`statement "${text}"`)
  }
}

interface EntityBase {
  readonly statementText: string
  readonly warnings: readonly Warning[]
}

async function show(
  subject: ShowSubject,
  statement: { readonly extended: boolean; readonly all: boolean },
  base: EntityBase,
  environment: AnswerEnvironment,
): Promise<StatementResult> {
  const { metastore, queries, session, properties } = environment
  switch (subject) {
    case 'STREAMS':
    case 'TABLES': {
      const kind = subject === 'STREAMS' ? 'STREAM' : 'TABLE'
      if (statement.extended) return describeAll(kind, true, base, environment)
      const found = sourcesOf(metastore, kind).map(toSourceInfo)
      return kind === 'STREAM'
        ? { ...base, '@type': 'streams', streams: found }
        : { ...base, '@type': 'tables', tables: found }
    }
    case 'QUERIES': {
      const infos = [...metastore.queries().values()]
      if (statement.extended) {
        return {
          ...base,
          '@type': 'query_descriptions',
          queryDescriptions: infos.map((info) => describeQuery(info.id, environment)),
        }
      }
      return {
        ...base,
        '@type': 'queries',
        queries: [
          ...infos.map((info) => toRunningQuery(info, queries.get(info.id))),
          ...environment.pushQueries,
        ],
      }
    }
    case 'TOPICS': {
      const topics = await environment.kafka.admin.listTopics()
      return {
        ...base,
        '@type': 'kafka_topics',
        topics: topics
          .filter((topic) => statement.all || !isHidden(topic.name, topic.isInternal))
          .map((topic) => ({
            name: topic.name,
            replicaInfo: new Array<number>(topic.partitionCount).fill(topic.replicationFactor),
          }))
          .sort(byName),
      }
    }
    case 'FUNCTIONS':
      return {
        ...base,
        '@type': 'function_names',
        functions: environment.functions.list().map((definition) => ({
          name: definition.name,
          type:
            definition.kind === 'scalar'
              ? 'SCALAR'
              : definition.kind === 'aggregate'
                ? 'AGGREGATE'
                : 'TABLE',
          category:
            definition.kind === 'scalar' ? definition.category : definition.kind.toUpperCase(),
        })),
      }
    case 'TYPES':
      return {
        ...base,
        '@type': 'type_list',
        types: Object.fromEntries(
          Array.from(metastore.types(), ([name, type]) => [name, toSchemaInfo(type)]),
        ),
      }
    case 'VARIABLES':
      return {
        ...base,
        '@type': 'variables',
        variables: Array.from(session.variables, ([name, value]) => ({
          name,
          value: String(value),
        })),
      }
    case 'PROPERTIES': {
      const names = new Set([
        ...properties.config.keys(),
        ...session.properties.keys(),
        ...properties.settableNames,
      ])
      const editable = new Set(properties.settableNames)
      return {
        ...base,
        '@type': 'properties',
        properties: [...names].sort().map((name) => {
          const value = properties.get(name, session)
          return {
            name,
            scope: 'KSQL',
            value: value === undefined ? null : isSecret(name) ? '[hidden]' : String(value),
            editable: editable.has(name),
            level: editable.has(name) ? 'QUERY' : 'SERVER',
          }
        }),
        overwrittenProperties: [...session.properties.keys()],
        defaultProperties: [...names].filter((name) => properties.get(name, session) === undefined),
      }
    }
    case 'CONNECTORS':
    case 'CONNECTOR PLUGINS':
      throw new UnsupportedError(`SHOW ${subject}: Kafka Connect is not part of this engine`)
  }
}

async function describeAll(
  kind: 'STREAM' | 'TABLE',
  extended: boolean,
  base: EntityBase,
  environment: AnswerEnvironment,
): Promise<StatementResult> {
  const sourceDescriptions: SourceDescription[] = []
  for (const source of sourcesOf(environment.metastore, kind)) {
    sourceDescriptions.push(await describeSource(source, extended, environment))
  }
  return { ...base, '@type': 'source_descriptions', sourceDescriptions }
}

async function describeSource(
  source: DataSource,
  extended: boolean,
  { kafka, metastore, queries }: AnswerEnvironment,
): Promise<SourceDescription> {
  const topic = await kafka.admin.describeTopic(source.topic)
  const running = (ids: readonly { readonly id: string }[]): RunningQuery[] =>
    ids.map(({ id }) => toRunningQuery(metastore.query(id)!, queries.get(id)))
  const readers = metastore.readersOf(source.name)
  const summaries: QueryOffsetSummary[] = []
  if (extended) {
    for (const reader of readers) {
      summaries.push(
        await offsetSummary(kafka, reader.applicationId, source.topic, topic?.partitionCount ?? 0),
      )
    }
  }
  return {
    name: source.name,
    windowType: source.window?.type ?? null,
    readQueries: running(readers),
    writeQueries: running(metastore.writersOf(source.name)),
    fields: fieldsOf(source),
    type: source.kind,
    timestamp: source.timestamp?.column ?? '',
    statistics: '',
    errorStats: '',
    extended,
    keyFormat: source.keyFormat.format,
    valueFormat: source.valueFormat.format,
    topic: source.topic,
    partitions: extended ? (topic?.partitionCount ?? 0) : 0,
    replication: extended ? (topic?.replicationFactor ?? 0) : 0,
    statement: source.sql,
    queryOffsetSummaries: summaries,
    sourceConstraints: readers.map((reader) => reader.sink),
    clusterStatistics: [],
    clusterErrorStats: [],
  }
}

async function offsetSummary(
  kafka: Kafka,
  groupId: string,
  topic: string,
  partitionCount: number,
): Promise<QueryOffsetSummary> {
  const partitions = Array.from({ length: partitionCount }, (_, partition) => ({
    topic,
    partition,
  }))
  const [starts, ends, committed] = await Promise.all([
    kafka.admin.startOffsets(partitions),
    kafka.admin.endOffsets(partitions),
    kafka.admin.committedOffsets(groupId, partitions),
  ])
  const of = (
    list: readonly { readonly partition: number; readonly offset: number }[],
    p: number,
  ): number => list.find((entry) => entry.partition === p)?.offset ?? 0
  return {
    groupId,
    topicSummaries: [
      {
        kafkaTopic: topic,
        offsets: partitions.map(({ partition }) => ({
          partition,
          logStartOffset: of(starts, partition),
          logEndOffset: of(ends, partition),
          consumerOffset: of(committed, partition),
        })),
      },
    ],
  }
}

async function explain(
  subject: Statement | string,
  text: string,
  environment: AnswerEnvironment,
): Promise<QueryDescription> {
  if (typeof subject !== 'string') return environment.explain({ statement: subject, text })
  const { metastore } = environment
  const id = metastore.query(subject) === undefined ? subject.toUpperCase() : subject
  if (metastore.query(id) === undefined) {
    throw new EngineError(
      'statement',
      `Query with id:${subject} does not exist, use SHOW QUERIES to view the full set of queries.`,
    )
  }
  return describeQuery(id, environment)
}

function describeQuery(id: string, { metastore, queries }: AnswerEnvironment): QueryDescription {
  const info = metastore.query(id)!
  return toQueryDescription(
    info,
    queries.get(id),
    metastore.source(info.sink),
    queries.describeTopology(info),
  )
}

function sourcesOf(metastore: Metastore, kind: 'STREAM' | 'TABLE'): DataSource[] {
  return [...metastore.sources().values()].filter((source) => source.kind === kind).sort(byName)
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0
}

/** Topics that SHOW TOPICS leaves out unless ALL is said. */
function isHidden(name: string, isInternal: boolean): boolean {
  return isInternal || name.startsWith('_')
}

function isSecret(name: string): boolean {
  return /password|secret|credential|sasl\.jaas|token|basic\.auth/i.test(name)
}
