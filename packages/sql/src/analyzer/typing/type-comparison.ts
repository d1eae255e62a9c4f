import { formatSqlType, SqlTypes, type SqlType } from '@varve/serde'

import type { ComparisonOperator } from '../../ast/expression.ts'
import type { Span } from '../../ast/position.ts'
import { SqlError } from '../../errors.ts'
import { parseTimestamp } from '../../expression/cast/time-text.ts'
import { literalOf } from '../../expression/literal.ts'
import type { TypedExpression } from '../../expression/typed-expression.ts'
import { convertTo } from './convert.ts'

const operatorWords: Readonly<Record<ComparisonOperator, string>> = {
  '=': 'EQUAL',
  '<>': 'NOT_EQUAL',
  '<': 'LESS_THAN',
  '<=': 'LESS_THAN_OR_EQUAL',
  '>': 'GREATER_THAN',
  '>=': 'GREATER_THAN_OR_EQUAL',
  'IS DISTINCT FROM': 'IS_DISTINCT_FROM',
  'IS NOT DISTINCT FROM': 'IS_NOT_DISTINCT_FROM',
}

const numbers = new Set(['INTEGER', 'BIGINT', 'DECIMAL', 'DOUBLE'])
const timeTypes = new Set(['TIME', 'DATE', 'TIMESTAMP'])
const equalityOnly = new Set(['BOOLEAN', 'ARRAY', 'MAP', 'STRUCT'])

/** `left operator right`, operands converted so that both sides compare. @throws SqlError when they do not */
export function typeComparison(
  operator: ComparisonOperator,
  left: TypedExpression,
  right: TypedExpression,
  span: Span,
  texts: { readonly left: string; readonly right: string },
): TypedExpression {
  const isDistinct = operator === 'IS DISTINCT FROM' || operator === 'IS NOT DISTINCT FROM'
  if (left.type === null || right.type === null) {
    if (isDistinct) {
      const operand = left.type === null ? right : left
      if (operand.type !== null) {
        const negated = operator === 'IS DISTINCT FROM'
        return { kind: 'isNull', type: SqlTypes.BOOLEAN, negated, operand }
      }
    }
    throw new SqlError(
      `Comparison with NULL not supported: ${typeText(left)} ${operator} ${typeText(right)}\nUse 'IS NULL' or 'IS NOT NULL' instead.`,
      { span },
    )
  }
  const [a, b] = [magicTimestamp(left, right), magicTimestamp(right, left)]
  const common = comparable(a.type!, b.type!, operator)
  if (common === undefined) {
    throw new SqlError(
      `Cannot compare ${texts.left} (${formatSqlType(a.type!)}) to ${texts.right} (${formatSqlType(b.type!)}) with ${operatorWords[operator]}.`,
      { span },
    )
  }
  const convert = (side: TypedExpression): TypedExpression =>
    common === 'as is' ? side : convertTo(side, common)
  return {
    kind: 'comparison',
    type: SqlTypes.BOOLEAN,
    operator,
    left: convert(a),
    right: convert(b),
  }
}

function typeText({ type }: TypedExpression): string {
  return type === null ? 'NULL' : formatSqlType(type)
}

/** A text compared with ROWTIME or a window bound is the timestamp it denotes. */
export function magicTimestamp(side: TypedExpression, other: TypedExpression): TypedExpression {
  if (side.kind !== 'literal' || side.type?.kind !== 'STRING' || side.value === null) return side
  const isTimeColumn =
    (other.kind === 'pseudo' && other.type.kind === 'BIGINT' && other.column !== 'ROWOFFSET') ||
    (other.kind === 'column' &&
      /(^|_)(ROWTIME|WINDOWSTART|WINDOWEND)$/.test(other.name) &&
      other.type.kind === 'BIGINT')
  if (!isTimeColumn) return side
  const text = side.value as string
  try {
    return literalOf(SqlTypes.BIGINT, parseTimestamp(text))
  } catch (error) {
    throw new SqlError(`Failed to parse timestamp '${text}'`, {
      cause: error,
      hint: "Timestamps are written '2020-06-23T10:00:00.000', shortened from the right, with an offset such as +0100 if not in UTC.",
    })
  }
}

/** The type both sides are converted to, `as is` when the comparison copes with the pair, undefined when it does not. */
function comparable(
  a: SqlType,
  b: SqlType,
  operator: ComparisonOperator,
): SqlType | 'as is' | undefined {
  if (numbers.has(a.kind) && numbers.has(b.kind)) return 'as is'
  if (a.kind === b.kind) {
    if (!equalityOnly.has(a.kind)) return 'as is'
    return ['<', '<=', '>', '>='].includes(operator) ? undefined : 'as is'
  }
  if (a.kind === 'STRING' && timeTypes.has(b.kind)) return b
  if (b.kind === 'STRING' && timeTypes.has(a.kind)) return a
  if (
    (a.kind === 'DATE' && b.kind === 'TIMESTAMP') ||
    (a.kind === 'TIMESTAMP' && b.kind === 'DATE')
  ) {
    return SqlTypes.TIMESTAMP
  }
  return undefined
}
