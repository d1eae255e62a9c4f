import type { TypedExpression } from '../typed-expression.ts'

/** Whether evaluation never throws, so that no guard is needed around it. Says no where it is not sure. */
export function cannotFail(node: TypedExpression): boolean {
  switch (node.kind) {
    case 'literal':
    case 'column':
    case 'pseudo':
    case 'headers':
    case 'variable':
    case 'unit':
      return true
    case 'field':
      return cannotFail(node.base)
    case 'subscript':
      return cannotFail(node.base) && cannotFail(node.index)
    case 'isNull':
      return cannotFail(node.operand)
    case 'comparison':
      return !isDecimalWithDouble(node) && cannotFail(node.left) && cannotFail(node.right)
    case 'in':
      return cannotFail(node.operand) && node.list.every(cannotFail)
    case 'array':
    case 'map':
    case 'struct':
      // Their parts are guarded each by itself.
      return true
    case 'case':
      return (
        node.branches.every(({ when, then }) => cannotFail(when) && cannotFail(then)) &&
        (node.otherwise === null || cannotFail(node.otherwise))
      )
    case 'cast':
      return true
    case 'convert':
      return isPlainWidening(node) && cannotFail(node.operand)
    default:
      return false
  }
}

/** A DOUBLE that is not finite is no decimal number. */
function isDecimalWithDouble({
  left,
  right,
}: Extract<TypedExpression, { kind: 'comparison' }>): boolean {
  const kinds = [left.type?.kind, right.type?.kind]
  return kinds.includes('DECIMAL') && kinds.includes('DOUBLE')
}

/** INTEGER to BIGINT, and both to DOUBLE. */
export function isPlainWidening({
  type,
  operand,
}: Extract<TypedExpression, { kind: 'cast' | 'convert' }>): boolean {
  const from = operand.type?.kind
  return (
    (from === 'INTEGER' && (type.kind === 'BIGINT' || type.kind === 'DOUBLE')) ||
    (from === 'BIGINT' && type.kind === 'DOUBLE')
  )
}
