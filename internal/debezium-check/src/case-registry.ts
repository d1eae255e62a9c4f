import { UnsupportedError } from '@varve/base'
import {
  SchemaRegistryError,
  type RegisteredSchema,
  type SchemaRegistry,
  type SchemaType,
} from '@varve/serde'

import type { CaseSchema, DebeziumCase } from './case-file.ts'

/** A registry that knows the schemas of one case and nothing else. */
export function createCaseRegistry(registry: DebeziumCase['registry']): SchemaRegistry {
  const find = (
    schemas: Readonly<Record<string, CaseSchema>> | undefined,
    key: string,
  ): Promise<RegisteredSchema> => {
    const found = schemas?.[key]
    if (found === undefined)
      return Promise.reject(new SchemaRegistryError(40403, 404, `schema ${key} not found`))
    const { schema } = found
    return Promise.resolve({
      id: Number(key),
      schemaType: found.schemaType as SchemaType,
      schema: typeof schema === 'string' ? schema : JSON.stringify(schema),
    })
  }
  const unsupported = (): Promise<never> =>
    Promise.reject(new UnsupportedError('the registry of a case only has schemas by id'))
  return {
    schemaById: (id) => find(registry?.ids, String(id)),
    schemaByGuid: (guid) => find(registry?.guids, guid),
    latest: unsupported,
    version: unsupported,
    subjects: unsupported,
    versions: unsupported,
    register: unsupported,
    lookup: unsupported,
    compatible: unsupported,
    deleteSubject: unsupported,
  }
}
