import {
  decimalPrecision,
  formatSqlType,
  parseDecimal,
  parseInt64,
  sqlTypesEqual,
  SqlTypes,
  type SqlType,
  type StructField,
} from '@varve/serde'

import type { Expression } from '../../ast/expression.ts'
import type { Span } from '../../ast/position.ts'
import { SqlError } from '../../errors.ts'
import { castFunction } from '../../expression/cast/cast.ts'
import type { TypedExpression } from '../../expression/typed-expression.ts'
import { formatExpression } from '../../formatter/format-expression.ts'
import { convertsImplicitly } from '../../functions/resolve-overload.ts'

/** An element of a list: typed, and as it was written. */
export interface ListItem {
  readonly typed: TypedExpression
  readonly written: Expression
}

/**
 * The type that all elements of a list convert to: NULLs are skipped; each next element must convert to the type so far or the other way round.
 * Literals are lenient, inside of constructors too: any may become a STRING, a text may become a number or boolean if it reads as one.
 *
 * @param what - The list, as the message about nothing but NULLs names it.
 * @param prefix - In front of the messages about elements that do not fit.
 * @throws SqlError when there is none
 */
export function commonType(
  items: readonly ListItem[],
  span: Span,
  what: { readonly empty: string; readonly prefix?: string },
): SqlType {
  let common: SqlType | undefined
  for (const { typed, written } of items) {
    if (typed.type === null) continue
    if (common === undefined) {
      common = typed.type
      continue
    }
    const widened = widen(common, typed)
    if (typeof widened === 'object' && 'kind' in widened) {
      common = widened
      continue
    }
    const prefix = what.prefix ?? ''
    if (widened !== undefined) {
      throw new SqlError(
        `${prefix}invalid input syntax for type ${formatSqlType(widened.target)}: "${widened.text}".`,
        { span: written.span },
      )
    }
    throw new SqlError(
      `${prefix}operator does not exist: ${formatSqlType(common)} = ${formatSqlType(typed.type)} (${formatExpression(written, { message: true })})\nHint: You might need to add explicit type casts.`,
      { span: written.span },
    )
  }
  if (common === undefined) {
    throw new SqlError(
      `Cannot construct ${what.empty} (see https://github.com/confluentinc/ksql/issues/4239). As a workaround, you may cast a NULL value to the desired type.`,
      { span },
    )
  }
  return common
}

/** A text literal that does not read as the type wanted. */
interface Unreadable {
  readonly text: string
  readonly target: SqlType
}

function widen(common: SqlType, item: TypedExpression): SqlType | Unreadable | undefined {
  const type = item.type
  if (type === null || sqlTypesEqual(common, type)) return common
  const numeric = widenNumbers(common, type)
  if (numeric !== undefined) return numeric
  switch (item.kind) {
    case 'literal':
      if (item.value === null) return common
      if (common.kind === 'STRING' && primitive(type)) return common
      if (type.kind === 'STRING') return readLiteral(common, String(item.value))
      break
    case 'array':
      if (common.kind === 'ARRAY') {
        const element = widenAll(common.element, item.elements)
        return isType(element) ? { kind: 'ARRAY', element } : element
      }
      break
    case 'map':
      if (common.kind === 'MAP') {
        const key = widenAll(
          common.key,
          item.entries.map((entry) => entry.key),
        )
        const value = widenAll(
          common.value,
          item.entries.map((entry) => entry.value),
        )
        if (!isType(key)) return key
        return isType(value) ? { kind: 'MAP', key, value } : value
      }
      break
    case 'struct':
      if (common.kind === 'STRUCT' && type.kind === 'STRUCT') {
        const { fields } = type
        return widenStruct(
          common,
          item.fields.map((value, i) => ({ name: fields[i]!.name, value })),
        )
      }
      break
    default:
  }
  if (common.kind === 'STRUCT' && type.kind === 'STRUCT') return mergeStructs(common, type)
  if (convertsImplicitly(type, common)) return common
  if (convertsImplicitly(common, type)) return type
  return undefined
}

function isType(result: SqlType | Unreadable | undefined): result is SqlType {
  return result !== undefined && 'kind' in result
}

function primitive(type: SqlType): boolean {
  return type.kind !== 'ARRAY' && type.kind !== 'MAP' && type.kind !== 'STRUCT'
}

function widenAll(
  common: SqlType,
  items: readonly TypedExpression[],
): SqlType | Unreadable | undefined {
  let result = common
  for (const item of items) {
    const widened = widen(result, item)
    if (!isType(widened)) return widened
    result = widened
  }
  return result
}

function widenStruct(
  common: Extract<SqlType, { kind: 'STRUCT' }>,
  given: readonly { readonly name: string; readonly value: TypedExpression }[],
): SqlType | Unreadable | undefined {
  const fields: StructField[] = []
  for (const { name, value } of given) {
    const known = common.fields.find((candidate) => candidate.name === name)
    if (known === undefined) {
      if (value.type !== null) fields.push({ name, type: value.type })
      continue
    }
    const type = widen(known.type, value)
    if (!isType(type)) return type
    fields.push({ name, type })
  }
  return { kind: 'STRUCT', fields: withOthers(fields, common) }
}

/** Fields of the later struct come first, then those that only the earlier ones have. */
function withOthers(
  fields: readonly StructField[],
  earlier: Extract<SqlType, { kind: 'STRUCT' }>,
): readonly StructField[] {
  const names = new Set(fields.map((field) => field.name))
  return [...fields, ...earlier.fields.filter((field) => !names.has(field.name))]
}

/** The type for a list of `common` with a text literal in it. */
function readLiteral(common: SqlType, text: string): SqlType | Unreadable | undefined {
  const number = widenNumbers(common, common) === undefined ? undefined : numberType(text.trim())
  if (number !== undefined) return widenNumbers(common, number)
  if (!primitive(common)) return undefined
  const cast = castFunction(SqlTypes.STRING, common)
  if (cast === undefined) return undefined
  const unreadable = { text, target: common }
  if (widenNumbers(common, common) !== undefined) return unreadable
  if (common.kind === 'BOOLEAN') {
    return /^(t|tr|tru|true|f|fa|fal|fals|false|y|ye|yes|n|no)$/i.test(text) ? common : unreadable
  }
  try {
    cast(text)
    return common
  } catch {
    // Not readable as the target type: that is the answer, the caller reports it.
    return unreadable
  }
}

/** The narrowest type of a number's text. */
function numberType(text: string): SqlType | undefined {
  const whole = parseInt64(text)
  if (whole !== undefined) {
    return whole === (Number(whole) | 0) ? SqlTypes.INTEGER : SqlTypes.BIGINT
  }
  const decimal = parseDecimal(text)
  if (decimal === undefined) return undefined
  const { scale } = decimal
  return { kind: 'DECIMAL', precision: Math.max(decimalPrecision(decimal), scale, 1), scale }
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
  const fields: StructField[] = []
  for (const field of b.fields) {
    const known = a.fields.find((candidate) => candidate.name === field.name)?.type
    if (known === undefined) {
      fields.push(field)
      continue
    }
    const merged = sqlTypesEqual(known, field.type)
      ? known
      : (widenNumbers(known, field.type) ??
        (convertsImplicitly(field.type, known)
          ? known
          : convertsImplicitly(known, field.type)
            ? field.type
            : undefined))
    if (merged === undefined) return undefined
    fields.push({ name: field.name, type: merged })
  }
  return { kind: 'STRUCT', fields: withOthers(fields, a) }
}
