import type { TypedExpression } from '../typed-expression.ts'
import type { Operand, SourceWriter } from './source-writer.ts'

type Node<K extends TypedExpression['kind']> = Extract<TypedExpression, { kind: K }>
type Generate = (node: TypedExpression) => Operand

/** `a[i]`, 1-based, negative from the end, out of range null; `m[k]`, null when missing. The index of a null collection is not evaluated. */
export function generateSubscript(
  node: Node<'subscript'>,
  generate: Generate,
  writer: SourceWriter,
): Operand {
  const base = generate(node.base)
  const result = writer.fresh()
  writer.line(`let ${result} = null;`)
  writer.line(`if (${base.text} !== null) {`)
  const index = generate(node.index)
  if (node.base.type?.kind === 'MAP') {
    writer.line(`${result} = ${base.text}.get(${index.text}) ?? null;`)
  } else {
    writer.line(`if (${index.text} !== null) {`)
    const place = writer.define(`Number(${index.text})`, false).text
    writer.line(
      `${result} = ${base.text}[${place} < 0 ? ${base.text}.length + ${place} : ${place} - 1] ?? null;`,
    )
    writer.line('}')
  }
  writer.line('}')
  return { text: result, nullable: true }
}

/** `struct->field`: null on a null struct. */
export function generateField(
  node: Node<'field'>,
  generate: Generate,
  writer: SourceWriter,
): Operand {
  const base = generate(node.base)
  return writer.define(
    `${base.text} === null ? null : (${base.text}[${writer.index(node.index)}] ?? null)`,
    true,
  )
}

/** `ARRAY[…]` and `STRUCT(…)`: every part is guarded. */
export function generateList(
  parts: readonly TypedExpression[],
  generateGuarded: Generate,
  writer: SourceWriter,
): Operand {
  const operands = parts.map((part) => generateGuarded(part).text)
  return writer.define(`[${operands.join(', ')}]`, false)
}

/** `MAP(…)`: every key and value is guarded. */
export function generateMap(
  node: Node<'map'>,
  generateGuarded: Generate,
  writer: SourceWriter,
): Operand {
  const map = writer.define('new Map()', false)
  for (const { key, value } of node.entries) {
    const k = generateGuarded(key)
    const v = generateGuarded(value)
    writer.line(`${map.text}.set(${k.text}, ${v.text});`)
  }
  return map
}

/** CASE: branches are evaluated as they are reached. */
export function generateCase(
  node: Node<'case'>,
  generate: Generate,
  writer: SourceWriter,
): Operand {
  const result = writer.fresh()
  const label = writer.fresh('l')
  writer.line(`let ${result} = null;`)
  writer.line(`${label}: {`)
  for (const { when, then } of node.branches) {
    const condition = generate(when)
    writer.line(`if (${condition.text} === true) {`)
    const value = generate(then)
    writer.line(`${result} = ${value.text};`)
    writer.line(`break ${label};`)
    writer.line('}')
  }
  if (node.otherwise !== null) writer.line(`${result} = ${generate(node.otherwise).text};`)
  writer.line('}')
  return { text: result, nullable: true }
}
