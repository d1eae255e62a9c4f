import { formatSqlType, sqlTypesEqual, type Column, type Columns } from '@varve/serde'

import type { InsertIntoSelect } from '../ast/statement.ts'
import type { DataSource } from '../catalog/data-source.ts'
import { SqlError } from '../errors.ts'
import { convertsImplicitly } from '../functions/resolve-overload.ts'
import type { PlannedProjection } from '../plan/plan-projection.ts'
import { convertTo } from './typing/convert.ts'

/** Numbers written as literals become the DECIMAL that the sink's column wants; nothing else converts by itself except by widening. */
export function adaptLiterals(
  projection: PlannedProjection,
  target: DataSource,
): PlannedProjection {
  const { node } = projection
  if (node.kind !== 'project') return projection
  const columns = node.columns.map((column, i) => {
    const wanted = target.valueColumns[i]
    if (wanted === undefined || column.tree.type === null) return column
    if (sqlTypesEqual(wanted.type, column.tree.type)) return column
    const isLiteral = column.tree.kind === 'literal' && wanted.type.kind === 'DECIMAL'
    return isLiteral || convertsImplicitly(column.tree.type, wanted.type)
      ? { ...column, tree: convertTo(column.tree, wanted.type) }
      : column
  })
  const valueColumns = columns.map(({ name, tree }) => ({ name, type: tree.type! }))
  return {
    ...projection,
    valueColumns,
    node: { ...node, columns, schema: { ...node.schema, valueColumns } },
  }
}

/** Columns must agree by position, name and type. @throws SqlError */
export function checkInsertColumns(
  projection: PlannedProjection,
  target: DataSource,
  statement: InsertIntoSelect,
): void {
  const matches = (a: Columns, b: Columns): boolean =>
    a.length === b.length &&
    a.every((column, i) => column.name === b[i]!.name && sqlTypesEqual(column.type, b[i]!.type))
  if (
    matches(projection.keyColumns, target.keyColumns) &&
    matches(projection.valueColumns, target.valueColumns)
  ) {
    return
  }
  throw new SqlError(
    `Incompatible schema between results and sink.\nResult schema is ${formatColumns(projection.keyColumns, projection.valueColumns)}\nSink schema is ${formatColumns(target.keyColumns, target.valueColumns)}`,
    { span: statement.span },
  )
}

function formatColumns(key: Columns, value: Columns): string {
  const text = (column: Column, suffix: string): string =>
    `\`${column.name}\` ${formatSqlType(column.type)}${suffix}`
  return [...key.map((c) => text(c, ' KEY')), ...value.map((c) => text(c, ''))].join(', ')
}
