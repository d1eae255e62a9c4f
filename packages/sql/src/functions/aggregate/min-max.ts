import type { SqlType } from '@varve/serde'

import { comparator } from '../../expression/compare-values.ts'
import type { AggregateFunction, Aggregator } from '../function.ts'

const types = [
  'INTEGER',
  'BIGINT',
  'DOUBLE',
  'DECIMAL',
  'DATE',
  'TIME',
  'TIMESTAMP',
  'STRING',
  'BYTES',
]

/** The value that comes first in the order; `sign` -1 turns the order round. */
function extreme(type: SqlType, sign: 1 | -1): Aggregator {
  const compare = comparator(type, type)
  const pick: NonNullable<Aggregator['merge']> = (a, b) => {
    if (a === null) return b
    if (b === null) return a
    return compare(b, a) * sign < 0 ? b : a
  }
  return {
    stateType: type,
    resultType: type,
    initialize: () => null,
    add: ([value], state) => pick(state, value ?? null),
    merge: pick,
    result: (state) => state,
  }
}

function define(name: 'MIN' | 'MAX', sign: 1 | -1, description: string): AggregateFunction {
  return {
    kind: 'aggregate',
    name,
    description,
    overloads: types.map((type) => ({
      parameters: [{ name: 'value', type }],
      create: ([argument]) => extreme(argument!, sign),
    })),
  }
}

/** MIN: the smallest value that is not null. */
export const min: AggregateFunction = define('MIN', 1, 'Smallest value that is not null.')

/** MAX: the greatest value that is not null. */
export const max: AggregateFunction = define('MAX', -1, 'Greatest value that is not null.')
