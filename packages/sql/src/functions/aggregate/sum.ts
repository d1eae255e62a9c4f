import {
  addDecimal,
  addInt64,
  fitDecimal,
  formatDecimal,
  SqlTypes,
  subtractDecimal,
  subtractInt64,
  type Decimal,
  type Int64,
  type SqlType,
  type Value,
} from '@varve/serde'

import type { AggregateFunction, Aggregator } from '../function.ts'

/** Plus and minus of a type; what both sums and averages are made of. */
export interface Addition {
  readonly type: SqlType
  readonly zero: Value
  add(a: Value, b: Value): Value
  subtract(a: Value, b: Value): Value
}

/** INTEGER and BIGINT wrap; DECIMAL beyond its precision fails. */
export function additionOf(type: SqlType): Addition {
  switch (type.kind) {
    case 'INTEGER':
      return {
        type,
        zero: 0,
        add: (a, b) => ((a as number) + (b as number)) | 0,
        subtract: (a, b) => ((a as number) - (b as number)) | 0,
      }
    case 'BIGINT':
      return {
        type,
        zero: 0,
        add: (a, b) => addInt64(a as Int64, b as Int64),
        subtract: (a, b) => subtractInt64(a as Int64, b as Int64),
      }
    case 'DECIMAL': {
      const fit = (value: Decimal): Decimal => {
        const fitted = fitDecimal(value, type.precision, type.scale)
        if (fitted !== undefined) return fitted
        throw new RangeError(
          `Numeric field overflow: A field with precision ${type.precision} and scale ${type.scale} must round to an absolute value less than 10^${type.precision - type.scale}. Got ${formatDecimal(value)}`,
        )
      }
      return {
        type,
        zero: { unscaled: 0n, scale: type.scale },
        add: (a, b) => fit(addDecimal(a as Decimal, b as Decimal)),
        subtract: (a, b) => fit(subtractDecimal(a as Decimal, b as Decimal)),
      }
    }
    default:
      return {
        type: SqlTypes.DOUBLE,
        zero: 0,
        add: (a, b) => (a as number) + (b as number),
        subtract: (a, b) => (a as number) - (b as number),
      }
  }
}

function summer(type: SqlType): Aggregator {
  const { zero, add, subtract } = additionOf(type)
  return {
    stateType: type,
    resultType: type,
    initialize: () => zero,
    add: ([value], state) => (value === null || value === undefined ? state : add(state, value)),
    undo: ([value], state) =>
      value === null || value === undefined ? state : subtract(state, value),
    merge: add,
    result: (state) => state,
  }
}

/** SUM: in the type of its argument; 0 for no rows. */
export const sum: AggregateFunction = {
  kind: 'aggregate',
  name: 'SUM',
  description: 'Adds up the values that are not null, in the type of the argument.',
  overloads: (['INTEGER', 'BIGINT', 'DOUBLE', 'DECIMAL'] as const).map((type) => ({
    parameters: [{ name: 'value', type }],
    create: ([argument]) => summer(argument!),
  })),
}
