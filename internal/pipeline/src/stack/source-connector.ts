import type { Database } from './database.ts'
import type { Stack } from './stack.ts'

/** How a connector writes records. */
export type Encoding = 'json' | 'json-schema' | 'avro'

/** Settings of Debezium's connector over a database, for the tables of schema (or database) `EVENT`. */
export function sourceConnector(
  stack: Stack,
  database: Database,
  prefix: string,
  encoding: Encoding,
): Readonly<Record<string, string>> {
  return {
    ...connection(stack, database, prefix),
    ...converters(stack, encoding),
    'tasks.max': '1',
    // Not all versions of the MariaDB connector say that they can; the worker writes in transactions all the same.
    'exactly.once.support': database.kind === 'postgres' ? 'required' : 'requested',
    'transaction.boundary': 'poll',
    'topic.prefix': prefix,
    'snapshot.mode': 'initial',
    'topic.creation.default.replication.factor': '1',
    'topic.creation.default.partitions': '2',
    'poll.interval.ms': '100',
  }
}

function connection(
  { kafka }: Stack,
  { kind, port }: Database,
  prefix: string,
): Readonly<Record<string, string>> {
  const common = { 'database.hostname': '127.0.0.1', 'database.port': String(port) }
  if (kind === 'postgres')
    return {
      ...common,
      'connector.class': 'io.debezium.connector.postgresql.PostgresConnector',
      'database.user': 'postgres',
      'database.password': 'none',
      'database.dbname': 'postgres',
      'plugin.name': 'pgoutput',
      'slot.name': prefix.toLowerCase(),
      'publication.name': prefix.toLowerCase(),
      'publication.autocreate.mode': 'filtered',
      'schema.include.list': 'EVENT',
    }
  return {
    ...common,
    'connector.class': 'io.debezium.connector.mariadb.MariaDbConnector',
    'database.user': 'debezium',
    'database.password': 'debezium',
    'database.server.id': '5402',
    'database.include.list': 'EVENT',
    'schema.history.internal.kafka.bootstrap.servers': kafka.brokers,
    'schema.history.internal.kafka.topic': `${prefix}-history`,
  }
}

/** Settings of both converters. */
export function converters(
  { registry }: Stack,
  encoding: Encoding,
): Readonly<Record<string, string>> {
  const settings: Record<string, string> = {}
  for (const side of ['key.converter', 'value.converter']) {
    if (encoding === 'avro') {
      settings[side] = 'io.apicurio.registry.utils.converter.AvroConverter'
      settings[`${side}.apicurio.registry.url`] =
        `http://127.0.0.1:${registry.port}/apis/registry/v2`
      settings[`${side}.apicurio.registry.auto-register`] = 'true'
      settings[`${side}.apicurio.registry.headers.enabled`] = 'false'
      settings[`${side}.apicurio.registry.as-confluent`] = 'true'
      settings[`${side}.apicurio.registry.use-id`] = 'contentId'
    } else {
      settings[side] = 'org.apache.kafka.connect.json.JsonConverter'
      settings[`${side}.schemas.enable`] = String(encoding === 'json-schema')
    }
  }
  if (encoding === 'avro') {
    settings['schema.name.adjustment.mode'] = 'avro'
    settings['field.name.adjustment.mode'] = 'avro'
  }
  return settings
}
