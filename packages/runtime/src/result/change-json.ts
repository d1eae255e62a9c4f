import { SqlTypes, type Column, type Columns, type Value } from '@varve/serde'
import type { DataSource } from '@varve/sql'

import type { Change } from '../query/change.ts'
import { valueToJson } from './json-text.ts'

/** Columns of the keys and rows in changes of a source: windowed keys have their bounds as columns. */
export interface ChangeColumns {
  readonly key: Columns
  readonly row: Columns
}

/** The columns of a source's changes. */
export function changeColumns(source: DataSource): ChangeColumns {
  const bounds: readonly Column[] =
    source.window === undefined
      ? []
      : [
          { name: 'WINDOWSTART', type: SqlTypes.BIGINT },
          { name: 'WINDOWEND', type: SqlTypes.BIGINT },
        ]
  const key = [...source.keyColumns, ...bounds]
  return { key, row: [...key, ...source.valueColumns] }
}

/** A change as one line of JSON: keys and rows as arrays in the order of their columns. */
export function changeToJson(change: Change<unknown, unknown>, columns: ChangeColumns): string {
  const { kind, timestamp, topic, partition, offset } = change
  const place = JSON.stringify({ kind, timestamp, topic, partition, offset })
  const key = rowJson(change.key, columns.key)
  const before = rowJson(change.before, columns.row)
  const after = rowJson(change.after, columns.row)
  return `${place.slice(0, -1)},"key":${key},"before":${before},"after":${after}}`
}

function rowJson(row: unknown, columns: Columns): string {
  if (row === null || row === undefined) return 'null'
  const members = row as Readonly<Record<string, Value>>
  return `[${columns.map((column) => valueToJson(column.type, unshape(members[column.name] ?? null, column.type))).join(',')}]`
}

/** Values of structs are objects in a change; JSON is written from their array form. */
function unshape(value: unknown, type: Column['type']): Value {
  if (value === null || value === undefined) return null
  switch (type.kind) {
    case 'STRUCT': {
      const members = value as Readonly<Record<string, unknown>>
      return type.fields.map((field) => unshape(members[field.name], field.type))
    }
    case 'ARRAY':
      return (value as readonly unknown[]).map((item) => unshape(item, type.element))
    case 'MAP':
      return new Map(
        Array.from(value as ReadonlyMap<Value, unknown>, ([k, v]) => [k, unshape(v, type.value)]),
      )
    default:
      return value as Value
  }
}
