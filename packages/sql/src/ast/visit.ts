import type { CallExpression, ColumnExpression, Expression } from './expression.ts'

/** The expressions directly inside of one. */
function childrenOf(e: Expression): readonly Expression[] {
  switch (e.kind) {
    case 'arithmetic':
    case 'comparison':
    case 'logical':
      return [e.left, e.right]
    case 'sign':
    case 'not':
    case 'isNull':
    case 'cast':
      return [e.operand]
    case 'between':
      return [e.operand, e.low, e.high]
    case 'in':
      return [e.operand, ...e.list]
    case 'like':
      return [e.operand, e.pattern]
    case 'case':
      return [
        ...(e.operand === undefined ? [] : [e.operand]),
        ...e.branches.flatMap((branch) => [branch.when, branch.then]),
        ...(e.otherwise === undefined ? [] : [e.otherwise]),
      ]
    case 'call':
      return e.arguments
    case 'lambda':
      return [e.body]
    case 'subscript':
      return [e.base, e.index]
    case 'dereference':
      return [e.base]
    case 'array':
      return e.elements
    case 'map':
      return e.entries.flatMap((entry) => [entry.key, entry.value])
    case 'struct':
      return e.fields.map((field) => field.value)
    default:
      return []
  }
}

/** Calls `visit` for the expression and everything inside; `false` keeps it from going deeper. */
export function walk(e: Expression, visit: (e: Expression) => boolean | void): void {
  if (visit(e) === false) return
  for (const child of childrenOf(e)) walk(child, visit)
}

/** All columns an expression mentions; parameters of its lambdas are none. */
export function columnsIn(e: Expression): ColumnExpression[] {
  const columns: ColumnExpression[] = []
  const visit = (inner: Expression, parameters: readonly string[]): void => {
    if (inner.kind === 'column') {
      if (inner.qualifier !== undefined || !parameters.includes(inner.name)) columns.push(inner)
      return
    }
    const visible = inner.kind === 'lambda' ? [...parameters, ...inner.parameters] : parameters
    for (const child of childrenOf(inner)) visit(child, visible)
  }
  visit(e, [])
  return columns
}

/** All calls, outer ones first. */
export function callsIn(e: Expression): CallExpression[] {
  const calls: CallExpression[] = []
  walk(e, (inner) => {
    if (inner.kind === 'call') calls.push(inner)
  })
  return calls
}
