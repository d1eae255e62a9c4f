import type { FormatSpec } from '@varve/serde'

import { nameItems } from '../analyzer/column-names.ts'
import type { AnalysisEnvironment } from '../analyzer/environment.ts'
import { withoutSchemaId } from '../analyzer/formats.ts'
import { analyzeJoin, type AnalyzedJoin } from '../analyzer/join-condition.ts'
import { createScope, type Scope } from '../analyzer/scope.ts'
import { expandSelect, type ProjectionItem } from '../analyzer/select-items.ts'
import type { ColumnExpression, Expression } from '../ast/expression.ts'
import type { Query } from '../ast/query.ts'
import { callsIn, columnsIn, walk } from '../ast/visit.ts'
import { SqlError } from '../errors.ts'
import { formatExpression, formatOperand } from '../formatter/format-expression.ts'
import { pushDownFilter } from '../optimizer/push-down-filter.ts'
import type { InternalFormats } from './physical-plan.ts'
import { aggregateCallsIn, planAggregate } from './plan-aggregate.ts'
import { planFlatMap, refuseTableFunctions, tableCallsIn } from './plan-flat-map.ts'
import { neededColumns } from './join-sides.ts'
import { planJoin } from './plan-join.ts'
import { planPartitionBy } from './plan-partition-by.ts'
import { planSource } from './plan-source.ts'
import { planExpression, typeOn, type Planning, type Relation } from './relation.ts'
import type { PlanExpression } from './schema.ts'

/** A query planned up to its projection. */
export interface PlannedQuery {
  readonly planning: Planning
  readonly relation: Relation
  readonly items: readonly ProjectionItem[]
  /** One per item. */
  readonly names: readonly string[]
  readonly formats: InternalFormats
  /** A join: one of the key's columns is enough in the projection. */
  readonly keyChoice: boolean
}

/** The key format where a source has none. */
export function defaultKeyFormat(environment: AnalysisEnvironment): FormatSpec {
  const configured = environment.properties?.['ksql.persistence.default.format.key']
  return {
    format: (typeof configured === 'string'
      ? configured.toUpperCase()
      : 'KAFKA') as FormatSpec['format'],
  }
}

/**
 * Plans sources, joins, WHERE, PARTITION BY, GROUP BY and HAVING of a query.
 *
 * @throws SqlError when it does not make sense
 */
