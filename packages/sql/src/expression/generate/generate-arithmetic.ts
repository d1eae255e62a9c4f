import type { TypedExpression } from '../typed-expression.ts'
import { negation, operation } from '../compile/compile-arithmetic.ts'
import { NullOperandError } from '../compile/context.ts'
import type { Operand, SourceWriter } from './source-writer.ts'

type Node<K extends TypedExpression['kind']> = Extract<TypedExpression, { kind: K }>
type Generate = (node: TypedExpression) => Operand

/** What operators throw for null. */
export function nullOperandError(what: string, writer: SourceWriter): string {
  return `${writer.constant(newNullOperandError)}(${writer.constant(what)})`
}

function newNullOperandError(what: string): NullOperandError {
  return new NullOperandError(what)
}

function newDivisionError(): RangeError {
  return new RangeError('division by zero')
}

/** `left operator right` in the arithmetic of the result's type: 32-bit and floating-point operators in place, the others as calls. */
export function generateArithmetic(
  node: Node<'arithmetic'>,
  generate: Generate,
  writer: SourceWriter,
): Operand {
  const a = generate(node.left)
  const b = generate(node.right)
  const { operator, type } = node
  if (type.kind === 'STRING') {
    const text = ({ text: name, nullable }: Operand): string =>
      nullable ? `(${name} === null ? 'null' : ${name})` : name
    return writer.define(`${text(a)} + ${text(b)}`, false)
  }
  writer.requireValues(nullOperandError('arithmetic', writer), a, b)
  switch (type.kind) {
    case 'INTEGER':
      if (operator === '*') return writer.define(`Math.imul(${a.text}, ${b.text})`, false)
      if (operator === '/' || operator === '%') {
        writer.line(`if (${b.text} === 0) throw ${writer.constant(newDivisionError)}();`)
      }
      return writer.define(
        operator === '%' ? `(${a.text} % ${b.text}) + 0` : `(${a.text} ${operator} ${b.text}) | 0`,
        false,
      )
    case 'DOUBLE':
      return writer.define(`${a.text} ${operator} ${b.text}`, false)
    default:
      return writer.define(
        `${writer.constant(operation(operator, type))}(${a.text}, ${b.text})`,
        false,
      )
  }
}

/** `-operand`. */
export function generateNegate(
  node: Node<'negate'>,
  generate: Generate,
  writer: SourceWriter,
): Operand {
  const a = generate(node.operand)
  writer.requireValues(nullOperandError('negation', writer), a)
  switch (node.type.kind) {
    case 'INTEGER':
      return writer.define(`-${a.text} | 0`, false)
    case 'DOUBLE':
      return writer.define(`-${a.text}`, false)
    default:
      return writer.define(`${writer.constant(negation(node.type))}(${a.text})`, false)
  }
}
