import type { Expression } from '../ast/expression.ts'
import type { JoinNode } from '../ast/query.ts'
import { columnsIn } from '../ast/visit.ts'
import { SqlError } from '../errors.ts'
import { formatExpression } from '../formatter/format-expression.ts'
import type { Scope } from './scope.ts'

/** One JOIN with the sides of its condition in order. */
export interface AnalyzedJoin {
  readonly node: JoinNode
  /** Index of the joined source. */
  readonly source: number
  /** On columns of one source that stands before. */
  readonly left: Expression
  readonly leftSource: number
  /** On columns of the joined source. */
  readonly right: Expression
}

/** Checks the shape of ON: one equality, each side on one source, one of them the joined one. @throws SqlError */
export function analyzeJoin(node: JoinNode, source: number, scope: Scope): AnalyzedJoin {
  const { condition } = node
  if (condition.kind !== 'comparison' || condition.operator !== '=') {
    throw new SqlError(
      `Unsupported join expression: ${formatExpression(condition)}. Joins need one equality`,
      { span: condition.span, hint: 'ON a.x = b.y; put further conditions into WHERE.' },
    )
  }
  const [first, second] = [
    sourceOf(condition.left, scope, condition),
    sourceOf(condition.right, scope, condition),
  ]
  if (first === second) {
    throw new SqlError(
      `Invalid join condition: both sides refer to the same source. Got ${formatExpression(condition)}`,
      { span: condition.span },
    )
  }
  if (second === source && first < source) {
    return { node, source, left: condition.left, leftSource: first, right: condition.right }
  }
  if (first === source && second < source) {
    return { node, source, left: condition.right, leftSource: second, right: condition.left }
  }
  throw new SqlError(
    `Invalid join condition: the condition must involve ${scope.sources[source]!.alias} and a source before it. Got ${formatExpression(condition)}`,
    { span: condition.span },
  )
}

function sourceOf(side: Expression, scope: Scope, condition: Expression): number {
  const sources = new Set(columnsIn(side).map((column) => scope.resolve(column, 'JOIN ON').source))
  if (sources.size !== 1) {
    throw new SqlError(
      `Invalid comparison expression '${formatExpression(side)}' in join '${formatExpression(condition)}'. Each side of the join comparison must contain references from exactly one source.`,
      { span: side.span },
    )
  }
  return [...sources][0]!
}
