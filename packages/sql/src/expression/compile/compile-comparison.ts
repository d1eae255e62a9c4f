import type { Value } from '@varve/serde'

import { comparator, valuesEqual } from '../compare-values.ts'
import type { TypedExpression } from '../typed-expression.ts'
import { decodeLiteral } from '../literal.ts'
import { NullOperandError, type CompileChild, type Evaluate } from './context.ts'
import { likeMatcher } from './like.ts'

type Node<K extends TypedExpression['kind']> = Extract<TypedExpression, { kind: K }>

/** A comparison: false when an operand is null, except for IS [NOT] DISTINCT FROM. */
export function compileComparison(node: Node<'comparison'>, child: CompileChild): Evaluate {
  const left = child(node.left)
  const right = child(node.right)
  const compare = comparator(node.left.type!, node.right.type!)
  if (node.operator === 'IS DISTINCT FROM' || node.operator === 'IS NOT DISTINCT FROM') {
    const whenSame = node.operator === 'IS NOT DISTINCT FROM'
    return (key, value, context) => {
      const a = left(key, value, context)
      const b = right(key, value, context)
      const same = a === null || b === null ? a === b : compare(a, b) === 0
      return same === whenSame
    }
  }
  const isDouble = [node.left, node.right].some((side) => side.type!.kind === 'DOUBLE')
  const isDecimal = [node.left, node.right].some((side) => side.type!.kind === 'DECIMAL')
  if (isDouble && !isDecimal) return compileNumbers(left, right, numberTests[node.operator])
  const test = tests[node.operator]
  return (key, value, context) => {
    const a = left(key, value, context)
    if (a === null) return false
    const b = right(key, value, context)
    return b !== null && test(compare(a, b))
  }
}

type Numeric = number | bigint

/** With a DOUBLE among them numbers compare as IEEE 754 has it: NaN is neither equal to anything nor in any order. */
function compileNumbers(
  left: Evaluate,
  right: Evaluate,
  test: (a: Numeric, b: Numeric) => boolean,
): Evaluate {
  return (key, value, context) => {
    const a = left(key, value, context)
    if (a === null) return false
    const b = right(key, value, context)
    return b !== null && test(a as Numeric, b as Numeric)
  }
}

/** Numbers are equal to bigints of their value, NaN to nothing. */
function numbersEqual(a: Numeric, b: Numeric): boolean {
  return a <= b ? a >= b : false
}

const numberTests = {
  '=': numbersEqual,
  '<>': (a: Numeric, b: Numeric) => !numbersEqual(a, b),
  '<': (a: Numeric, b: Numeric) => a < b,
  '<=': (a: Numeric, b: Numeric) => a <= b,
  '>': (a: Numeric, b: Numeric) => a > b,
  '>=': (a: Numeric, b: Numeric) => a >= b,
} as const

const tests = {
  '=': (order: number) => order === 0,
  '<>': (order: number) => order !== 0,
  '<': (order: number) => order < 0,
  '<=': (order: number) => order <= 0,
  '>': (order: number) => order > 0,
  '>=': (order: number) => order >= 0,
} as const

/** AND and OR short-circuit; a null operand that is looked at fails. */
export function compileLogical(node: Node<'logical'>, child: CompileChild): Evaluate {
  const left = child(node.left)
  const right = child(node.right)
  const decides = node.operator === 'OR'
  return (key, value, context) => {
    const a = left(key, value, context)
    if (a === null) throw new NullOperandError(node.operator)
    if (a === decides) return decides
    const b = right(key, value, context)
    if (b === null) throw new NullOperandError(node.operator)
    return b
  }
}

export function compileNot(node: Node<'not'>, child: CompileChild): Evaluate {
  const operand = child(node.operand)
  return (key, value, context) => {
    const a = operand(key, value, context)
    if (a === null) throw new NullOperandError('NOT')
    return a !== true
  }
}

export function compileIsNull(node: Node<'isNull'>, child: CompileChild): Evaluate {
  const operand = child(node.operand)
  const { negated } = node
  return (key, value, context) => (operand(key, value, context) === null) !== negated
}

const hashable = new Set(['INTEGER', 'BIGINT', 'STRING', 'BOOLEAN', 'DATE', 'TIME', 'TIMESTAMP'])

/** The items of a list of nothing but literals that a set tells apart as SQL does. */
export function hashableItems(node: Node<'in'>): ReadonlySet<Value> | undefined {
  if (!hashable.has(node.operand.type!.kind)) return undefined
  const items = new Set<Value>()
  for (const item of node.list) {
    if (item.kind !== 'literal') return undefined
    items.add(decodeLiteral(item.type, item.value))
  }
  return items
}

/** IN: false for null; null items are ignored. Literals of hashable types become a set. */
export function compileIn(node: Node<'in'>, child: CompileChild): Evaluate {
  const operand = child(node.operand)
  const items = hashableItems(node)
  if (items !== undefined) {
    return (key, value, context) => {
      const a = operand(key, value, context)
      return a !== null && items.has(a)
    }
  }
  const list = node.list.map(child)
  return (key, value, context) => {
    const a = operand(key, value, context)
    if (a === null) return false
    for (const item of list) {
      const b = item(key, value, context)
      if (b !== null && valuesEqual(a, b)) return true
    }
    return false
  }
}

/** LIKE; a null side fails. */
export function compileLike(node: Node<'like'>, child: CompileChild): Evaluate {
  const operand = child(node.operand)
  const pattern = child(node.pattern)
  let lastPattern: string | undefined
  let matches = (_text: string): boolean => false
  return (key, value, context) => {
    const text = operand(key, value, context)
    const wanted = pattern(key, value, context)
    if (text === null || wanted === null) throw new NullOperandError('LIKE')
    if (wanted !== lastPattern) {
      matches = likeMatcher(wanted as string, node.escape)
      lastPattern = wanted as string
    }
    return matches(text as string)
  }
}