export function planQuery(
  written: Query,
  environment: AnalysisEnvironment,
  persistent: boolean,
): PlannedQuery {
  const query = persistent ? written : groupedAsOne(written, environment)
  const scope = createScope(
    [query.from, ...query.joins.map((join) => join.source)],
    environment.catalog,
  )
  const planning: Planning = { scope, environment, slots: { next: 0 } }
  const joins = query.joins.map((join, i) => analyzeJoin(join, i + 1, scope))
  const syntheticKey = syntheticKeyOf(joins, scope)
  const first = scope.sources[0]!
  const formats: InternalFormats = {
    keyFormat: withoutSchemaId(first.definition.keyFormat),
    valueFormat: withoutSchemaId(first.definition.valueFormat),
  }
  const base = planSource(first, scope.isJoin ? 'KafkaTopic_Left' : 'KsqlTopic', {
    materialized: needsOldRows(query),
  })
  const items = expandSelect(query, scope, {
    persistent,
    partitionBy: query.partitionBy,
    syntheticKey,
    fieldsOf: (e) => fieldsOf(e, base, planning),
  })
  // Only of its own queries' tables is it known that every window is deleted as it was written.
  const { definition } = first
  const isForeign = definition.kind === 'TABLE' && !definition.createdByQuery
  if (persistent && isForeign && definition.window !== undefined) {
    throw new SqlError('KSQL does not support persistent queries on windowed tables.', {
      span: first.node.span,
    })
  }
  const uses = [...items.map((item) => item.expression), ...(query.having ? [query.having] : [])]
  checkClauses(query, uses, environment, scope)
  let relation = base
  let where = query.where
  if (where !== undefined && canPushDown(scope, joins)) {
    const split = pushDownFilter(where, scope)
    if (split.below !== undefined) {
      relation = planFilter(relation, split.below, 'WHERE', 'WhereFilter_Left', planning)
    }
    where = split.above
  }
  const above = [
    ...uses,
    ...(where ? [where] : []),
    ...(query.groupBy ?? []),
    ...(query.partitionBy ?? []),
  ]
  for (const [ordinal, join] of joins.entries()) {
    const later = joins.slice(ordinal + 1).flatMap((next) => [next.left, next.right])
    relation = planJoin(
      join,
      {
        left: relation,
        needed: neededColumns([...above, ...later], planning),
        syntheticKey: ordinal === joins.length - 1 ? syntheticKey : undefined,
        defaultKeyFormat: defaultKeyFormat(environment),
        leftFormats: formats,
        ordinal,
        isNWay: joins.length > 1,
      },
      planning,
    )
  }
  if (where !== undefined) relation = planFilter(relation, where, 'WHERE', 'WhereFilter', planning)
  const names = nameItems(items, scope, persistent)
  const tableCalls = tableCallsIn(uses, environment.functions)
  if (tableCalls.length > 0) relation = planFlatMap(relation, tableCalls, planning)
  if (query.partitionBy !== undefined) {
    relation = planRekey(query.partitionBy, relation, items, names, formats, planning)
  }
  if (query.groupBy !== undefined) {
    relation = planAggregate(
      relation,
      {
        groupBy: query.groupBy,
        keyNames: keyNames(query.groupBy, items, names, scope),
        uses,
        window: query.window,
        emitFinal: query.emit === 'FINAL',
        formats,
        defaultKeyFormat: defaultKeyFormat(environment),
      },
      planning,
    )
    refuseUngrouped(query, items, relation, planning)
    if (query.emit === 'FINAL') relation = planSuppress(relation, query)
  }
  if (query.having !== undefined) {
    relation = planFilter(relation, query.having, 'HAVING', 'Aggregate-HavingFilter', planning)
  }
  const keyChoice =
    joins.length > 0 &&
    query.groupBy === undefined &&
    query.partitionBy === undefined &&
    relation.foreignKeyOf === undefined
  return { planning, relation, items, names, formats, keyChoice }
}

function ungrouped(odd: readonly Expression[]): string {
  return `Non-aggregate SELECT expression(s) not part of GROUP BY: ${odd.map((e) => formatOperand(e)).join(', ')}\nEither add the column(s) to the GROUP BY or remove them from the SELECT.`
}

function hasColumnOutside(expression: Expression, isInside: (e: Expression) => boolean): boolean {
  let found = false
  walk(expression, (e) => {
    if (isInside(e)) return false
    found ||= e.kind === 'column'
    return true
  })
  return found
}

/** Aggregates of a push query without GROUP BY are over all rows: one group. */
function groupedAsOne(query: Query, { functions }: AnalysisEnvironment): Query {
  if (query.groupBy !== undefined || query.partitionBy !== undefined) return query
  const calls = query.select.flatMap((item) =>
    item.kind === 'expression' ? callsIn(item.expression) : [],
  )
  const aggregate = calls.find((call) => functions.aggregate(call.name) !== undefined)
  return aggregate === undefined
    ? query
    : { ...query, groupBy: [{ kind: 'integer', value: 0n, span: aggregate.span }] }
}

