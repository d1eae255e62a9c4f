import { formatSqlType, sqlTypesEqual, type SqlType } from '@varve/serde'

import type { Expression } from '../ast/expression.ts'
import type { Query } from '../ast/query.ts'
import { columnsIn, walk } from '../ast/visit.ts'
import type { DataSource } from '../catalog/data-source.ts'
import { SqlError } from '../errors.ts'
import { planFormatVersion } from '../plan/physical-plan.ts'
import { constantFolder } from '../expression/fold-constant.ts'
import { formatExpression } from '../formatter/format-expression.ts'
import { convertsImplicitly } from '../functions/resolve-overload.ts'
import { extractLookup } from '../plan/pull-lookup.ts'
import { planPredicate } from '../plan/plan-filter.ts'
import { whyNoLookup } from '../plan/pull-refusal.ts'
import { refuseDuplicates } from '../plan/plan-projection.ts'
import { planSource } from '../plan/plan-source.ts'
import { typeOn, type Planning } from '../plan/relation.ts'
import { resultColumns } from '../plan/result-columns.ts'
import type { PlanExpression } from '../plan/schema.ts'
import { aggregateCallsIn } from '../plan/plan-aggregate.ts'
import { tableCallsIn } from '../plan/plan-flat-map.ts'
import { nameItems } from './column-names.ts'
import type { PullQueryCommand } from './command.ts'
import type { AnalysisEnvironment } from './environment.ts'
import { createScope, type ScopeSource } from './scope.ts'
import { expandSelect } from './select-items.ts'
import { optional } from './source-properties.ts'

/** Plans a SELECT without EMIT. @throws SqlError */
export function analyzePullQuery(query: Query, environment: AnalysisEnvironment): PullQueryCommand {
  checkClauses(query)
  const scope = createScope([query.from], environment.catalog)
  const source = scope.sources[0]!
  const { definition } = source
  const planning: Planning = {
    scope,
    environment,
    slots: { next: 0 },
    conditionWord: 'expression',
  }
  const relation = planSource(source, 'KsqlTopic', { materialized: true })
  const items = expandSelect(query, scope, {
    persistent: false,
    partitionBy: undefined,
    syntheticKey: undefined,
    fieldsOf: (base) => {
      const { type } = typeOn(relation, base, 'SELECT', planning)
      return type?.kind === 'STRUCT' ? type.fields.map((field) => field.name) : []
    },
  })
  const expressions = items.map((item) => item.expression)
  const [tableCall] = tableCallsIn(expressions, environment.functions)
  if (tableCall !== undefined) {
    throw new SqlError(`Pull queries don't support table functions. ${pushAdvice}`, {
      span: tableCall.span,
    })
  }
  const calls = aggregateCallsIn(expressions, environment.functions, (e) => scope.canonical(e))
  if (calls.length > 0) {
    throw new SqlError(
      `Pull queries don't support aggregate functions: ${calls.map((call) => call.name).join(', ')}`,
      { span: calls[0]!.span, hint: pushHint },
    )
  }
  refusePositions('SELECT', expressions)
  if (query.where !== undefined) refusePositions('WHERE', [query.where])
  const names = nameItems(items, scope, false)
  const output = resultColumns(items, names, relation, planning)
  refuseDuplicates(output, items[0]?.span)
  checkQueryable(source)
  const where = query.where && planPredicate(relation, query.where, 'WHERE', planning)
  if (where !== undefined && where.tree.type?.kind !== 'BOOLEAN') {
    throw new SqlError(
      `Type error in WHERE expression: Should evaluate to boolean but is ${where.text} (${where.tree.type?.kind ?? 'NULL'}) instead.`,
      { span: query.where!.span },
    )
  }
  if (query.where !== undefined && definition.kind === 'TABLE') {
    checkKeyConstants(query.where, definition, (e) => typeOn(relation, e, 'WHERE', planning).type)
  }
  const { lookup, covered } = extractLookup(where?.tree, definition, constantFolder(environment))
  checkScan(lookup.kind, definition, environment, query)
  if (query.limit !== undefined) checkLimit(query.limit, query, environment)
  const filter: PlanExpression | undefined = covered ? undefined : where
  return {
    kind: 'pullQuery',
    plan: {
      version: planFormatVersion,
      source: definition.name,
      sourceKind: definition.kind,
      lookup,
      ...optional('filter', filter),
      output,
      windowed: definition.window !== undefined,
      ...optional('limit', query.limit),
    },
  }
}

