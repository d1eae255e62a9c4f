import type { Column, Columns, SqlType } from '@varve/serde'
import { parse, resolveType, type CreateSource, type ParsedStatement } from '@varve/sql'

import { schemaOfColumns } from '../codec/column-schemas.ts'
import type { CaseSchema, CaseTopic, SuiteCase } from './case.ts'

/** Partitions of topics that nobody declared. */
const defaultPartitions = 4

/** The topics that exist before the statements of a case run: listed ones, then those its statements and records name. */
export function declaredTopics(testCase: SuiteCase): CaseTopic[] {
  const topics = new Map(testCase.topics.map((topic) => [topic.name, topic]))
  for (const topic of statementTopics(testCase)) {
    const listed = topics.get(topic.name)
    topics.set(
      topic.name,
      listed === undefined
        ? topic
        : { ...listed, key: listed.key ?? topic.key, value: listed.value ?? topic.value },
    )
  }
  for (const { topic } of [...testCase.inputs, ...(testCase.outputs ?? [])]) {
    if (!topics.has(topic)) topics.set(topic, plainTopic(topic))
  }
  return [...topics.values()].toSorted((a, b) => bucketOf(a.name) - bucketOf(b.name))
}

function plainTopic(name: string): CaseTopic {
  return {
    name,
    partitions: defaultPartitions,
    replicas: 1,
    key: undefined,
    value: undefined,
  }
}

/**
 * Schemas get their ids in the order in which the original's hash table of topics lists them; cases that name ids count on it.
 * The hash is that of `java.lang.String`, spread and cut to a table of 16.
 */
function bucketOf(name: string): number {
  let hash = 0
  for (let i = 0; i < name.length; i++) hash = (Math.imul(hash, 31) + name.charCodeAt(i)) | 0
  return (hash ^ (hash >>> 16)) & 15
}

function statementTopics(testCase: SuiteCase): CaseTopic[] {
  const types = new Map<string, SqlType>()
  const topics: CaseTopic[] = []
  for (const text of testCase.statements) {
    // A statement that is wrong shows when it is executed.
    try {
      const [parsed] = parse(text, { substituteVariables: false })
      const topic = parsed === undefined ? undefined : topicOf(parsed, types, testCase)
      if (topic !== undefined) topics.push(topic)
    } catch {
      continue
    }
  }
  return topics
}

function topicOf(
  { statement }: ParsedStatement,
  types: Map<string, SqlType>,
  testCase: SuiteCase,
): CaseTopic | undefined {
  const typeOf = (name: string): SqlType | undefined => types.get(name)
  if (statement.kind === 'createType') {
    types.set(statement.name, resolveType(statement.type, typeOf))
    return undefined
  }
  if (statement.kind !== 'createSource' || statement.columns.length === 0) return undefined
  const properties = new Map(statement.properties.map(({ name, value }) => [name, value]))
  const name = properties.get('KAFKA_TOPIC')
  if (name === undefined) return undefined
  const columns = (key: boolean): Column[] =>
    statement.columns
      .filter(({ constraint }) =>
        key
          ? constraint?.kind === 'KEY' || constraint?.kind === 'PRIMARY KEY'
          : constraint === undefined,
      )
      .map((column) => ({ name: column.name, type: resolveType(column.type, typeOf) }))
  return {
    name: String(name),
    partitions: Number(properties.get('PARTITIONS') ?? defaultPartitions),
    replicas: Number(properties.get('REPLICAS') ?? 1),
    key: sideSchema('key', statement, columns(true), properties, testCase),
    value: sideSchema('value', statement, columns(false), properties, testCase),
  }
}

function sideSchema(
  side: 'key' | 'value',
  statement: CreateSource,
  columns: Columns,
  properties: ReadonlyMap<string, unknown>,
  testCase: SuiteCase,
): CaseSchema | undefined {
  if (columns.length === 0) return undefined
  const prefix = side.toUpperCase()
  const format = String(
    properties.get(`${prefix}_FORMAT`) ??
      properties.get('FORMAT') ??
      testCase.properties[`ksql.persistence.default.format.${side}`] ??
      'KAFKA',
  ).toUpperCase()
  const wrap =
    side === 'key'
      ? undefined
      : (properties.get('WRAP_SINGLE_VALUE') ??
        testCase.properties['ksql.persistence.wrap.single.values'])
  const fullName = properties.get(`${prefix}_SCHEMA_FULL_NAME`)
  const representation = properties.get(`${prefix}_PROTOBUF_NULLABLE_REPRESENTATION`)
  const nullable = representation === undefined ? undefined : String(representation).toUpperCase()
  const schema = schemaOfColumns(format, columns, {
    side,
    sourceName: statement.name,
    wrap: wrap === undefined ? undefined : String(wrap) === 'true',
    nullable: nullable === 'OPTIONAL' || nullable === 'WRAPPER' ? nullable : undefined,
    fullName: typeof fullName === 'string' ? fullName : undefined,
  })
  return schema === undefined ? undefined : { format, text: schema, id: undefined, references: [] }
}
