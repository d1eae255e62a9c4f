import { formatSqlType, SqlTypes, type SqlType } from '@varve/serde'

import type { ArithmeticOperator } from '../../ast/expression.ts'
import type { Span } from '../../ast/position.ts'
import { SqlError } from '../../errors.ts'
import type { TypedExpression } from '../../expression/typed-expression.ts'
import { asDecimal, widenNumbers } from './common-type.ts'
import { convertTo } from './convert.ts'

const operatorWords: Readonly<Record<ArithmeticOperator, string>> = {
  '+': 'ADD',
  '-': 'SUBTRACT',
  '*': 'MULTIPLY',
  '/': 'DIVIDE',
  '%': 'MODULUS',
}

/** `left operator right`, operands converted to what the operator computes in. @throws SqlError */
export function typeArithmetic(
  operator: ArithmeticOperator,
  left: TypedExpression,
  right: TypedExpression,
  span: Span,
  text: () => string,
): TypedExpression {
  const [a, b] = [left.type, right.type]
  if (a?.kind === 'STRING' && b?.kind === 'STRING' && operator === '+') {
    return { kind: 'arithmetic', type: SqlTypes.STRING, operator, left, right }
  }
  const widened = a === null || b === null ? undefined : widenNumbers(a, b)
  if (a === null || b === null || widened === undefined) {
    throw new SqlError(
      a === null || b === null
        ? `Error processing expression: ${text()}. Arithmetic on types ${describe(a)} and ${describe(b)} are not supported.`
        : `Error processing expression: Unsupported arithmetic types. ${describe(a)} ${describe(b)}`,
      { span, detail: `The operator is ${operatorWords[operator]}.` },
    )
  }
  if (widened.kind !== 'DECIMAL') {
    return {
      kind: 'arithmetic',
      type: widened,
      operator,
      left: convertTo(left, widened),
      right: convertTo(right, widened),
    }
  }
  const [da, db] = [asDecimal(a), asDecimal(b)]
  return {
    kind: 'arithmetic',
    type: decimalResult(operator, da, db),
    operator,
    left: convertTo(left, da),
    right: convertTo(right, db),
  }
}

function describe(type: SqlType | null): string {
  return type === null ? 'null' : formatSqlType(type)
}

interface DecimalType {
  readonly precision: number
  readonly scale: number
}

function decimalResult(operator: ArithmeticOperator, a: DecimalType, b: DecimalType): SqlType {
  const scaleMax = Math.max(a.scale, b.scale)
  const wholes = [a.precision - a.scale, b.precision - b.scale] as const
  switch (operator) {
    case '+':
    case '-':
      return { kind: 'DECIMAL', precision: scaleMax + Math.max(...wholes) + 1, scale: scaleMax }
    case '*':
      return { kind: 'DECIMAL', precision: a.precision + b.precision + 1, scale: a.scale + b.scale }
    case '/': {
      const scale = Math.max(6, a.scale + b.precision + 1)
      return { kind: 'DECIMAL', precision: a.precision - a.scale + b.scale + scale, scale }
    }
    case '%':
      return { kind: 'DECIMAL', precision: Math.min(...wholes) + scaleMax, scale: scaleMax }
  }
}
