import type { SchemaRegistry } from '@varve/serde'
import type { DataSource } from '@varve/sql'

/** The sides of a declared source whose topic has no schema yet. One that is there stays as it is: records are read by it, not by the columns. */
export async function missingSchemas(
  registry: SchemaRegistry,
  register: { readonly source: DataSource; readonly key: boolean; readonly value: boolean },
): Promise<{ readonly key: boolean; readonly value: boolean }> {
  const { topic } = register.source
  const subjects = new Set(await registry.subjects())
  return {
    key: register.key && !subjects.has(`${topic}-key`),
    value: register.value && !subjects.has(`${topic}-value`),
  }
}
