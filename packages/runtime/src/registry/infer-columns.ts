import { UnsupportedError } from '@varve/base'
import {
  columnsFromAvroSchema,
  columnsFromJsonSchema,
  columnsFromProtobufSchema,
  loadAvroSchema,
  resolveReferences,
  SchemaRegistryError,
  type Columns,
  type FormatName,
  type RegisteredSchema,
  type SchemaRegistry,
} from '@varve/serde'
import type { InferenceRequest } from '@varve/sql'

import { columnsOfSchema } from '../debezium/infer-columns.ts'

/** Columns that a CREATE statement left to the registry; `undefined` when the subject has no schema. */
export async function inferColumns(
  registry: SchemaRegistry,
  request: InferenceRequest,
): Promise<Columns | undefined> {
  const schema = await findSchema(registry, request)
  if (schema === undefined) return undefined
  if (request.format === 'DEBEZIUM_AVRO') return columnsOfSchema(registry, schema)
  const options = {
    side: request.side,
    keepCase: request.schemaId !== undefined,
    ...(request.wrap === undefined ? {} : { wrap: request.wrap }),
  }
  const format = request.format ?? formatOf(schema)
  if (format === 'AVRO' && schema.schemaType === 'AVRO') {
    return columnsFromAvroSchema(await loadAvroSchema(registry, schema), options).columns
  }
  if (format === 'JSON_SR' && schema.schemaType === 'JSON') {
    const references = await resolveReferences(registry, schema)
    return columnsFromJsonSchema(schema.schema, options, references).columns
  }
  if (format === 'PROTOBUF' && schema.schemaType === 'PROTOBUF') {
    const references = await resolveReferences(registry, schema)
    const named = { ...options, ...optionalName(request), wrap: true }
    return columnsFromProtobufSchema(schema.schema, named, references)?.columns
  }
  throw new UnsupportedError(
    `columns from a schema of type ${schema.schemaType} for format ${format}`,
  )
}

function formatOf({ schemaType }: RegisteredSchema): FormatName {
  return schemaType === 'JSON' ? 'JSON_SR' : schemaType
}

function optionalName({ schemaFullName }: InferenceRequest): { readonly fullName?: string } {
  return schemaFullName === undefined ? {} : { fullName: schemaFullName }
}

async function findSchema(
  registry: SchemaRegistry,
  request: InferenceRequest,
): Promise<RegisteredSchema | undefined> {
  try {
    return request.schemaId === undefined
      ? await registry.latest(`${request.topic}-${request.side}`)
      : await registry.schemaById(request.schemaId)
  } catch (error) {
    if (
      error instanceof SchemaRegistryError &&
      error.errorCode >= 40400 &&
      error.errorCode < 40500
    ) {
      return undefined
    }
    throw error
  }
}
