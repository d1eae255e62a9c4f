import type { AnalysisEnvironment } from '../analyzer/environment.ts'
import type { Scope } from '../analyzer/scope.ts'
import type { ColumnExpression, Expression } from '../ast/expression.ts'
import type { Query } from '../ast/query.ts'
import { callsIn, columnsIn } from '../ast/visit.ts'
import { SqlError } from '../errors.ts'
import { hasColumnOutside, ungrouped } from './group-by-refusals.ts'
import { aggregateCallsIn } from './plan-aggregate.ts'
import { refuseTableFunctions, tableCallsIn } from './plan-flat-map.ts'

/** What clauses of a query do not go together, and GROUP BY by itself. @throws SqlError */
export function checkClauses(
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
