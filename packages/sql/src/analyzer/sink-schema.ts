import { formatSqlType, sqlTypesEqual, type Columns } from '@varve/serde'

import type { CreateAsSelect } from '../ast/statement.ts'
import type { InferenceRequest, InferredColumns } from '../catalog/catalog.ts'
import { SqlError } from '../errors.ts'
import { inferringFormats } from './formats.ts'
import { optional, readProperties } from './source-properties.ts'

/** The schemas that a C*AS names by id for what it writes. Without a format of its own the source's decides, which must be the schema's. */
export function sinkSchemaRequests(statement: CreateAsSelect): InferenceRequest[] {
  const settings = readProperties(statement.properties, 'as')
  return (['key', 'value'] as const).flatMap((side): InferenceRequest[] => {
    const { schemaId, schemaFullName } = settings[side]
    const format = side === 'key' ? settings.keyFormat : settings.valueFormat
    if (schemaId === undefined || (format !== undefined && !inferringFormats.has(format))) return []
    return [
      {
        topic: settings.topic ?? statement.name,
        side,
        ...optional('format', format),
        schemaId,
        ...optional('schemaFullName', schemaFullName),
        ...(side === 'value' ? optional('wrap', settings.value.wrap) : {}),
      },
    ]
  })
}

/** A schema named by id must begin with the columns that the query writes: same names, types and order. @throws SqlError */
export function checkSinkSchema(
  columns: { readonly key: Columns; readonly value: Columns },
  inferred: InferredColumns | undefined,
): void {
  for (const side of ['key', 'value'] as const) {
    const expected = inferred?.[side]
    // A bare schema has no names to compare: a record key is one column of the query's naming.
    if (expected === undefined || (side === 'key' && expected.length === 1)) continue
    const odd = columns[side].filter((column, i) => {
      const other = expected[i]
      return (
        other === undefined || other.name !== column.name || !sqlTypesEqual(other.type, column.type)
      )
    })
    if (odd.length === 0) continue
    throw new SqlError(
      `The following ${side} columns are changed, missing or reordered: [${format(odd)}]. Schema from schema registry is [${format(expected)}]`,
    )
  }
}

function format(columns: Columns): string {
  return columns.map(({ name, type }) => `\`${name}\` ${formatSqlType(type)}`).join(', ')
}