/** After GROUP BY expressions are made of the grouping ones and of aggregates. @throws SqlError that lists those that are not */
function refuseUngrouped(
  query: Query,
  items: readonly ProjectionItem[],
  relation: Relation,
  { scope }: Planning,
): void {
  const strayIn = (expression: Expression): ColumnExpression | undefined => {
    let stray: ColumnExpression | undefined
    const parameters = new Set<string>()
    walk(expression, (e) => {
      if (stray !== undefined || relation.places.has(scope.canonical(e))) return false
      if (e.kind === 'lambda') for (const name of e.parameters) parameters.add(name)
      if (e.kind === 'column' && !parameters.has(e.name)) stray = e
      return true
    })
    // What does not exist at all is refused as such.
    return stray === undefined || scope.find(stray).length !== 1 ? undefined : stray
  }
  const odd = items.map((item) => item.expression).filter((e) => strayIn(e) !== undefined)
  if (odd.length > 0) {
    throw new SqlError(ungrouped(odd), {
      span: odd[0]!.span,
      hint: 'Group by it, or put it into an aggregate function such as LATEST_BY_OFFSET.',
    })
  }
  const column = query.having && strayIn(query.having)
  if (column !== undefined) {
    throw new SqlError(
      `Non-aggregate HAVING expression not part of GROUP BY: ${formatExpression(column)}`,
      { span: column.span },
    )
  }
}

/** Whether a table must keep its rows: filters and groupings need the old ones. */
function needsOldRows(query: Query): boolean {
  return query.where !== undefined || query.groupBy !== undefined || query.joins.length > 0
}

function fieldsOf(base: Expression, relation: Relation, planning: Planning): readonly string[] {
  const { type } = typeOn(relation, base, 'SELECT', planning)
  if (type?.kind !== 'STRUCT') {
    throw new SqlError(`Cannot expand ${formatExpression(base)}: it is no STRUCT.`, {
      span: base.span,
    })
  }
  return type.fields.map((field) => field.name)
}

function canPushDown(scope: Scope, joins: readonly AnalyzedJoin[]): boolean {
  return (
    joins.length > 0 &&
    scope.sources[0]!.definition.kind === 'STREAM' &&
    joins.every(
      (join) =>
        scope.sources[join.source]!.definition.kind === 'TABLE' &&
        (join.node.type === 'INNER' || join.node.type === 'LEFT'),
    )
  )
}

/** FULL joins, and joins on expressions that no column was equated with, have a key of their own: ROWKEY, or ROWKEY_1 … when a source has such a column. */
function syntheticKeyOf(joins: readonly AnalyzedJoin[], scope: Scope): string | undefined {
  const last = joins.at(-1)
  if (last === undefined) return undefined
  const equated = new Set<string>()
  let hasColumn = false
  for (const { left, right, node } of joins) {
    const sides = [left, right].map((side) => scope.canonical(side))
    if (!sides.some((side) => equated.has(side))) {
      equated.clear()
      hasColumn = false
    }
    for (const side of sides) equated.add(side)
    hasColumn ||= left.kind === 'column' || right.kind === 'column'
    if (node.type !== 'FULL') continue
    equated.clear()
    hasColumn = false
  }
  if (hasColumn) return undefined
  let name = 'ROWKEY'
  for (let n = 1; scope.hasColumn(name); n++) name = `ROWKEY_${n}`
  return name
}

