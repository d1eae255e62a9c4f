import type { AnalysisEnvironment } from '../analyzer/environment.ts'
import { compileThrowing } from './compile.ts'
import { literalOf } from './literal.ts'
import { recordlessContext } from './recordless-context.ts'
import type { TypedExpression } from './typed-expression.ts'

/** Computes an expression that mentions no columns; any other, or one that fails, it returns as it is. */
export type FoldConstant = (e: TypedExpression) => TypedExpression

/** A {@link FoldConstant} with the functions of an environment. */
export function constantFolder({
  functions,
  functionEnvironment,
}: Pick<AnalysisEnvironment, 'functions' | 'functionEnvironment'>): FoldConstant {
  return (e) => {
    if (e.kind === 'literal' || e.type === null || mentionsRow(e)) return e
    try {
      const evaluate = compileThrowing(e, {
        functions,
        ...(functionEnvironment === undefined ? {} : { environment: functionEnvironment }),
      })
      return literalOf(e.type, evaluate(null, null, nowhere))
    } catch {
      // Whoever evaluates it on a row reports the failure then.
      return e
    }
  }
}

const nowhere = recordlessContext((error) => {
  throw error
})

function mentionsRow(e: TypedExpression): boolean {
  return /"kind":"(?:column|pseudo|header|headers|lambda|variable)"/.test(JSON.stringify(e))
}
