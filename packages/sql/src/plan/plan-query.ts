import type { SqlType } from '@varve/serde'

import { nameItems } from '../analyzer/column-names.ts'
import type { AnalysisEnvironment } from '../analyzer/environment.ts'
import { withoutSchemaId } from '../analyzer/formats.ts'
import { analyzeJoin, type AnalyzedJoin } from '../analyzer/join-condition.ts'
import { createScope, type Scope } from '../analyzer/scope.ts'
import { expandSelect, type ProjectionItem } from '../analyzer/select-items.ts'
import type { Expression } from '../ast/expression.ts'
import type { Query } from '../ast/query.ts'
import { callsIn } from '../ast/visit.ts'
import { SqlError } from '../errors.ts'
import { formatExpression } from '../formatter/format-expression.ts'
import { pushDownFilter } from '../optimizer/push-down-filter.ts'
import { checkClauses } from './check-clauses.ts'
import { defaultKeyFormat } from './default-key-format.ts'
import { refuseUngrouped } from './group-by-refusals.ts'
import { neededColumns } from './join-sides.ts'
import type { InternalFormats } from './physical-plan.ts'
import { aggregateCallsIn, aggregateResultType, planAggregate } from './plan-aggregate.ts'
import { planFilter } from './plan-filter.ts'
import { planFlatMap, tableCallsIn } from './plan-flat-map.ts'
import { planJoin } from './plan-join.ts'
import { keyNames, planRekey } from './plan-rekey.ts'
import { planSource } from './plan-source.ts'
import { planSuppress } from './plan-suppress.ts'
import { type Planning, type Relation, typeOn } from './relation.ts'
import { syntheticKeyOf } from './synthetic-key.ts'

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
    fieldsOf: (e) => fieldsOf(e, everySource(base, scope), planning),
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

/** Whether a table must keep its rows: filters and groupings need the old ones. */
function needsOldRows(query: Query): boolean {
  return query.where !== undefined || query.groupBy !== undefined || query.joins.length > 0
}

/** The columns of all sources, for types alone: no rows are laid out so. */
function everySource(base: Relation, scope: Scope): Relation {
  if (!scope.isJoin) return base
  const places = scope.sources.flatMap((source) => [
    ...planSource(source, '', { materialized: false }).places,
  ])
  return { ...base, places: new Map(places) }
}

function fieldsOf(base: Expression, relation: Relation, planning: Planning): readonly string[] {
  const { type } = typeOn(withCallTypes(base, relation, planning), base, 'SELECT', planning)
  if (type?.kind !== 'STRUCT') {
    throw new SqlError(`Cannot expand ${formatExpression(base)}: it is no STRUCT.`, {
      span: base.span,
    })
  }
  return type.fields.map((field) => field.name)
}

/** With what aggregate and table functions of an expression give, by type alone. */
function withCallTypes(base: Expression, relation: Relation, planning: Planning): Relation {
  const { scope, environment } = planning
  const { functions } = environment
  const places = new Map(relation.places)
  const put = (call: Expression, type: SqlType | null): void => {
    if (type === null) return
    const name = scope.canonical(call)
    places.set(name, { kind: 'column', type, side: 'value', index: 0, name })
  }
  for (const call of aggregateCallsIn([base], functions, (e) => scope.canonical(e))) {
    put(call, aggregateResultType(call, relation, planning))
  }
  for (const call of tableCallsIn([base], functions)) {
    const { type } = typeOn(relation, call, 'SELECT', planning)
    put(call, type?.kind === 'ARRAY' ? type.element : null)
  }
  return places.size === relation.places.size ? relation : { ...relation, places }
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
