import type { ProjectionItem } from '../analyzer/select-items.ts'
import type { ColumnExpression, Expression } from '../ast/expression.ts'
import type { Query } from '../ast/query.ts'
import { walk } from '../ast/visit.ts'
import { SqlError } from '../errors.ts'
import { formatExpression, formatOperand } from '../formatter/format-expression.ts'
import type { Planning, Relation } from './relation.ts'

/** After GROUP BY expressions are made of the grouping ones and of aggregates. @throws SqlError that lists those that are not */
export function refuseUngrouped(
  query: Query,
  items: readonly ProjectionItem[],
  relation: Relation,
  { scope }: Planning,
): void {
  const strayIn = (expression: Expression): ColumnExpression | undefined => {
    let stray: ColumnExpression | undefined
    const parameters = new Set<string>()
    walk(expression, (e) => {
      if (stray !== undefined || relation.places.has(scope.canonical(e))) return false
      if (e.kind === 'lambda') for (const name of e.parameters) parameters.add(name)
      if (e.kind === 'column' && !parameters.has(e.name)) stray = e
      return true
    })
    // What does not exist at all is refused as such.
    return stray === undefined || scope.find(stray).length !== 1 ? undefined : stray
  }
  const odd = items.map((item) => item.expression).filter((e) => strayIn(e) !== undefined)
  if (odd.length > 0) {
    throw new SqlError(ungrouped(odd), {
      span: odd[0]!.span,
      hint: 'Group by it, or put it into an aggregate function such as LATEST_BY_OFFSET.',
    })
  }
  const column = query.having && strayIn(query.having)
  if (column !== undefined) {
    throw new SqlError(
      `Non-aggregate HAVING expression not part of GROUP BY: ${formatExpression(column)}`,
      { span: column.span },
    )
  }
}

/** The message about expressions beside aggregates that are not grouped by. */
export function ungrouped(odd: readonly Expression[]): string {
  return `Non-aggregate SELECT expression(s) not part of GROUP BY: ${odd.map((e) => formatOperand(e)).join(', ')}\nEither add the column(s) to the GROUP BY or remove them from the SELECT.`
}

/** Whether an expression mentions a column anywhere but in the parts that are taken out. */
export function hasColumnOutside(
  expression: Expression,
  isInside: (e: Expression) => boolean,
): boolean {
  let found = false
  walk(expression, (e) => {
    if (isInside(e)) return false
    found ||= e.kind === 'column'
    return true
  })
  return found
}
