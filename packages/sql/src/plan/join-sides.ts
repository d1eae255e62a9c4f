import { formatSqlType, sqlTypesEqual, type FormatSpec, type SqlType } from '@varve/serde'

import { internalKeyFormat } from '../analyzer/formats.ts'
import type { AnalyzedJoin } from '../analyzer/join-condition.ts'
import { canonicalColumn } from '../analyzer/scope.ts'
import type { Expression } from '../ast/expression.ts'
import { columnsIn } from '../ast/visit.ts'
import { SqlError } from '../errors.ts'
import type { TypedExpression } from '../expression/typed-expression.ts'
import type { InternalFormats } from './physical-plan.ts'
import type { Planning, Relation } from './relation.ts'
import type { NamedPlanExpression } from './schema.ts'

/** What a join needs beyond its condition. */
export interface JoinInputs {
  readonly left: Relation
  /** Canonical texts of the columns that something above the join uses. */
  readonly needed: ReadonlySet<string>
  readonly syntheticKey: string | undefined
  readonly defaultKeyFormat: FormatSpec
  readonly leftFormats: InternalFormats
  /** Number of the join, from 0. */
  readonly ordinal: number
  readonly isNWay: boolean
}

/** Canonical texts of all columns in these expressions. */
export function neededColumns(expressions: readonly Expression[], planning: Planning): Set<string> {
  const needed = new Set<string>()
  for (const expression of expressions) {
    for (const column of columnsIn(expression)) {
      for (const found of planning.scope.find(column)) {
        needed.add(canonicalColumn(found.source, found.name))
      }
    }
  }
  return needed
}

/** Projects the wanted columns, key and pseudo columns among them, into the value. */
export function narrow(
  input: Relation,
  wanted: ReadonlySet<string>,
  step: string,
  planning: Planning,
): Relation {
  const columns: NamedPlanExpression[] = []
  const places = new Map<string, TypedExpression>()
  for (const source of planning.scope.sources) {
    for (const column of source.columns) {
      const canonical = canonicalColumn(column.source, column.name)
      const place = input.places.get(canonical)
      if (place === undefined || !wanted.has(canonical)) continue
      const name = `${source.alias}_${column.name}`
      places.set(canonical, {
        kind: 'column',
        type: column.type,
        side: 'value',
        index: columns.length,
        name,
      })
      columns.push({ name, text: `${source.alias}.${column.name}`, tree: place })
    }
  }
  const valueColumns = columns.map((column) => ({ name: column.name, type: column.tree.type! }))
  return {
    ...input,
    places,
    node: {
      kind: 'project',
      step,
      schema: { ...input.node.schema, valueColumns },
      source: input.node,
      table: input.kind === 'TABLE',
      columns,
    },
  }
}

/** Gives a table's keys the bytes of another format, through an internal topic. */
export function repartitionTable(
  input: Relation,
  step: string,
  { keyFormat, valueFormat }: InternalFormats,
  defaultKeyFormat: FormatSpec,
): Relation {
  const { schema } = input.node
  const formats = {
    keyFormat: internalKeyFormat(keyFormat, schema.keyColumns, defaultKeyFormat),
    valueFormat,
  }
  return { ...input, node: { kind: 'tableRepartition', step, schema, source: input.node, formats } }
}

/** Where columns lie once the value rows stand side by side. */
export function placesOfBoth(left: Relation, right: Relation): Map<string, TypedExpression> {
  const places = new Map<string, TypedExpression>()
  for (const [side, offset] of [
    [left, 0],
    [right, left.node.schema.valueColumns.length],
  ] as const) {
    for (const [canonical, place] of side.places) {
      if (place.kind === 'column' && place.side === 'value') {
        places.set(canonical, { ...place, index: place.index + offset })
      }
    }
  }
  return places
}

/** @throws SqlError for sides of different types */
export function requireSameType(
  join: AnalyzedJoin,
  leftType: SqlType,
  rightType: SqlType,
  planning: Planning,
): void {
  if (!sqlTypesEqual(leftType, rightType)) {
    const { scope } = planning
    throw new SqlError(
      `Invalid join condition: types don't match. Got ${scope.describeOperand(join.left)}{${formatSqlType(leftType)}} = ${scope.describeOperand(join.right)}{${formatSqlType(rightType)}}.`,
      {
        span: join.node.condition.span,
        hint: `Use CAST on a side of ${scope.sources[join.leftSource]!.alias}.`,
      },
    )
  }
}
