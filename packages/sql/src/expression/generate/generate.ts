import type { Row, Value } from '@varve/serde'

import type { CompileContext } from '../compile/context.ts'
import type { EvaluationContext } from '../evaluation.ts'
import type { TypedExpression } from '../typed-expression.ts'
import { generateGuarded, generateNode } from './generate-node.ts'
import { SourceWriter } from './source-writer.ts'

/** Characters of source at most: beyond, the closures are used, which need no compiler. */
const sourceCharactersMax = 400_000

type Generated<T> = (key: Row | null, value: Row | null, context: EvaluationContext) => T

let allowed: boolean | undefined

/** Whether this process makes functions of strings: not under `--disallow-code-generation-from-strings`, and not where a policy forbids it. */
export function canGenerateCode(): boolean {
  allowed ??= probe()
  return allowed
}

function probe(): boolean {
  try {
    // oxlint-disable-next-line typescript/no-implied-eval -- The probe is a constant.
    return (new Function('return 1') as () => number)() === 1
  } catch {
    return false
  }
}

/**
 * The expression as one function of straight code: no tree, no closure per node. Failures throw.
 *
 * @returns `undefined` when its source would be too long.
 */
export function generateExpression(
  expression: TypedExpression,
  compile: CompileContext,
): Generated<Value> | undefined {
  const writer = new SourceWriter()
  writer.line(`return ${generateNode(expression, writer, compile).text};`)
  return build(writer)
}

/** Several expressions as one function that gives a row. Each is guarded by itself. */
export function generateRow(
  expressions: readonly TypedExpression[],
  compile: CompileContext,
): Generated<Row> | undefined {
  const writer = new SourceWriter()
  const operands = expressions.map((e) => generateGuarded(e, writer, compile).text)
  writer.line(`return [${operands.join(', ')}];`)
  return build(writer)
}

function build<T>(writer: SourceWriter): Generated<T> | undefined {
  const { text, constants } = writer
  if (text.length > sourceCharactersMax) return undefined
  const names = constants.map((_, i) => `const c${i} = constants[${i}];`)
  const source = `'use strict';\n${names.join('\n')}\nreturn (key, value, context) => {\n${text}\n};`
  // oxlint-disable-next-line typescript/no-implied-eval -- The source holds no text of a statement, a plan or a record: see SourceWriter.
  return (new Function('constants', source) as (constants: readonly unknown[]) => Generated<T>)(
    constants,
  )
}
