import { formatSqlType, sqlTypesEqual, type SqlType } from '@varve/serde'

import type { Span } from '../../ast/position.ts'
import { SqlError } from '../../errors.ts'
import { castFunction } from '../../expression/cast/cast.ts'
import { decodeLiteral } from '../../expression/literal.ts'
import type { TypedExpression } from '../../expression/typed-expression.ts'
import { convertsImplicitly } from '../../functions/resolve-overload.ts'

/**
 * The type that all elements of a list convert to: NULLs are skipped; each next element must convert to the type so far or the other way round.
 * Literals are lenient: any may become a STRING, a text may become a number or boolean if it reads as one.
 *
 * @throws SqlError when there is none
 */
export function commonType(items: readonly TypedExpression[], span: Span, what: string): SqlType {
  let common: SqlType | undefined
  for (const item of items) {
    if (item.type === null) continue
    if (common === undefined) {
      common = item.type
      continue
    }
    const widened = widen(common, item)
    if (widened === undefined) {
      throw new SqlError(
        `invalid input syntax: ${what} of type ${formatSqlType(common)} cannot hold ${formatSqlType(item.type)}`,
        { span, hint: 'All elements need one type; use CAST.' },
      )
    }
    common = widened
  }
  if (common === undefined) {
    throw new SqlError(`Cannot construct ${what} with all NULL elements`, {
      span,
      hint: 'Give one element a type: CAST(NULL AS …).',
    })
  }
  return common
}

function widen(common: SqlType, item: TypedExpression): SqlType | undefined {
  const type = item.type!
  if (sqlTypesEqual(common, type)) return common
  const numeric = widenNumbers(common, type)
  if (numeric !== undefined) return numeric
  if (common.kind === 'STRUCT' && type.kind === 'STRUCT') return mergeStructs(common, type)
  if (item.kind === 'literal' && item.value !== null) {
    if (common.kind === 'STRING') return common
    if (type.kind === 'STRING') return literalReads(item, common) ? common : undefined
  }
  if (convertsImplicitly(type, common)) return common
  if (convertsImplicitly(common, type)) return type
  return undefined
}

function literalReads(item: TypedExpression, target: SqlType): boolean {
  if (item.kind !== 'literal') return false
  const value = decodeLiteral(item.type, item.value)
  const cast = castFunction(item.type!, target)
  if (cast === undefined || value === null) return false
  if (target.kind === 'BOOLEAN')
    return /^(t|tr|tru|true|f|fa|fal|fals|false|y|ye|yes|n|no)$/i.test(String(value))
  try {
    cast(value)
    return true
  } catch {
    // Not readable as the target type: that is the answer, the caller reports it.
    return false
  }
}

/** The later type of INTEGER → BIGINT → DECIMAL → DOUBLE; decimals widen to the larger whole part and scale. */
export function widenNumbers(a: SqlType, b: SqlType): SqlType | undefined {
  const order = ['INTEGER', 'BIGINT', 'DECIMAL', 'DOUBLE']
  const [i, j] = [order.indexOf(a.kind), order.indexOf(b.kind)]
  if (i === -1 || j === -1) return undefined
  if (a.kind === 'DOUBLE' || b.kind === 'DOUBLE') return { kind: 'DOUBLE' }
  if (a.kind !== 'DECIMAL' && b.kind !== 'DECIMAL') return i > j ? a : b
  const [da, db] = [asDecimal(a), asDecimal(b)]
  const scale = Math.max(da.scale, db.scale)
  const whole = Math.max(da.precision - da.scale, db.precision - db.scale)
  return { kind: 'DECIMAL', precision: whole + scale, scale }
}

/** INTEGER and BIGINT count as DECIMAL(10, 0) and DECIMAL(19, 0). */
export function asDecimal(type: SqlType): {
  readonly kind: 'DECIMAL'
  readonly precision: number
  readonly scale: number
} {
  if (type.kind === 'DECIMAL') return type
  return { kind: 'DECIMAL', precision: type.kind === 'INTEGER' ? 10 : 19, scale: 0 }
}

function mergeStructs(
  a: Extract<SqlType, { kind: 'STRUCT' }>,
  b: Extract<SqlType, { kind: 'STRUCT' }>,
): SqlType | undefined {
  const fields = [...a.fields]
  for (const field of b.fields) {
    const at = fields.findIndex((candidate) => candidate.name === field.name)
    if (at === -1) {
      fields.push(field)
      continue
    }
    const known = fields[at]!.type
    const merged = sqlTypesEqual(known, field.type)
      ? known
      : (widenNumbers(known, field.type) ??
        (convertsImplicitly(field.type, known)
          ? known
          : convertsImplicitly(known, field.type)
            ? field.type
            : undefined))
    if (merged === undefined) return undefined
    fields[at] = { name: field.name, type: merged }
  }
  return { kind: 'STRUCT', fields }
}
