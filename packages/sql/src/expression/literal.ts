import { assert } from '@varve/base'
import {
  formatBase64,
  formatDecimal,
  int64FromBigInt,
  parseBase64,
  parseDecimal,
  type Decimal,
  type SqlType,
  type Value,
} from '@varve/serde'

import type { LiteralExpression, LiteralJson } from './typed-expression.ts'

/** A constant expression of a value. */
export function literalOf(type: SqlType | null, value: Value): LiteralExpression {
  return { kind: 'literal', type, value: type === null ? null : encodeLiteral(type, value) }
}

/** A value as JSON can carry it; see {@link LiteralExpression}. */
export function encodeLiteral(type: SqlType, value: Value): LiteralJson {
  if (value === null) return null
  switch (type.kind) {
    case 'BIGINT':
      return typeof value === 'bigint' ? value.toString() : (value as number)
    case 'DOUBLE':
      return Number.isFinite(value) && !Object.is(value, -0) ? (value as number) : javaName(value)
    case 'DECIMAL':
      return formatDecimal(value as Decimal)
    case 'BYTES':
      return formatBase64(value as Uint8Array)
    case 'ARRAY':
      return (value as readonly Value[]).map((item) => encodeLiteral(type.element, item))
    case 'MAP':
      return [...(value as ReadonlyMap<Value, Value>)].map(([k, v]) => [
        encodeLiteral(type.key, k),
        encodeLiteral(type.value, v),
      ])
    case 'STRUCT':
      return (value as readonly Value[]).map((item, i) => encodeLiteral(type.fields[i]!.type, item))
    default:
      return value as boolean | number | string
  }
}

function javaName(value: Value): string {
  return Object.is(value, -0) ? '-0' : String(value)
}

/** The value that {@link encodeLiteral} wrote. */
export function decodeLiteral(type: SqlType | null, json: LiteralJson): Value {
  if (json === null || type === null) return null
  switch (type.kind) {
    case 'BIGINT':
      return typeof json === 'string' ? int64FromBigInt(BigInt(json)) : (json as number)
    case 'DOUBLE':
      return Number(json)
    case 'DECIMAL': {
      const decimal = parseDecimal(json as string)
      assert(decimal !== undefined, 'a DECIMAL literal of a plan is a number')
      return decimal
    }
    case 'BYTES':
      return parseBase64(json as string) ?? null
    case 'ARRAY':
      return (json as readonly LiteralJson[]).map((item) => decodeLiteral(type.element, item))
    case 'MAP':
      return new Map(
        (json as readonly (readonly LiteralJson[])[]).map(([k, v]) => [
          decodeLiteral(type.key, k!),
          decodeLiteral(type.value, v!),
        ]),
      )
    case 'STRUCT':
      return (json as readonly LiteralJson[]).map((item, i) =>
        decodeLiteral(type.fields[i]!.type, item),
      )
    default:
      return json as boolean | number | string
  }
}
