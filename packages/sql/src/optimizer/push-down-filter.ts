import { spanBetween } from '../ast/position.ts'
import type { Expression } from '../ast/expression.ts'
import { columnsIn } from '../ast/visit.ts'
import type { Scope } from '../analyzer/scope.ts'

/** A condition cut in two. */
export interface SplitCondition {
  /** What can be checked on the first source alone, before any join. */
  readonly below: Expression | undefined
  readonly above: Expression | undefined
}

/**
 * Takes the conjuncts of WHERE that mention the leftmost source only below the joins, so that rows which cannot pass are neither re-partitioned nor
 * joined.
 *
 * Right for streams on the left of INNER and LEFT joins with tables: every output row stems from exactly one left row and carries its columns unchanged.
 */
export function pushDownFilter(where: Expression, scope: Scope): SplitCondition {
  const below: Expression[] = []
  const above: Expression[] = []
  for (const conjunct of conjunctsOf(where)) {
    const columns = columnsIn(conjunct)
    const isLeft =
      columns.length > 0 &&
      columns.every((column) => {
        const found = scope.find(column)
        return found.length === 1 && found[0]!.source === 0
      })
    ;(isLeft ? below : above).push(conjunct)
  }
  return { below: conjunction(below), above: conjunction(above) }
}

/** The operands of a chain of ANDs, left to right. */
function conjunctsOf(condition: Expression): Expression[] {
  return condition.kind === 'logical' && condition.operator === 'AND'
    ? [...conjunctsOf(condition.left), ...conjunctsOf(condition.right)]
    : [condition]
}

/** The operands under ANDs again; `undefined` for none. */
function conjunction(operands: readonly Expression[]): Expression | undefined {
  return operands.reduce<Expression | undefined>(
    (left, right) =>
      left === undefined
        ? right
        : {
            kind: 'logical',
            operator: 'AND',
            left,
            right,
            span: spanBetween(left.span, right.span),
          },
    undefined,
  )
}
