import { canonicalColumn, type ScopeSource } from '../analyzer/scope.ts'
import type { PseudoColumn, TypedExpression } from '../expression/typed-expression.ts'
import type { PlanNode, StreamSourceNode } from './physical-plan.ts'
import { pseudo, type Relation } from './relation.ts'

/** Reads a source of the query. */
export function planSource(
  source: ScopeSource,
  step: string,
  options: { readonly materialized: boolean },
): Relation {
  const { definition } = source
  const index = source.columns[0]?.source ?? 0
  const places = new Map<string, TypedExpression>()
  for (const column of source.columns) {
    const canonical = canonicalColumn(index, column.name)
    places.set(canonical, placeOf(source, column.name))
  }
  const base: Omit<StreamSourceNode, 'kind'> = {
    step,
    schema: {
      keyColumns: definition.keyColumns,
      valueColumns: definition.valueColumns,
      ...(definition.window === undefined ? {} : { window: definition.window }),
    },
    sourceName: definition.name,
    alias: source.alias,
    topic: definition.topic,
    keyFormat: definition.keyFormat,
    valueFormat: definition.valueFormat,
    ...(definition.timestamp === undefined ? {} : { timestamp: definition.timestamp }),
    ...(definition.window === undefined ? {} : { window: definition.window }),
    headerColumns: definition.headerColumns,
  }
  const node: PlanNode =
    definition.kind === 'STREAM'
      ? { kind: 'streamSource', ...base }
      : { kind: 'tableSource', ...base, materialized: options.materialized }
  return {
    node,
    kind: definition.kind,
    keys: definition.keyColumns.map((column) => ({
      name: column.name,
      type: column.type,
      canonicals: [canonicalColumn(index, column.name)],
      texts: [column.name],
    })),
    places,
    ...(definition.window === undefined ? {} : { window: definition.window }),
    aggregated: false,
  }
}

function placeOf(source: ScopeSource, name: string): TypedExpression {
  const { definition } = source
  const column = source.columns.find((candidate) => candidate.name === name)!
  switch (column.kind) {
    case 'key': {
      const index = definition.keyColumns.findIndex((candidate) => candidate.name === name)
      return { kind: 'column', type: column.type, side: 'key', index, name }
    }
    case 'value': {
      const index = definition.valueColumns.findIndex((candidate) => candidate.name === name)
      return { kind: 'column', type: column.type, side: 'value', index, name }
    }
    case 'headers':
      return column.headerKey === undefined
        ? { kind: 'headers', type: column.type }
        : { kind: 'headers', type: column.type, headerKey: column.headerKey }
    case 'pseudo':
      return pseudo(name as PseudoColumn)
  }
}
