import {
  loadAvroSchema,
  type RegisteredSchema,
  type SchemaRegistry,
  type SqlType,
} from '@varve/serde'
import { UnsupportedError } from '@varve/base'

import { sqlTypeOf } from './column-value.ts'
import { connectSchemaFromAvro } from './connect-avro.ts'
import { fieldSchema } from './connect-schema.ts'

/**
 * Columns that a registered Avro schema has: of an envelope those of its rows, of a row or key its own. A type is undefined where nothing tells.
 *
 * @throws UnsupportedError for other schemas
 */
export async function registeredColumns(
  registry: SchemaRegistry,
  registered: RegisteredSchema,
): Promise<ReadonlyMap<string, SqlType | undefined>> {
  if (registered.schemaType !== 'AVRO')
    throw new UnsupportedError(`columns of a schema of type ${registered.schemaType}`)
  const schema = connectSchemaFromAvro(await loadAvroSchema(registry, registered))
  const isEnvelope = fieldSchema(schema, 'op') !== undefined
  const row = (isEnvelope ? fieldSchema(schema, 'after') : undefined) ?? schema
  if (row?.type !== 'struct') throw new UnsupportedError('columns of a schema that is no record')
  return new Map(row.fields.map((field) => [field.name, sqlTypeOf(field.schema)]))
}
