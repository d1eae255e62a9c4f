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

/** ROUND: halves go up, towards positive infinity. */
export const round: ScalarFunction = {
  kind: 'scalar',
  name: 'ROUND',
  category: 'MATHEMATICAL',
  description: 'Rounds to a whole number or to n digits behind the point; halves go up.',
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
      evaluate: (value: number): Value => doubleToInt64(Math.floor(value + 0.5)),
    },
    {
      parameters: [{ name: 'value', type: 'DECIMAL' }],
      returns: ([type]): SqlType =>
        type?.kind === 'DECIMAL'
          ? { kind: 'DECIMAL', precision: Math.max(type.precision - type.scale, 1), scale: 0 }
          : type!,
      evaluate: (value: Decimal): Value =>
        rescaleDecimal(roundDecimal(value, 0), 0, 'down') ?? null,
    },
    {
      parameters: [
        { name: 'value', type: 'DOUBLE' },
        { name: 'digits', type: 'INTEGER' },
      ],
      returns: 'DOUBLE',
      evaluate: (value: number, digits: number): Value => {
        // In decimal digits, as people see them: 1.005 is a little less in binary.
        const decimal = decimalFromNumber(value)
        return decimal === undefined ? value : decimalToNumber(roundDecimal(decimal, digits))
      },
    },
    {
      parameters: [
        { name: 'value', type: 'DECIMAL' },
        { name: 'digits', type: 'INTEGER' },
      ],
      returns: ([type]): SqlType => type!,
      evaluate: (value: Decimal, digits: number): Value => roundDecimal(value, digits),
    },
  ],
}

/** Rounded at `digits` behind the point, the scale kept. */
function roundDecimal(value: Decimal, digits: number): Decimal {
  if (digits >= value.scale) return value
  const unit = powerOfTen(value.scale - digits)
  const shifted = value.unscaled + unit / 2n
  const rest = ((shifted % unit) + unit) % unit
  return { unscaled: shifted - rest, scale: value.scale }
}
