import { SqlTypes } from '@varve/serde'
import { headersType, type DataSource, type PlanExpression, type PullPlan } from '@varve/sql'

type Tree = PlanExpression['tree']

/**
 * The plan as it reads a SOURCE table's store, where header columns lie behind the value columns: records, and with them their headers, are
 * not kept.
 */
export function readStoredHeaders(plan: PullPlan, source: DataSource): PullPlan {
  if (plan.sourceKind !== 'TABLE' || source.headerColumns.length === 0) return plan
  const places = new Map(
    source.headerColumns.map(({ headerKey }, i) => [headerKey, source.valueColumns.length + i]),
  )
  const { filter, output } = plan
  return {
    ...plan,
    output: output.map((column) => ({ ...column, tree: withPlaces(column.tree, places) as Tree })),
    ...(filter === undefined
      ? {}
      : { filter: { ...filter, tree: withPlaces(filter.tree, places) as Tree } }),
  }
}

/** The expression that gives a header column of a record. */
export function headerExpression(column: DataSource['headerColumns'][number]): PlanExpression {
  const { name, headerKey } = column
  return {
    text: name,
    tree:
      headerKey === undefined
        ? { kind: 'headers', type: headersType }
        : { kind: 'headers', type: SqlTypes.BYTES, headerKey },
  }
}

/** A part of an expression tree, its headers replaced by the columns that hold them. */
function withPlaces(part: unknown, places: ReadonlyMap<string | undefined, number>): unknown {
  if (Array.isArray(part)) return part.map((inner: unknown) => withPlaces(inner, places))
  if (typeof part !== 'object' || part === null) return part
  const node = part as Tree
  const index = node.kind === 'headers' ? places.get(node.headerKey) : undefined
  if (node.kind === 'headers' && index !== undefined) {
    return { kind: 'column', type: node.type, side: 'value', index, name: node.headerKey ?? '' }
  }
  return Object.fromEntries(
    Object.entries(part).map(([name, inner]) => [name, withPlaces(inner, places)]),
  )
}
