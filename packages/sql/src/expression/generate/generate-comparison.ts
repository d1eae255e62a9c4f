import { comparator, valuesEqual } from '../compare-values.ts'
import { hashableItems } from '../compile/compile-comparison.ts'
import { likeMatcher } from '../compile/like.ts'
import type { TypedExpression } from '../typed-expression.ts'
import { nullOperandError } from './generate-arithmetic.ts'
import type { Operand, SourceWriter } from './source-writer.ts'

type Node<K extends TypedExpression['kind']> = Extract<TypedExpression, { kind: K }>
type Generate = (node: TypedExpression) => Operand

/** Types whose values JavaScript's own operators order and tell apart. */
const plain = new Set(['INTEGER', 'BIGINT', 'DOUBLE', 'STRING', 'DATE', 'TIME', 'TIMESTAMP'])

/** A comparison: false when an operand is null; the right one is not evaluated when the left one is. */
export function generateComparison(
  node: Node<'comparison'>,
  generate: Generate,
  writer: SourceWriter,
): Operand {
  const [from, to] = [node.left.type!, node.right.type!]
  if (node.operator === 'IS DISTINCT FROM' || node.operator === 'IS NOT DISTINCT FROM') {
    const a = generate(node.left)
    const b = generate(node.right)
    const compare = writer.constant(comparator(from, to))
    const same = `(${a.text} === null || ${b.text} === null ? ${a.text} === ${b.text} : ${compare}(${a.text}, ${b.text}) === 0)`
    return writer.define(node.operator === 'IS DISTINCT FROM' ? `!${same}` : same, false)
  }
  const result = writer.fresh()
  writer.line(`let ${result} = false;`)
  const a = generate(node.left)
  if (a.nullable) writer.line(`if (${a.text} !== null) {`)
  const b = generate(node.right)
  const guard = b.nullable ? `${b.text} !== null && ` : ''
  const isPlain = plain.has(from.kind) && plain.has(to.kind)
  writer.line(
    `${result} = ${guard}${isPlain ? plainTest(node.operator, a, b) : orderTest(node.operator, `${writer.constant(comparator(from, to))}(${a.text}, ${b.text})`)};`,
  )
  if (a.nullable) writer.line('}')
  return { text: result, nullable: false }
}

type OrderOperator = Exclude<Node<'comparison'>['operator'], `IS ${string}`>

/** Exact between numbers and bigints, which `==` and the orders are. */
function plainTest(operator: OrderOperator, a: Operand, b: Operand): string {
  const source = { '=': '==', '<>': '!=', '<': '<', '<=': '<=', '>': '>', '>=': '>=' }[operator]
  return `${a.text} ${source} ${b.text}`
}

function orderTest(operator: OrderOperator, order: string): string {
  const source = { '=': '===', '<>': '!==', '<': '<', '<=': '<=', '>': '>', '>=': '>=' }[operator]
  return `${order} ${source} 0`
}

/** AND and OR short-circuit; a null operand that is looked at fails. */
export function generateLogical(
  node: Node<'logical'>,
  generate: Generate,
  writer: SourceWriter,
): Operand {
  const error = nullOperandError(node.operator, writer)
  const a = generate(node.left)
  writer.requireValues(error, a)
  const result = writer.fresh()
  writer.line(`let ${result} = ${a.text};`)
  writer.line(`if (${result} !== ${node.operator === 'OR' ? 'true' : 'false'}) {`)
  const b = generate(node.right)
  writer.requireValues(error, b)
  writer.line(`${result} = ${b.text};`)
  writer.line('}')
  return { text: result, nullable: false }
}

export function generateNot(node: Node<'not'>, generate: Generate, writer: SourceWriter): Operand {
  const a = generate(node.operand)
  writer.requireValues(nullOperandError('NOT', writer), a)
  return writer.define(`${a.text} !== true`, false)
}

export function generateIsNull(
  node: Node<'isNull'>,
  generate: Generate,
  writer: SourceWriter,
): Operand {
  const a = generate(node.operand)
  return writer.define(`${a.text} ${node.negated ? '!==' : '==='} null`, false)
}

/** IN: false for null; items are evaluated until one is equal. Literals of hashable types become a set. */
export function generateIn(node: Node<'in'>, generate: Generate, writer: SourceWriter): Operand {
  const a = generate(node.operand)
  const items = hashableItems(node)
  if (items !== undefined) {
    const test = `${writer.constant(items)}.has(${a.text})`
    return writer.define(a.nullable ? `${a.text} !== null && ${test}` : test, false)
  }
  const result = writer.fresh()
  const label = writer.fresh('l')
  writer.line(`let ${result} = false;`)
  writer.line(`${label}: if (${a.text} !== null) {`)
  for (const item of node.list) {
    const b = generate(item)
    writer.line(
      `if (${b.text} !== null && ${writer.constant(valuesEqual)}(${a.text}, ${b.text})) { ${result} = true; break ${label}; }`,
    )
  }
  writer.line('}')
  return { text: result, nullable: false }
}

/** LIKE; a null side fails. A literal pattern is read once. */
export function generateLike(
  node: Node<'like'>,
  generate: Generate,
  writer: SourceWriter,
): Operand {
  const text = generate(node.operand)
  const pattern = generate(node.pattern)
  writer.requireValues(nullOperandError('LIKE', writer), text, pattern)
  const test = writer.constant(cachedMatcher(node.escape))
  return writer.define(`${test}(${text.text}, ${pattern.text})`, false)
}

/** Reads a pattern again only when it is another one than the last. */
function cachedMatcher(escape: string | undefined): (text: string, pattern: string) => boolean {
  let last: string | undefined
  let matches = (_text: string): boolean => false
  return (text, pattern) => {
    if (pattern !== last) {
      matches = likeMatcher(pattern, escape)
      last = pattern
    }
    return matches(text)
  }
}
