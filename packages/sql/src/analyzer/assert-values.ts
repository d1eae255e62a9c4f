import { SqlTypes, type SqlType, type Value } from '@varve/serde'

import type { Statement } from '../ast/statement.ts'
import type { DataSource } from '../catalog/data-source.ts'
import { SqlError } from '../errors.ts'
import type { AnalysisEnvironment } from './environment.ts'
import { evaluateValue } from './evaluate-value.ts'

/** Where in a record a column's value stands. */
export type ColumnPlace =
  | { readonly part: 'key' | 'value'; readonly index: number }
  | { readonly part: 'rowtime' | 'windowStart' | 'windowEnd' }

/** A column of a record with the value that is expected there. */
export interface ExpectedColumn {
  readonly name: string
  readonly type: SqlType
  readonly place: ColumnPlace
  readonly value: Value
}

/** Result of analysing ASSERT VALUES and ASSERT NULL VALUES: what the next record of a source has to look like. */
export interface ValuesAssertion {
  readonly target: DataSource
  /** Named columns only: nothing is said of others. */
  readonly columns: readonly ExpectedColumn[]
  /** The record's value is expected to be null. */
  readonly tombstone: boolean
}

type AssertValues = Extract<Statement, { readonly kind: 'assertValues' }>

/** Evaluates ASSERT [NULL] VALUES. @throws SqlError */
export function analyzeAssertValues(
  statement: AssertValues,
  environment: AnalysisEnvironment,
): ValuesAssertion {
  const { span, tombstone } = statement
  const target = environment.catalog.source(statement.target)
  if (target === undefined) {
    throw new SqlError(`Cannot assert values of an unknown stream/table: \`${statement.target}\``, {
      span,
    })
  }
  const defaults = tombstone ? target.keyColumns : [...target.keyColumns, ...target.valueColumns]
  const names = statement.columns ?? defaults.map((column) => column.name)
  if (names.length !== statement.values.length) {
    throw new SqlError(
      `Expected ${names.length} values, got ${statement.values.length}: a value for each column`,
      { span, hint: 'Without a list, key columns come first, then value columns.' },
    )
  }
  const columns = names.map((name, i) => {
    const { type, place } = findColumn(name, target, statement)
    const value = evaluateValue(statement.values[i]!, { name, type }, environment)
    return { name, type, place, value }
  })
  return { target, columns, tombstone }
}

function findColumn(
  name: string,
  target: DataSource,
  { span, tombstone }: AssertValues,
): { readonly type: SqlType; readonly place: ColumnPlace } {
  for (const part of ['key', 'value'] as const) {
    const columns = part === 'key' ? target.keyColumns : target.valueColumns
    const index = columns.findIndex((column) => column.name === name)
    if (index < 0) continue
    if (part === 'value' && tombstone) {
      throw new SqlError(`A tombstone has no value column \`${name}\``, { span })
    }
    return { type: columns[index]!.type, place: { part, index } }
  }
  if (name === 'ROWTIME') return { type: SqlTypes.BIGINT, place: { part: 'rowtime' } }
  if (target.window !== undefined) {
    if (name === 'WINDOWSTART') return { type: SqlTypes.BIGINT, place: { part: 'windowStart' } }
    if (name === 'WINDOWEND') return { type: SqlTypes.BIGINT, place: { part: 'windowEnd' } }
  }
  throw new SqlError(`Column name \`${name}\` does not exist in ${target.name}.`, {
    span,
    hint: `Its columns are ${[...target.keyColumns, ...target.valueColumns].map((c) => c.name).join(', ')}.`,
  })
}
