import { SqlTypes, type Int64, type SqlType, type Value } from '@varve/serde'

import type { AggregateFunction, Aggregator } from '../function.ts'
import { additionOf } from './sum.ts'

type State = readonly [sum: Value, count: Int64]

function averager(type: SqlType): Aggregator {
  const { zero, add, subtract } = additionOf(type)
  return {
    stateType: {
      kind: 'STRUCT',
      fields: [
        { name: 'SUM', type },
        { name: 'COUNT', type: SqlTypes.BIGINT },
      ],
    },
    resultType: SqlTypes.DOUBLE,
    initialize: () => [zero, 0],
    add: ([value], state) => {
      if (value === null || value === undefined) return state
      const [total, count] = state as State
      return [add(total, value), Number(count) + 1]
    },
    undo: ([value], state) => {
      if (value === null || value === undefined) return state
      const [total, count] = state as State
      return [subtract(total, value), Number(count) - 1]
    },
    merge: (a, b) => {
      const [left, right] = [a as State, b as State]
      return [add(left[0], right[0]), Number(left[1]) + Number(right[1])]
    },
    result: (state) => {
      const [total, count] = state as State
      return Number(count) === 0 ? 0 : Number(total) / Number(count)
    },
  }
}

/** AVG: DOUBLE; 0 for no rows. The running sum has the type of the argument, so an INTEGER sum wraps. */
export const average: AggregateFunction = {
  kind: 'aggregate',
  name: 'AVG',
  description: 'Average of the values that are not null, as DOUBLE; 0.0 when there are none.',
  overloads: (['INTEGER', 'BIGINT', 'DOUBLE'] as const).map((type) => ({
    parameters: [{ name: 'value', type }],
    create: ([argument]) => averager(argument!),
  })),
}