function checkClauses(
  query: Query,
  uses: readonly Expression[],
  environment: AnalysisEnvironment,
  scope: Scope,
): void {
  const { functions } = environment
  const isTable = scope.sources[0]!.definition.kind === 'TABLE'
  for (const [clause, expressions] of [
    ['WHERE', query.where ? [query.where] : []],
    ['GROUP BY', query.groupBy ?? []],
    ['PARTITION BY', query.partitionBy ?? []],
    ['HAVING', query.having ? [query.having] : []],
  ] as const) {
    refuseTableFunctions(expressions, clause, functions)
  }
  const tableCalls = tableCallsIn(uses, functions)
  if (tableCalls.length > 0) {
    const { span } = tableCalls[0]!
    if (query.groupBy !== undefined) {
      throw new SqlError('Table functions cannot be used with aggregations.', { span })
    }
    if (isTable) throw new SqlError('Table source is not supported with table functions', { span })
  }
  checkGroupBy(query, environment, scope)
  if (query.groupBy === undefined) {
    if (query.window !== undefined) {
      throw new SqlError('WINDOW clause requires a GROUP BY clause.', { span: query.window.span })
    }
    const calls = aggregateCallsIn(uses, functions, (e) => scope.canonical(e))
    if (calls.length > 0) {
      const isAggregate = new Set<Expression>(calls)
      const odd = uses.filter((e) => hasColumnOutside(e, (inner) => isAggregate.has(inner)))
      throw new SqlError(
        odd.length > 0
          ? ungrouped(odd)
          : `Use of aggregate function${calls.length === 1 ? '' : 's'} ${calls.map((c) => c.name).join(', ')} requires a GROUP BY clause.`,
        { span: calls[0]!.span },
      )
    }
    if (query.having !== undefined) {
      throw new SqlError('HAVING requires a GROUP BY clause.', { span: query.having.span })
    }
  }
  if (query.partitionBy !== undefined) {
    const { span } = query.partitionBy[0] ?? query
    if (query.groupBy !== undefined) {
      throw new SqlError('Only one of PARTITION BY and GROUP BY can be used.', { span })
    }
    if (isTable) {
      throw new SqlError('PARTITION BY clause is not supported for tables.', { span })
    }
    if (query.partitionBy.length > 1 && query.partitionBy.some((e) => e.kind === 'null')) {
      throw new SqlError('Cannot PARTITION BY multiple columns including NULL', { span })
    }
    if (scope.sources.some((source) => source.definition.window !== undefined)) {
      throw new SqlError('PARTITION BY is not supported on windowed sources.', { span })
    }
  }
  if (query.emit === 'FINAL' && query.window === undefined) {
    throw new SqlError('EMIT FINAL is only supported for windowed aggregations.', {
      span: query.span,
    })
  }
  if (query.groupBy !== undefined || scope.isJoin) {
    const kafka = scope.sources.filter((s) => s.definition.valueFormat.format === 'KAFKA')
    if (kafka.length > 0) {
      throw new SqlError(
        `Source(s) ${kafka.map((s) => s.definition.name).join(', ')} are using the 'KAFKA' value format. This format does not yet support ${query.groupBy === undefined ? 'JOIN' : 'GROUP BY'}.`,
        { span: kafka[0]!.node.span },
      )
    }
  }
}

function checkGroupBy(query: Query, { functions }: AnalysisEnvironment, scope: Scope): void {
  const seen = new Set<string>()
  for (const expression of query.groupBy ?? []) {
    const aggregate = callsIn(expression).find((c) => functions.aggregate(c.name) !== undefined)
    if (aggregate !== undefined) {
      throw new SqlError(
        `GROUP BY does not support aggregate functions: ${aggregate.name} is an aggregate function.`,
        { span: aggregate.span },
      )
    }
    const canonical = scope.canonical(expression)
    if (seen.has(canonical)) {
      throw new SqlError(`Duplicate GROUP BY expression: ${scope.describe(expression)}`, {
        span: expression.span,
      })
    }
    seen.add(canonical)
  }
  if (query.window === undefined) return
  const isBound = (c: ColumnExpression): boolean =>
    (c.name === 'WINDOWSTART' || c.name === 'WINDOWEND') && scope.find(c).length === 0
  if (scope.isJoin) {
    const selected = query.select
      .flatMap((item) => (item.kind === 'expression' ? columnsIn(item.expression) : []))
      .find(isBound)
    if (selected !== undefined) {
      throw new SqlError(`SELECT column '${selected.name}' cannot be resolved.`, {
        span: selected.span,
        hint: 'Bounds of a window over joined sources cannot be selected: join first, then aggregate the result.',
      })
    }
  }
  const aggregates = [
    ...query.select.flatMap((item) => (item.kind === 'expression' ? [item.expression] : [])),
    ...(query.having ? [query.having] : []),
  ].flatMap((e) => callsIn(e).filter((c) => functions.aggregate(c.name) !== undefined))
  const bound = [...(query.groupBy ?? []), ...(query.having ? [query.having] : []), ...aggregates]
    .flatMap(columnsIn)
    .find(isBound)
  if (bound !== undefined) {
    throw new SqlError(
      `Window bounds column ${bound.name} can only be used in the SELECT clause of windowed aggregations and can not be passed to aggregate functions.`,
      { span: bound.span },
    )
  }
}

