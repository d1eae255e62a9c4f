import type { Expression } from '../ast/expression.ts'
import { SqlError } from '../errors.ts'
import { formatOperand } from '../formatter/format-expression.ts'
import { planExpression, type Planning, type Relation } from './relation.ts'
import type { PlanExpression } from './schema.ts'

/** WHERE and HAVING. @throws SqlError for a condition that is not BOOLEAN */
export function planFilter(
  relation: Relation,
  condition: Expression,
  clause: 'WHERE' | 'HAVING',
  step: string,
  planning: Planning,
): Relation {
  const predicate = planPredicate(relation, condition, clause, planning)
  if (predicate.tree.type?.kind !== 'BOOLEAN') {
    throw new SqlError(
      `Type error in ${clause} expression: Should evaluate to boolean but is ${formatOperand(condition)} (${predicate.tree.type?.kind ?? 'NULL'}) instead.`,
      { span: condition.span },
    )
  }
  return {
    ...relation,
    node: {
      kind: 'filter',
      step,
      schema: relation.node.schema,
      source: relation.node,
      table: relation.kind === 'TABLE',
      predicate,
    },
  }
}

/** A condition. @throws SqlError, one about a comparison naming the clause and the condition */
export function planPredicate(
  relation: Relation,
  condition: Expression,
  clause: 'WHERE' | 'HAVING',
  planning: Planning,
): PlanExpression {
  try {
    return planExpression(relation, condition, clause, planning)
  } catch (error) {
    if (
      !(error instanceof SqlError) ||
      !/^(?:Cannot compare|Comparison with)/.test(error.primary)
    ) {
      throw error
    }
    const { scope } = planning
    const statement = `Statement: ${scope.isJoin ? scope.describeJoined(condition) : formatOperand(condition)}`
    throw new SqlError(`Error in ${clause} expression: ${error.primary}\n${statement}`, {
      span: error.span,
      hint: error.hint,
      cause: error,
    })
  }
}
