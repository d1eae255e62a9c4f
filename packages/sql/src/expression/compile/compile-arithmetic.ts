import {
  addDecimal,
  addInt64,
  divideDecimal,
  divideInt64,
  fitDecimal,
  multiplyDecimal,
  multiplyInt64,
  negateDecimal,
  negateInt64,
  remainderDecimal,
  remainderInt64,
  subtractDecimal,
  subtractInt64,
  type Decimal,
  type Int64,
  type SqlType,
  type Value,
} from '@varve/serde'

import type { ArithmeticOperator } from '../../ast/expression.ts'
import type { TypedExpression } from '../typed-expression.ts'
import { NullOperandError, type CompileChild, type Evaluate } from './context.ts'

type Node = Extract<TypedExpression, { kind: 'arithmetic' }>

/** `left operator right`. Integers wrap; a null operand, division by zero and decimals that do not fit fail. */
export function compileArithmetic(node: Node, child: CompileChild): Evaluate {
  const left = child(node.left)
  const right = child(node.right)
  if (node.type.kind === 'STRING') {
    return (key, value, context) => {
      const a = left(key, value, context)
      const b = right(key, value, context)
      return `${a === null ? 'null' : (a as string)}${b === null ? 'null' : (b as string)}`
    }
  }
  const operate = operation(node.operator, node.type)
  return (key, value, context) => {
    const a = left(key, value, context)
    const b = right(key, value, context)
    if (a === null || b === null) throw new NullOperandError('arithmetic')
    return operate(a, b)
  }
}

/** See {@link operation}. */
export type Operate = (a: NonNullable<Value>, b: NonNullable<Value>) => Value

/** An operator on two values of its type. Throws where it has no result. */
export function operation(operator: ArithmeticOperator, type: SqlType): Operate {
  switch (type.kind) {
    case 'INTEGER':
      return integerOperations[operator] as Operate
    case 'BIGINT':
      return bigintOperations[operator] as Operate
    case 'DECIMAL':
      return decimalOperation(operator, type.precision, type.scale)
    default:
      return doubleOperations[operator] as Operate
  }
}

type Operations<T> = Readonly<Record<ArithmeticOperator, (a: T, b: T) => T>>

const integerOperations: Operations<number> = {
  '+': (a, b) => (a + b) | 0,
  '-': (a, b) => (a - b) | 0,
  '*': (a, b) => Math.imul(a, b),
  '/': (a, b) => {
    if (b === 0) throw new RangeError('division by zero')
    return (a / b) | 0
  },
  '%': (a, b) => {
    if (b === 0) throw new RangeError('division by zero')
    return (a % b) + 0
  },
}

const bigintOperations: Operations<Int64> = {
  '+': addInt64,
  '-': subtractInt64,
  '*': multiplyInt64,
  '/': divideInt64,
  '%': remainderInt64,
}

const doubleOperations: Operations<number> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
  '%': (a, b) => a % b,
}

function decimalOperation(operator: ArithmeticOperator, precision: number, scale: number): Operate {
  const compute = {
    '+': addDecimal,
    '-': subtractDecimal,
    '*': multiplyDecimal,
    '/': (a: Decimal, b: Decimal): Decimal | undefined => divideDecimal(a, b, precision),
    '%': remainderDecimal,
  }[operator]
  return (a, b) => {
    const exact = compute(a as Decimal, b as Decimal)
    const fitted = exact && fitDecimal(exact, precision, scale)
    if (fitted === undefined) {
      throw new RangeError(`result does not fit DECIMAL(${precision}, ${scale}) without rounding`)
    }
    return fitted
  }
}

/** `-operand`. */
export function compileNegate(
  node: Extract<TypedExpression, { kind: 'negate' }>,
  child: CompileChild,
): Evaluate {
  const operand = child(node.operand)
  const negate = negation(node.type)
  return (key, value, context) => {
    const a = operand(key, value, context)
    if (a === null) throw new NullOperandError('negation')
    return negate(a)
  }
}

/** Negation of a value of this type. */
export function negation(type: SqlType): (value: NonNullable<Value>) => Value {
  switch (type.kind) {
    case 'INTEGER':
      return (value) => -(value as number) | 0
    case 'BIGINT':
      return (value) => negateInt64(value as Int64)
    case 'DECIMAL':
      return (value) => negateDecimal(value as Decimal)
    default:
      return (value) => -(value as number)
  }
}
