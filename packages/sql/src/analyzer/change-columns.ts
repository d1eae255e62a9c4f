import type { Columns, SqlType } from '@varve/serde'

/** Columns that a stream of change events has besides those of its rows. */
export const changeColumnNames: readonly string[] = [
  'OP',
  'BEFORE',
  'AFTER',
  'SOURCE_TIME',
  'UNAVAILABLE',
]

/**
 * The value columns of a stream of change events: those of the row (its new values), then the operation, the old and the new row, the time of the change
 * at its source and the names of columns that were not sent. A column of the row with one of these names is found in the rows only.
 */
export function changeColumns(keyColumns: Columns, rowColumns: Columns): Columns {
  const row: SqlType = { kind: 'STRUCT', fields: [...keyColumns, ...rowColumns] }
  return [
    ...rowColumns.filter(({ name }) => !changeColumnNames.includes(name)),
    { name: 'OP', type: { kind: 'STRING' } },
    { name: 'BEFORE', type: row },
    { name: 'AFTER', type: row },
    { name: 'SOURCE_TIME', type: { kind: 'TIMESTAMP' } },
    { name: 'UNAVAILABLE', type: { kind: 'ARRAY', element: { kind: 'STRING' } } },
  ]
}
