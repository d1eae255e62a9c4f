import type { Expression } from '../ast/expression.ts'
import type { JoinNode } from '../ast/query.ts'
import { columnsIn } from '../ast/visit.ts'
import { SqlError } from '../errors.ts'
import { formatOperand } from '../formatter/format-expression.ts'
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
    const got = formatOperand(condition, { column: (column) => scope.describe(column) })
    throw new SqlError(
      condition.kind === 'logical'
        ? `Invalid join condition: joins on multiple conditions are not yet supported. Got ${got}.`
        : condition.kind === 'comparison'
          ? `Only equality join criteria is supported. Got ${got}.`
          : `Unsupported join expression: ${got}. Joins need one equality`,
      { span: condition.span, hint: 'ON a.x = b.y; put further conditions into WHERE.' },
    )
  }
  const [first, second] = [
    sourceOf(condition.left, scope, condition),
    sourceOf(condition.right, scope, condition),
  ]
  if (first === second) {
    throw new SqlError(
      `Each side of the join must reference exactly one source and not the same source. Left side references \`${scope.sources[first]!.alias}\` and right references \`${scope.sources[second]!.alias}\``,
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
    `A join criteria is expected to reference the source (\`${scope.sources[source]!.alias}\`) in the FROM clause, instead the right source references \`${scope.sources[second]!.alias}\` and the left source references \`${scope.sources[first]!.alias}\``,
    { span: condition.span },
  )
}

function sourceOf(side: Expression, scope: Scope, condition: Expression): number {
  const sources = new Set(columnsIn(side).map((column) => scope.resolve(column, 'JOIN ON').source))
  if (sources.size !== 1) {
    throw new SqlError(
      `Invalid comparison expression '${scope.describeOperand(side)}' in join '(${scope.describe(condition)})'. Each side of the join comparision must contain references from exactly one source.`,
      { span: side.span },
    )
  }
  return [...sources][0]!
}
