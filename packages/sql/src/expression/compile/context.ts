import type { Row, Value } from '@varve/serde'

import type { FunctionEnvironment } from '../../functions/function.ts'
import type { FunctionRegistry } from '../../functions/registry.ts'
import type { EvaluationContext } from '../evaluation.ts'
import type { TypedExpression } from '../typed-expression.ts'

/** A compiled node: throws where evaluation fails. */
export type Evaluate = (key: Row | null, value: Row | null, context: EvaluationContext) => Value

/** What compiling a node needs. */
export interface CompileContext {
  readonly functions: FunctionRegistry
  readonly environment: FunctionEnvironment
  /** Lambda parameters of the expression, by slot. */
  readonly frame: Value[]
}

/** Compiles a node inside of another. */
export type CompileChild = (expression: TypedExpression) => Evaluate

/** An operator met null where it cannot: the nearest guard turns it into null. */
export class NullOperandError extends RangeError {
  constructor(what: string) {
    super(`${what} of a null value`)
    this.name = 'NullOperandError'
  }
}

/** A guard: a failure inside is reported and gives null. */
export function guard(evaluate: Evaluate): Evaluate {
  return (key, value, context) => {
    try {
      return evaluate(key, value, context)
    } catch (error) {
      context.report(error)
      return null
    }
  }
}