/** What keys are compared with must be of their type, or widen to it: the lenient rules for literals do not apply to keys. @throws SqlError */
function checkKeyConstants(
  where: Expression,
  source: DataSource,
  typeOf: (e: Expression) => SqlType | null,
): void {
  const check = (column: Expression, constants: readonly Expression[]): void => {
    if (column.kind !== 'column') return
    const key = source.keyColumns.find(({ name }) => name === column.name)
    if (key === undefined) return
    for (const constant of constants) {
      if (columnsIn(constant).length > 0) continue
      const type = typeOf(constant)
      if (type === null || convertsImplicitly(type, key.type)) continue
      if (
        sqlTypesEqual(type, key.type) ||
        (type.kind === 'DECIMAL' && key.type.kind === 'DECIMAL')
      ) {
        continue
      }
      const text = constant.kind === 'string' ? constant.value : formatExpression(constant)
      throw new SqlError(
        `'${text}' can not be converted to the type of the key column: ${key.name} ${formatSqlType(key.type)} KEY`,
        { span: constant.span },
      )
    }
  }
  walk(where, (e) => {
    if (e.kind === 'in') check(e.operand, e.list)
    if (e.kind === 'comparison' && e.operator === '=') {
      check(e.left, [e.right])
      check(e.right, [e.left])
    }
    return e.kind === 'logical' || e.kind === 'not'
  })
}

const pushHint = 'Add EMIT CHANGES to make it a push query.'

const pushAdvice =
  'See https://cnfl.io/queries for more info.\nAdd EMIT CHANGES if you intended to issue a push query.'

/** Rows of tables do not keep where their records stood. */
function refusePositions(clause: 'SELECT' | 'WHERE', expressions: readonly Expression[]): void {
  const columns = expressions
    .flatMap(columnsIn)
    .filter((c) => c.name === 'ROWPARTITION' || c.name === 'ROWOFFSET')
  if (columns.length === 0) return
  const names = [...new Set(columns.map((c) => `\`${c.name}\``))]
  throw new SqlError(
    `Pull queries don't support the following columns in ${clause} clauses: ${names.join(', ')}`,
    { span: columns[0]!.span },
  )
}

function checkClauses(query: Query): void {
  const refuse = (what: string): never => {
    throw new SqlError(`Pull queries don't support ${what} clauses. ${pushAdvice}`, {
      span: query.span,
    })
  }
  if (query.joins.length > 0) refuse('JOIN')
  if (query.window !== undefined) refuse('WINDOW')
  if (query.groupBy !== undefined) refuse('GROUP BY')
  if (query.partitionBy !== undefined) refuse('PARTITION BY')
  if (query.having !== undefined) refuse('HAVING')
}

function checkQueryable(source: ScopeSource): void {
  const { definition, node } = source
  if (definition.kind === 'STREAM') return
  if (definition.createdByQuery || definition.isSource) return
  throw new SqlError(
    `The \`${definition.name}\` table isn't queryable. To derive a queryable table, you can do 'CREATE TABLE QUERYABLE_${definition.name} AS SELECT * FROM ${definition.name}'. ${pushAdvice}`,
    { span: node.span },
  )
}

function checkLimit(limit: number, query: Query, environment: AnalysisEnvironment): void {
  if (limit < 0) {
    throw new SqlError(
      `Pull queries don't support negative integers in the LIMIT clause. ${pushAdvice}`,
      { span: query.span },
    )
  }
  const property = 'ksql.query.pull.limit.clause.enabled'
  if (String(environment.properties?.[property] ?? true).toLowerCase() !== 'false') return
  throw new SqlError(
    `LIMIT clause in pull queries is currently disabled. You can enable them by setting ${property}=true. ${pushAdvice}`,
    { span: query.span },
  )
}

function checkScan(
  lookup: 'keys' | 'range' | 'scan',
  source: DataSource,
  environment: AnalysisEnvironment,
  query: Query,
): void {
  const enabled = (name: string): boolean =>
    String(environment.properties?.[name] ?? true).toLowerCase() !== 'false'
  if (source.kind === 'STREAM' || enabled('ksql.query.pull.table.scan.enabled')) return
  const isRange = lookup === 'range' && enabled('ksql.query.pull.range.scan.enabled')
  const isLookup = lookup === 'keys' || (isRange && source.window === undefined)
  const refusal =
    query.where === undefined ? 'Missing WHERE clause.' : whyNoLookup(query.where, source, isLookup)
  if (refusal === undefined) return
  throw new SqlError(refusal, {
    span: (query.where ?? query).span,
    hint: 'Compare the whole key with constants, or set ksql.query.pull.table.scan.enabled to true.',
  })
}
