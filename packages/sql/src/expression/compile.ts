import { systemClock, systemRandom } from '@varve/base'
import type { Row, Value } from '@varve/serde'

import type { FunctionEnvironment } from '../functions/function.ts'
import type { FunctionRegistry } from '../functions/registry.ts'
import type { CompileContext, Evaluate } from './compile/context.ts'
import { compileNode } from './compile/compile-node.ts'
import type { CompiledExpression, CompiledPredicate, EvaluationContext } from './evaluation.ts'
import { canGenerateCode, generateExpression, generateRow } from './generate/generate.ts'
import type { TypedExpression } from './typed-expression.ts'

/** Options of {@link compileExpression}. */
export interface CompileOptions {
  readonly functions: FunctionRegistry
  /** Clock and randomness of impure functions. Default: the system's. */
  readonly environment?: FunctionEnvironment
  /**
   * `generate` makes JavaScript of the expression, `closures` a closure of each node: slower, for processes that may not make functions of strings.
   * Default: what the process allows.
   */
  readonly form?: 'generate' | 'closures'
}

/** Several expressions as a function that gives a row. Failures are as of {@link CompiledExpression}, each column's its own. */
export type CompiledRow = (key: Row | null, value: Row | null, context: EvaluationContext) => Row

/**
 * Makes an expression a function: straight JavaScript for its types, or closures chosen by type, once, so that evaluation looks at values only.
 *
 * A failure inside goes to `context.report` and yields null, at the nearest guard: the whole expression, a CAST, an element of a constructor, an argument
 * that is a call or a field. The function is not re-entrant (closures keep parameters of lambdas in it) and belongs to one thread.
 *
 * @throws UnsupportedError for a function or overload that the registry does not have
 */
export function compileExpression(
  expression: TypedExpression,
  options: CompileOptions,
): CompiledExpression {
  return guarded(compileUnguarded(expression, options))
}

/** {@link compileExpression} without the outermost guard: failures throw. For callers that must tell failure from null, as GROUP BY does. */
export function compileThrowing(
  expression: TypedExpression,
  options: CompileOptions,
): CompiledExpression {
  return compileUnguarded(expression, options)
}

/** {@link compileExpression} for all columns of a projection at once. */
export function compileRow(
  expressions: readonly TypedExpression[],
  options: CompileOptions,
): CompiledRow {
  const generated = generates(options)
    ? generateRow(expressions, compileContext(options))
    : undefined
  if (generated !== undefined) return generated
  const columns = expressions.map((expression) => compileExpression(expression, options))
  return (key, value, context) => {
    const row = new Array<Value>(columns.length)
    for (let i = 0; i < columns.length; i++) row[i] = columns[i]!(key, value, context)
    return row
  }
}

/** A condition: null and failure are `false`. */
export function compilePredicate(
  expression: TypedExpression,
  options: CompileOptions,
): CompiledPredicate {
  const evaluate = compileUnguarded(expression, options)
  return (key, value, context) => {
    try {
      return evaluate(key, value, context) === true
    } catch (error) {
      context.report(error)
      return false
    }
  }
}

function compileUnguarded(expression: TypedExpression, options: CompileOptions): Evaluate {
  const context = compileContext(options)
  const generated = generates(options) ? generateExpression(expression, context) : undefined
  return generated ?? compileNode(expression, context)
}

function generates({ form }: CompileOptions): boolean {
  return form === undefined ? canGenerateCode() : form === 'generate'
}

function compileContext({ functions, environment }: CompileOptions): CompileContext {
  return {
    functions,
    environment: environment ?? { clock: systemClock, random: systemRandom },
    frame: [],
  }
}

function guarded(evaluate: Evaluate): CompiledExpression {
  return (key: Row | null, value: Row | null, context: EvaluationContext): Value => {
    try {
      return evaluate(key, value, context)
    } catch (error) {
      context.report(error)
      return null
    }
  }
}
