import { sqlTypesEqual, type SqlType, type Value } from '@varve/serde'

import { castFunction, type CastFunction } from '../../expression/cast/cast.ts'
import { decodeLiteral, literalOf } from '../../expression/literal.ts'
import type { TypedExpression } from '../../expression/typed-expression.ts'

/** A text that does not read as the type stays a conversion: it fails for each record, as it would if it came from a column. */
function tryCast(cast: CastFunction, value: NonNullable<Value>): Value | undefined {
  try {
    return cast(value)
  } catch {
    return undefined
  }
}

/** The expression as that type: itself, a converted literal, or under a `convert` node. The conversion must exist. */
export function convertTo(expression: TypedExpression, type: SqlType): TypedExpression {
  if (expression.type === null) return { kind: 'literal', type, value: null }
  if (sqlTypesEqual(expression.type, type)) return expression
  if (expression.kind === 'literal') {
    const value = decodeLiteral(expression.type, expression.value)
    const cast = castFunction(expression.type, type)
    if (value === null) return { kind: 'literal', type, value: null }
    const converted = cast && tryCast(cast, value)
    if (converted !== undefined) return literalOf(type, converted)
  }
  return { kind: 'convert', type, operand: expression }
}
