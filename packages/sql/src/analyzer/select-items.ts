import type { Expression } from '../ast/expression.ts'
import type { Query, SelectItem } from '../ast/query.ts'
import { SqlError } from '../errors.ts'
import type { Scope, ScopeColumn, ScopeSource } from './scope.ts'

/** A column of the projection, stars expanded. */
export interface ProjectionItem {
  readonly expression: Expression
  readonly alias: string | undefined
  /** Came from a star. */
  readonly expanded: boolean
  readonly span: SelectItem['span']
}

/** What a star means. */
export interface StarRules {
  /** Transient queries show window bounds; persistent ones drop them, but for joins. */
  readonly persistent: boolean
  /** Expressions of PARTITION BY. */
  readonly partitionBy: readonly Expression[] | undefined
  /** Name of the synthetic key of a join. */
  readonly syntheticKey: string | undefined
  /** Fields of `struct->*`. */
  readonly fieldsOf: (base: Expression) => readonly string[]
}

/** Expands the stars of a SELECT list. @throws SqlError for an unknown qualifier */
export function expandSelect(query: Query, scope: Scope, rules: StarRules): ProjectionItem[] {
  return query.select.flatMap((item): ProjectionItem[] => {
    switch (item.kind) {
      case 'expression':
        return [{ ...item, expanded: false }]
      case 'structAll':
        return rules.fieldsOf(item.base).map((field) => ({
          expression: { kind: 'dereference', base: item.base, field, span: item.span },
          alias: field,
          expanded: true,
          span: item.span,
        }))
      case 'all':
        return expandStar(item, scope, rules)
    }
  })
}

function expandStar(
  item: Extract<SelectItem, { kind: 'all' }>,
  scope: Scope,
  rules: StarRules,
): ProjectionItem[] {
  const sources = scope.sources.filter(
    (source) =>
      item.qualifier === undefined ||
      source.alias === item.qualifier ||
      source.definition.name === item.qualifier,
  )
  if (sources.length === 0) {
    throw new SqlError(`'${item.qualifier}' is not a valid stream/table name or alias.`, {
      span: item.span,
    })
  }
  const plain = (expression: Expression, alias: string | undefined): ProjectionItem => ({
    expression,
    alias,
    expanded: true,
    span: item.span,
  })
  const columnItem = (column: ScopeColumn): ProjectionItem => {
    const { alias } = scope.sources[column.source]!
    return plain(
      { kind: 'column', qualifier: alias, name: column.name, span: item.span },
      scope.isJoin ? `${alias}_${column.name}` : undefined,
    )
  }
  const columns = sources.flatMap((source) =>
    starColumns(source.columns, rules.persistent && !scope.isJoin),
  )
  const { partitionBy } = rules
  if (partitionBy !== undefined && scope.isJoin && rules.persistent) {
    return rekeyedJoinStar(sources, partitionBy, scope, columnItem, plain)
  }
  if (partitionBy === undefined || scope.isJoin) {
    const synthetic: ProjectionItem[] =
      rules.syntheticKey === undefined || item.qualifier !== undefined
        ? []
        : [
            plain(
              { kind: 'column', qualifier: undefined, name: rules.syntheticKey, span: item.span },
              undefined,
            ),
          ]
    return [...synthetic, ...columns.map(columnItem)]
  }
  const keys = partitionBy.filter((e) => e.kind !== 'null').map((e) => plain(e, undefined))
  const moved = new Set(partitionBy.map((e) => scope.canonical(e)))
  const rest = columns
    .map((column) => ({ column, item: columnItem(column) }))
    .filter(({ item: candidate }) => !moved.has(scope.canonical(candidate.expression)))
  return [
    ...keys,
    ...rest.filter(({ column }) => column.kind !== 'key').map((entry) => entry.item),
    ...rest.filter(({ column }) => column.kind === 'key').map((entry) => entry.item),
  ]
}

/**
 * The star of a re-keyed join: the new keys, then of each source its values, its pseudo columns and its old keys. Pseudo columns are part of it because
 * joined rows carry them as values, and re-keying takes all values.
 */
function rekeyedJoinStar(
  sources: readonly ScopeSource[],
  partitionBy: readonly Expression[],
  scope: Scope,
  columnItem: (column: ScopeColumn) => ProjectionItem,
  plain: (expression: Expression, alias: string | undefined) => ProjectionItem,
): ProjectionItem[] {
  const moved = new Set(partitionBy.map((e) => scope.canonical(e)))
  const keys = partitionBy.flatMap((e): ProjectionItem[] => {
    if (e.kind === 'null') return []
    const found = e.kind === 'column' ? scope.find(e) : []
    return [found.length === 1 ? columnItem(found[0]!) : plain(e, undefined)]
  })
  const rest = sources.flatMap(({ columns }) => [
    ...columns.filter((c) => c.kind === 'value'),
    ...columns.filter((c) => c.kind === 'headers'),
    ...columns.filter((c) => c.kind === 'pseudo'),
    ...columns.filter((c) => c.kind === 'key'),
  ])
  return [
    ...keys,
    ...rest.map(columnItem).filter((item) => !moved.has(scope.canonical(item.expression))),
  ]
}

/** Keys, window bounds (transient queries), values, headers. */
function starColumns(columns: readonly ScopeColumn[], persistent: boolean): ScopeColumn[] {
  return [
    ...columns.filter((c) => c.kind === 'key'),
    ...(persistent
      ? []
      : columns.filter((c) => c.name === 'WINDOWSTART' || c.name === 'WINDOWEND')),
    ...columns.filter((c) => c.kind === 'value'),
    ...columns.filter((c) => c.kind === 'headers'),
  ]
}
