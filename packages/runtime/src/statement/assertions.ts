import type { Clock } from '@varve/base'
import type { Kafka } from '@varve/kafka'
import { SchemaRegistryError, type SchemaRegistry } from '@varve/serde'
import { durationMs, type Statement } from '@varve/sql'

import { EngineError } from '../engine/engine-error.ts'
import type { Properties } from '../engine/properties.ts'
import type { Session } from '../engine/session.ts'
import type { AssertSchemaEntity, AssertTopicEntity } from '../result/entities.ts'

/** What assertions look at. */
export interface AssertionEnvironment {
  readonly kafka: Kafka
  readonly registry: SchemaRegistry
  readonly clock: Clock
  readonly properties: Properties
  readonly session: Session
}

type AssertTopic = Extract<Statement, { readonly kind: 'assertTopic' }>
type AssertSchema = Extract<Statement, { readonly kind: 'assertSchema' }>

/** Milliseconds between two looks. */
const retryDelayMs = 50

/** Waits until a topic is there (or not). @throws EngineError `assertion` */
export async function assertTopic(
  statement: AssertTopic,
  environment: AssertionEnvironment,
): Promise<Omit<AssertTopicEntity, 'statementText' | 'warnings'>> {
  const { topic, exists } = statement
  await until(statement, 'ksql.assert.topic.default.timeout.ms', environment, () =>
    topicMismatch(statement, environment.kafka),
  )
  return { '@type': 'assert_topic', topicName: topic, exists }
}

/** Waits until a schema is registered (or not). @throws EngineError `assertion` */
export async function assertSchema(
  statement: AssertSchema,
  environment: AssertionEnvironment,
): Promise<Omit<AssertSchemaEntity, 'statementText' | 'warnings'>> {
  const { subject = null, id = null, exists } = statement
  await until(statement, 'ksql.assert.schema.default.timeout.ms', environment, () =>
    schemaMismatch(statement, environment.registry),
  )
  return { '@type': 'assert_schema', subject, id, exists }
}

async function until(
  { timeout }: AssertTopic | AssertSchema,
  defaultProperty: string,
  { clock, properties, session }: AssertionEnvironment,
  mismatch: () => Promise<string | undefined>,
): Promise<void> {
  const timeoutMs =
    timeout === undefined
      ? properties.number(defaultProperty, 1_000, session)
      : durationMs(timeout.value, timeout.unit)
  const deadline = clock.monotonicMs() + timeoutMs
  for (;;) {
    const found = await mismatch()
    if (found === undefined) return
    if (clock.monotonicMs() >= deadline) throw new EngineError('assertion', found)
    await clock.sleep(retryDelayMs)
  }
}

async function topicMismatch(
  { topic, exists, properties }: AssertTopic,
  kafka: Kafka,
): Promise<string | undefined> {
  const description = await kafka.admin.describeTopic(topic)
  if (!exists) return description === undefined ? undefined : `Topic ${topic} exists`
  if (description === undefined) return `Topic ${topic} does not exist`
  const actual: Readonly<Record<string, number>> = {
    PARTITIONS: description.partitionCount,
    REPLICAS: description.replicationFactor,
  }
  for (const { name, value } of properties) {
    const found = actual[name]
    if (found === undefined) return `Cannot assert unknown topic property: ${name.toLowerCase()}`
    if (Number(value) !== found) {
      return `Mismatched configuration for topic ${topic}: For config ${name.toLowerCase()}, expected ${value} got ${found}`
    }
  }
  return undefined
}

async function schemaMismatch(
  { subject, id, exists }: AssertSchema,
  registry: SchemaRegistry,
): Promise<string | undefined> {
  const what = [
    ...(subject === undefined ? [] : [`subject name ${subject}`]),
    ...(id === undefined ? [] : [`id ${id}`]),
  ].join(' and ')
  const found = await isRegistered(subject, id, registry)
  if (found === exists) return undefined
  return `Schema with ${what} ${exists ? 'does not exist' : 'exists'}`
}

async function isRegistered(
  subject: string | undefined,
  id: number | undefined,
  registry: SchemaRegistry,
): Promise<boolean> {
  if (subject === undefined) return id !== undefined && hasId(id, registry)
  if (!(await registry.subjects()).includes(subject)) return false
  if (id === undefined) return true
  for (const version of await registry.versions(subject)) {
    if ((await registry.version(subject, version)).id === id) return true
  }
  return false
}

async function hasId(id: number, registry: SchemaRegistry): Promise<boolean> {
  try {
    await registry.schemaById(id)
    return true
  } catch (error) {
    if (error instanceof SchemaRegistryError && error.status === 404) return false
    throw error
  }
}
