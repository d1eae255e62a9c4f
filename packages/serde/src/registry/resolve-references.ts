import { UnsupportedError } from '@varve/base'

import { parseAvroSchema, type AvroSchema } from '../avro/avro-schema.ts'
import type { SchemaDefinition, SchemaReference, SchemaRegistry } from './schema-registry.ts'

/** References beyond this many are refused. */
const MAX_REFERENCES = 1000

/** A schema a definition refers to, under the name the definition uses. */
export interface ResolvedReference {
  readonly name: string
  readonly schema: string
}

/** All schemas a definition refers to, directly or not, each once and after those it refers to itself. */
export async function resolveReferences(
  registry: SchemaRegistry,
  definition: SchemaDefinition,
): Promise<readonly ResolvedReference[]> {
  const resolved: ResolvedReference[] = []
  const seen = new Set<string>()
  const visit = async (references: readonly SchemaReference[]): Promise<void> => {
    for (const reference of references) {
      const key = `${reference.subject}\u0000${reference.version}`
      if (seen.has(key)) continue
      seen.add(key)
      if (seen.size > MAX_REFERENCES) throw new UnsupportedError('too many schema references')
      const version = await registry.version(reference.subject, reference.version)
      await visit(version.references ?? [])
      resolved.push({ name: reference.name, schema: version.schema })
    }
  }
  await visit(definition.references ?? [])
  return resolved
}

/** The parsed schema of an AVRO definition with all it refers to. @throws DeserializationError when it is no Avro schema */
export async function loadAvroSchema(
  registry: SchemaRegistry,
  definition: SchemaDefinition,
): Promise<AvroSchema> {
  if (definition.schemaType !== 'AVRO')
    throw new UnsupportedError(`the schema is of type ${definition.schemaType}, not AVRO`)
  const references = await resolveReferences(registry, definition)
  return parseAvroSchema(
    definition.schema,
    references.map((reference) => reference.schema),
  )
}
