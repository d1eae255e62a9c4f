import { bindCall } from '../compile/compile-call.ts'
import type { CompileContext } from '../compile/context.ts'
import type { TypedExpression } from '../typed-expression.ts'
import type { Operand, SourceWriter } from './source-writer.ts'

type Node<K extends TypedExpression['kind']> = Extract<TypedExpression, { kind: K }>
type Generate = (node: TypedExpression) => Operand

/** A call of a library function. Arguments that are calls or fields are guarded. @throws UnsupportedError for an unknown function */
export function generateCall(
  node: Node<'call'>,
  generate: { readonly plain: Generate; readonly guarded: Generate },
  writer: SourceWriter,
  compile: CompileContext,
): Operand {
  const { invoke, seesNulls } = bindCall(node, compile)
  const args = node.arguments.map((argument): Operand => {
    switch (argument.kind) {
      case 'lambda':
        return generateLambda(argument, generate.plain, writer)
      case 'unit':
        return { text: writer.constant(argument.unit), nullable: false }
      case 'call':
      case 'field':
        return generate.guarded(argument)
      default:
        return generate.plain(argument)
    }
  })
  const call = `${writer.constant(invoke)}(${args.map(({ text }) => text).join(', ')})`
  const checks = seesNulls
    ? []
    : args.flatMap(({ text, nullable }) => (nullable ? [`${text} === null`] : []))
  return writer.define(checks.length === 0 ? call : `${checks.join(' || ')} ? null : ${call}`, true)
}

/** A lambda is a function whose parameters are its own: lambdas inside of it see them. */
function generateLambda(node: Node<'lambda'>, generate: Generate, writer: SourceWriter): Operand {
  const name = writer.fresh()
  const parameters = node.parameters.map(({ slot }) => variableName(slot, writer))
  writer.line(
    `const ${name} = (${parameters.map((parameter) => `${parameter} = null`).join(', ')}) => {`,
  )
  writer.line(`return ${generate(node.body).text};`)
  writer.line('};')
  return { text: name, nullable: false }
}

/** The parameter in a slot. */
export function variableName(slot: number, writer: SourceWriter): string {
  return `p${writer.index(slot)}`
}
