import {
  decimalFromNumber,
  decimalToNumber,
  powerOfTen,
  rescaleDecimal,
  type Decimal,
  type Int64,
  type SqlType,
  type Value,
} from '@varve/serde'

import { doubleToInt64 } from '../../expression/cast/double-to-int64.ts'
import type { ScalarFunction } from '../function.ts'

const digits = { name: 'digits', type: 'INTEGER' }

/** TRUNC: towards zero. */
export const trunc: ScalarFunction = {
  kind: 'scalar',
  name: 'TRUNC',
  category: 'MATHEMATICAL',
  description: 'Cuts to a whole number or to n digits behind the point, towards zero.',
  overloads: [
    {
      parameters: [{ name: 'value', type: 'INTEGER' }],
      returns: 'BIGINT',
      evaluate: (value: number) => value,
    },
    {
      parameters: [{ name: 'value', type: 'BIGINT' }],
      returns: 'BIGINT',
      evaluate: (value: Int64) => value,
    },
    {
      parameters: [{ name: 'value', type: 'DOUBLE' }],
      returns: 'BIGINT',
      evaluate: doubleToInt64,
    },
    {
      parameters: [{ name: 'value', type: 'DECIMAL' }],
      returns: ([type]): SqlType =>
        type?.kind === 'DECIMAL'
          ? { kind: 'DECIMAL', precision: Math.max(type.precision - type.scale, 1), scale: 0 }
          : type!,
      evaluate: (value: Decimal): Value => rescaleDecimal(value, 0, 'down') ?? null,
    },
    {
      parameters: [{ name: 'value', type: 'DOUBLE' }, digits],
      returns: 'DOUBLE',
      evaluate: (value: number, count: number): Value => {
        const decimal = decimalFromNumber(value)
        return decimal === undefined ? value : decimalToNumber(cut(decimal, count))
      },
    },
    {
      parameters: [{ name: 'value', type: 'DECIMAL' }, digits],
      returns: ([type]): SqlType => type!,
      evaluate: cut,
    },
  ],
}

/** Zeros behind so many digits, the scale kept. */
function cut(value: Decimal, count: number): Decimal {
  if (count >= value.scale) return value
  return {
    unscaled: value.unscaled - (value.unscaled % powerOfTen(value.scale - count)),
    scale: value.scale,
  }
}
