import { negateDecimal, negateInt64, type Decimal, type Int64, type SqlType } from '@varve/serde'

import type { ScalarFunction } from '../function.ts'

/** ABS: in the type of its argument. */
export const abs: ScalarFunction = {
  kind: 'scalar',
  name: 'ABS',
  category: 'MATHEMATICAL',
  description: 'The absolute value.',
  overloads: [
    {
      parameters: [{ name: 'value', type: 'INTEGER' }],
      returns: 'INTEGER',
      evaluate: (value: number) => Math.abs(value) | 0,
    },
    {
      parameters: [{ name: 'value', type: 'BIGINT' }],
      returns: 'BIGINT',
      evaluate: (value: Int64) => (value < 0 ? negateInt64(value) : value),
    },
    {
      parameters: [{ name: 'value', type: 'DOUBLE' }],
      returns: 'DOUBLE',
      evaluate: (value: number) => Math.abs(value),
    },
    {
      parameters: [{ name: 'value', type: 'DECIMAL' }],
      returns: ([type]): SqlType => type!,
      evaluate: (value: Decimal) => (value.unscaled < 0n ? negateDecimal(value) : value),
    },
  ],
}
