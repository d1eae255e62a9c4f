import {
  compareDecimal,
  decimalFromInteger,
  decimalFromNumber,
  JsonNumber,
  parseDecimal,
  type Decimal,
  type Int64,
  type LosslessJson,
  type SqlType,
  type Value,
} from '@varve/serde'

import { parseArray } from '../json/json-text.ts'
import type { ScalarFunction } from '../function.ts'

/** JSON_ARRAY_CONTAINS: whole numbers match only numbers written without a point, texts only texts. */
export const jsonArrayContains: ScalarFunction = {
  kind: 'scalar',
  name: 'JSON_ARRAY_CONTAINS',
  category: 'JSON',
  description: 'Whether a JSON array holds a value of the same type; false for anything else.',
  overloads: [
    {
      parameters: [
        { name: 'json', type: 'STRING' },
        { name: 'value', type: 'T' },
      ],
      returns: 'BOOLEAN',
      nulls: 'call',
      bind: ({ argumentTypes }) => {
        const type = argumentTypes[1]!
        return (json: string | null, value: Value) =>
          json !== null && elementsOf(json).some((element) => matches(element, value, type))
      },
    },
  ],
}

function elementsOf(json: string): readonly LosslessJson[] {
  try {
    return parseArray(json) ?? []
  } catch {
    return []
  }
}

function matches(element: LosslessJson, value: Value, type: SqlType): boolean {
  if (value === null || !(element instanceof JsonNumber)) return element === value
  const isWhole = /^-?\d+$/.test(element.text)
  const number = parseDecimal(element.text)
  if (number === undefined) return false
  switch (type.kind) {
    case 'INTEGER':
    case 'BIGINT':
      return isWhole && compareDecimal(number, decimalFromInteger(value as Int64)) === 0
    case 'DOUBLE': {
      const wanted = decimalFromNumber(value as number)
      return !isWhole && wanted !== undefined && compareDecimal(number, wanted) === 0
    }
    case 'DECIMAL':
      return !isWhole && compareDecimal(number, value as Decimal) === 0
    default:
      return false
  }
}
