import { systemClock, systemRandom } from '@varve/base'
import type { Row, Value } from '@varve/serde'

import type { FunctionEnvironment } from '../functions/function.ts'
import type { FunctionRegistry } from '../functions/registry.ts'
import type { CompileContext, Evaluate } from './compile/context.ts'
import { compileNode } from './compile/compile-node.ts'
import type { CompiledExpression, CompiledPredicate, EvaluationContext } from './evaluation.ts'
import type { TypedExpression } from './typed-expression.ts'

/** Options of {@link compileExpression}. */
export interface CompileOptions {
  readonly functions: FunctionRegistry
  /** Clock and randomness of impure functions. Default: the system's. */
  readonly environment?: FunctionEnvironment
}

/**
 * Makes an expression a function: closures chosen by type, once, so that evaluation looks at values only.
 *
 * A failure inside goes to `context.report` and yields null, at the nearest guard: the whole expression, a CAST, an element of a constructor, an argument
 * that is a call or a field. The function is not re-entrant (lambdas keep their parameters in it) and belongs to one thread.
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
  const context: CompileContext = {
    functions: options.functions,
    environment: options.environment ?? { clock: systemClock, random: systemRandom },
    frame: [],
  }
  return compileNode(expression, context)
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
