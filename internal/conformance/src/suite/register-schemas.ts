import type { InMemorySchemaRegistry, SchemaDefinition, SchemaReference } from '@varve/serde'

import type { CaseSchema, CaseTopic } from './case.ts'

/** Registers the schemas of topics: those with a given id first, under that id. */
export async function registerSchemas(
  topics: readonly CaseTopic[],
  registry: InMemorySchemaRegistry,
): Promise<void> {
  const sides = topics.flatMap(({ name, key, value }) => [
    { subject: `${name}-key`, schema: key },
    { subject: `${name}-value`, schema: value },
  ])
  for (const { subject, schema } of sides) {
    if (schema?.id === undefined) continue
    registerUnder(schema.id, subject, schema, registry)
  }
  for (const { schema } of sides) {
    if (schema?.id !== undefined) await registerReferences(schema, registry)
  }
  for (const { subject, schema } of sides) {
    if (schema === undefined || schema.id !== undefined) continue
    if (schema.references.length > 0) {
      registerUnder(await nextId(registry), subject, schema, registry)
      await registerReferences(schema, registry)
    } else {
      const schemaType = schemaTypeOf(schema.format)
      await registry.register(subject, { schemaType, schema: schema.text })
    }
  }
}

/** What a schema refers to gets its ids after it: cases count on that, and a registry would have it the other way round. */
function registerUnder(
  id: number,
  subject: string,
  schema: CaseSchema,
  registry: InMemorySchemaRegistry,
): void {
  const schemaType = schemaTypeOf(schema.format)
  const references: SchemaReference[] = schema.references.map(({ name }) => ({
    name,
    subject: name,
    version: 1,
  }))
  const definition: SchemaDefinition = {
    schemaType,
    schema: schema.text,
    ...(references.length === 0 ? {} : { references }),
  }
  registry.apply({ kind: 'register', subject, version: 1, id, definition })
}

async function registerReferences(
  schema: CaseSchema,
  registry: InMemorySchemaRegistry,
): Promise<void> {
  const schemaType = schemaTypeOf(schema.format)
  for (const { name, text } of schema.references) {
    await registry.register(name, { schemaType, schema: text })
  }
}

async function nextId(registry: InMemorySchemaRegistry): Promise<number> {
  let last = 0
  for (const subject of await registry.subjects()) {
    for (const version of await registry.versions(subject)) {
      last = Math.max(last, (await registry.version(subject, version)).id)
    }
  }
  return last + 1
}

function schemaTypeOf(format: string): SchemaDefinition['schemaType'] {
  if (format.startsWith('PROTOBUF')) return 'PROTOBUF'
  return format.startsWith('JSON') ? 'JSON' : 'AVRO'
}