function planFilter(
  relation: Relation,
  condition: Expression,
  clause: 'WHERE' | 'HAVING',
  step: string,
  planning: Planning,
): Relation {
  const predicate = planPredicate(relation, condition, clause, planning)
  if (predicate.tree.type?.kind !== 'BOOLEAN') {
    throw new SqlError(
      `Type error in ${clause} expression: Should evaluate to boolean but is ${formatOperand(condition)} (${predicate.tree.type?.kind ?? 'NULL'}) instead.`,
      { span: condition.span },
    )
  }
  return {
    ...relation,
    node: {
      kind: 'filter',
      step,
      schema: relation.node.schema,
      source: relation.node,
      table: relation.kind === 'TABLE',
      predicate,
    },
  }
}

/** A condition. @throws SqlError, one about a comparison naming the clause and the condition */
export function planPredicate(
  relation: Relation,
  condition: Expression,
  clause: 'WHERE' | 'HAVING',
  planning: Planning,
): PlanExpression {
  try {
    return planExpression(relation, condition, clause, planning)
  } catch (error) {
    if (
      !(error instanceof SqlError) ||
      !/^(?:Cannot compare|Comparison with)/.test(error.primary)
    ) {
      throw error
    }
    const { scope } = planning
    const statement = `Statement: ${scope.isJoin ? scope.describeJoined(condition) : formatOperand(condition)}`
    throw new SqlError(`Error in ${clause} expression: ${error.primary}\n${statement}`, {
      span: error.span,
      hint: error.hint,
      cause: error,
    })
  }
}

function planRekey(
  partitionBy: readonly Expression[],
  relation: Relation,
  items: readonly ProjectionItem[],
  names: readonly string[],
  formats: InternalFormats,
  planning: Planning,
): Relation {
  const { scope, environment } = planning
  const expressions = partitionBy.filter((e) => e.kind !== 'null')
  const isSameKey =
    expressions.length === 1 &&
    relation.keys.length === 1 &&
    relation.keys[0]!.canonicals.includes(scope.canonical(expressions[0]!))
  if (isSameKey) {
    const texts = [scope.describe(expressions[0]!)]
    const named = relation.keys.map((key) => ({ ...key, texts }))
    return { ...relation, keys: named, keyKind: 'partitioning expression' }
  }
  const keys = keyNames(expressions, items, names, scope)
  return planPartitionBy(
    relation,
    expressions.map((expression, i) => ({ expression, name: keys[i]! })),
    {
      step: 'PartitionBy',
      repartition: false,
      clause: 'PARTITION BY',
      keyTexts: expressions.map((expression) => scope.describe(expression)),
      defaultKeyFormat: defaultKeyFormat(environment),
      formats,
      needed: neededColumns(
        items.map((item) => item.expression),
        planning,
      ),
    },
    planning,
  )
}

/** The names that the projection gives to key expressions; one that is not selected keeps a name of its own (an error follows for persistent queries). */
function keyNames(
  keys: readonly Expression[],
  items: readonly ProjectionItem[],
  names: readonly string[],
  scope: Scope,
): string[] {
  const used = new Set<string>()
  return keys.map((key, i) => {
    const canonical = scope.canonical(key)
    const at = items.findIndex((item) => scope.canonical(item.expression) === canonical)
    let name =
      at !== -1
        ? names[at]!
        : key.kind === 'column'
          ? key.name
          : key.kind === 'dereference'
            ? key.field
            : `KSQL_COL_${i}`
    while (used.has(name)) name = `${name}_1`
    used.add(name)
    return name
  })
}

function planSuppress(relation: Relation, query: Query): Relation {
  const { node } = relation
  if (node.kind !== 'aggregate' || node.window === undefined) {
    throw new SqlError('EMIT FINAL is only supported for windowed aggregations.', {
      span: query.span,
    })
  }
  return {
    ...relation,
    node: {
      kind: 'suppress',
      step: 'Aggregate-Suppress',
      schema: node.schema,
      source: node,
      window: node.window,
    },
  }
}
