import { sqlTypesEqual, type SqlType } from '@varve/serde'

import { castFunction } from '../../expression/cast/cast.ts'
import { decodeLiteral, literalOf } from '../../expression/literal.ts'
import type { TypedExpression } from '../../expression/typed-expression.ts'

/** The expression as that type: itself, a converted literal, or under a `convert` node. The conversion must exist. */
export function convertTo(expression: TypedExpression, type: SqlType): TypedExpression {
  if (expression.type === null) return { kind: 'literal', type, value: null }
  if (sqlTypesEqual(expression.type, type)) return expression
  if (expression.kind === 'literal') {
    const value = decodeLiteral(expression.type, expression.value)
    const cast = castFunction(expression.type, type)
    if (value === null) return { kind: 'literal', type, value: null }
    if (cast !== undefined) return literalOf(type, cast(value))
  }
  return { kind: 'convert', type, operand: expression }
}
