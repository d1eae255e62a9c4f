import { powerOfTen, type Decimal, type Int64, type SqlType } from '@varve/serde'

import type { ScalarFunction } from '../function.ts'

/** To a whole number: in the type of the argument, a DECIMAL keeps its scale with a zero fraction. */
function define(
  name: 'CEIL' | 'FLOOR',
  description: string,
  round: (value: number) => number,
  roundDecimal: (value: Decimal) => bigint,
): ScalarFunction {
  return {
    kind: 'scalar',
    name,
    category: 'MATHEMATICAL',
    description,
    overloads: [
      {
        parameters: [{ name: 'value', type: 'INTEGER' }],
        returns: 'INTEGER',
        evaluate: (value: number) => value,
      },
      {
        parameters: [{ name: 'value', type: 'BIGINT' }],
        returns: 'BIGINT',
        evaluate: (value: Int64) => value,
      },
      { parameters: [{ name: 'value', type: 'DOUBLE' }], returns: 'DOUBLE', evaluate: round },
      {
        parameters: [{ name: 'value', type: 'DECIMAL' }],
        returns: ([type]): SqlType => type!,
        evaluate: (value: Decimal) => ({ unscaled: roundDecimal(value), scale: value.scale }),
      },
    ],
  }
}

function floorDecimal({ unscaled, scale }: Decimal): bigint {
  const unit = powerOfTen(scale)
  const rest = ((unscaled % unit) + unit) % unit
  return unscaled - rest
}

/** FLOOR: the greatest whole number not above. */
export const floor: ScalarFunction = define(
  'FLOOR',
  'The greatest whole number not above the value.',
  Math.floor,
  floorDecimal,
)

/** CEIL: the smallest whole number not below. */
export const ceil: ScalarFunction = define(
  'CEIL',
  'The smallest whole number not below the value.',
  Math.ceil,
  (value) => -floorDecimal({ unscaled: -value.unscaled, scale: value.scale }),
)
