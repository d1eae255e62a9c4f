import { SqlTypes, type Row, type Value } from '@varve/serde'

import type { InsertValues } from '../ast/statement.ts'
import type { DataSource } from '../catalog/data-source.ts'
import { likeNamed } from '../catalog/like-named.ts'
import { SqlError } from '../errors.ts'
import { formatExpression } from '../formatter/format-expression.ts'
import type { InsertValuesCommand } from './command.ts'
import type { AnalysisEnvironment } from './environment.ts'
import { evaluateValue } from './evaluate-value.ts'
import { isSystemColumn } from './scope.ts'
import { optional } from './source-properties.ts'

/** Evaluates INSERT INTO … VALUES to one record. @throws SqlError */
export function analyzeInsertValues(
  statement: InsertValues,
  environment: AnalysisEnvironment,
): InsertValuesCommand {
  const target = requireTarget(statement, environment)
  try {
    return evaluateRow(statement, target, environment)
  } catch (error) {
    if (!(error instanceof SqlError)) throw error
    const { span, hint, detail, phase } = error
    throw new SqlError(`Failed to insert values into '${target.name}'. ${error.primary}`, {
      span,
      phase,
      ...optional('hint', hint),
      ...optional('detail', detail),
      cause: error,
    })
  }
}

function evaluateRow(
  statement: InsertValues,
  target: DataSource,
  environment: AnalysisEnvironment,
): InsertValuesCommand {
  const all = [...target.keyColumns, ...target.valueColumns]
  const names = statement.columns ?? all.map((column) => column.name)
  if (names.length !== statement.values.length) {
    throw new SqlError(
      `Expected a value for each column. Expected Columns: [${names
        .map((name) => `\`${name}\``)
        .join(
          ', ',
        )}]. Got [${statement.values.map((value) => formatExpression(value, { message: true })).join(', ')}]`,
      { span: statement.span, hint: 'Without a list, key columns come first, then value columns.' },
    )
  }
  const values = new Map<string, Value>()
  for (const [i, name] of names.entries()) {
    if (values.has(name)) {
      throw new SqlError(`Duplicate column names: \`${name}\``, { span: statement.span })
    }
    const type =
      name === 'ROWTIME' ? SqlTypes.BIGINT : all.find((column) => column.name === name)?.type
    if (type === undefined) throw unknownColumn(name, target, statement)
    values.set(name, evaluateValue(statement.values[i]!, { name, type }, environment))
  }
  const valueOf = (column: { readonly name: string }): Value => values.get(column.name) ?? null
  const key: Row = target.keyColumns.map(valueOf)
  if (target.kind === 'TABLE' && key.includes(null)) {
    const missing = target.keyColumns.filter((column) => valueOf(column) === null)
    throw new SqlError(
      `Value for primary key column(s) ${missing.map((c) => c.name).join(', ')} is required for tables`,
      { span: statement.span },
    )
  }
  const rowtime = values.get('ROWTIME')
  if (rowtime !== undefined && (rowtime === null || Number(rowtime) < 0)) {
    throw new SqlError('ROWTIME must not be negative or null', { span: statement.span })
  }
  return {
    kind: 'insertValues',
    target,
    key: key.every((value) => value === null) ? null : key,
    value: target.valueColumns.map(valueOf),
    ...optional('rowtime', rowtime === undefined ? undefined : Number(rowtime)),
  }
}

function requireTarget(statement: InsertValues, environment: AnalysisEnvironment): DataSource {
  const { span } = statement
  const target = environment.catalog.source(statement.target)
  const fail = (message: string): never => {
    throw new SqlError(message, { span })
  }
  if (target === undefined) {
    throw new SqlError(
      `Cannot insert values into an unknown stream/table: \`${statement.target}\`${likeNamed(statement.target, environment.catalog)}`,
      { span },
    )
  }
  if (target.isSource) {
    fail(`Cannot insert values into read-only ${target.kind.toLowerCase()}: ${target.name}`)
  }
  if (target.window !== undefined) fail('Cannot insert values into windowed stream/table!')
  if (target.headerColumns.length > 0) {
    fail(
      `Cannot insert into HEADER columns: ${target.headerColumns.map((column) => column.name).join(', ')}`,
    )
  }
  return target
}

function unknownColumn(name: string, target: DataSource, statement: InsertValues): SqlError {
  const { span } = statement
  if (isSystemColumn(name)) {
    return new SqlError(`Inserting into column \`${name}\` is not allowed.`, { span })
  }
  return new SqlError(`Column name \`${name}\` does not exist in ${target.name}.`, {
    span,
    hint: `Its columns are ${[...target.keyColumns, ...target.valueColumns].map((c) => c.name).join(', ')}.`,
  })
}
