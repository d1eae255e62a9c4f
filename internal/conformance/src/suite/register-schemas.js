/** Registers the schemas of topics: those with a given id first, under that id. */
export async function registerSchemas(topics, registry) {
  const sides = topics.flatMap(({ name, key, value }) => [
    { subject: `${name}-key`, schema: key },
    { subject: `${name}-value`, schema: value },
  ])
  for (const { subject, schema } of sides) {
    if (schema?.id === undefined) continue
    const definition = await define(schema, registry)
    registry.apply({ kind: 'register', subject, version: 1, id: schema.id, definition })
  }
  for (const { subject, schema } of sides) {
    if (schema === undefined || schema.id !== undefined) continue
    await registry.register(subject, await define(schema, registry))
  }
}
async function define(schema, registry) {
  const schemaType = schemaTypeOf(schema.format)
  const references = []
  for (const { name, text } of schema.references) {
    await registry.register(name, { schemaType, schema: text })
    references.push({ name, subject: name, version: 1 })
  }
  return { schemaType, schema: schema.text, ...(references.length === 0 ? {} : { references }) }
}
function schemaTypeOf(format) {
  if (format.startsWith('PROTOBUF')) return 'PROTOBUF'
  return format.startsWith('JSON') ? 'JSON' : 'AVRO'
}
