import { SqlTypes, type Int64, type SqlType, type Value } from '@varve/serde'

import type { AggregateFunction, Aggregator } from '../function.ts'
import { additionOf } from './sum.ts'

/** `squares` is the sum of squared differences from the mean. */
type State = readonly [sum: Value, count: Int64, squares: number]

/**
 * Running variance after Youngs and Cramer, Technometrics 13 (1971): a value x as the n-th, with S the sum including it, adds (n·x − S)² / (n·(n − 1)) to
 * the squares; taking it back subtracts the same.
 */
function deviation(type: SqlType, resultOf: (variance: number) => number): Aggregator {
  const { zero, add, subtract } = additionOf(type.kind === 'INTEGER' ? SqlTypes.BIGINT : type)
  const term = (value: Value, sum: Value, count: number): number =>
    count < 2 ? 0 : (count * Number(value) - Number(sum)) ** 2 / (count * (count - 1))
  const initial: State = [zero, 0, 0]
  return {
    stateType: {
      kind: 'STRUCT',
      fields: [
        { name: 'SUM', type: type.kind === 'INTEGER' ? SqlTypes.BIGINT : type },
        { name: 'COUNT', type: SqlTypes.BIGINT },
        { name: 'M2', type: SqlTypes.DOUBLE },
      ],
    },
    resultType: SqlTypes.DOUBLE,
    initialize: () => initial,
    add: ([value], state) => {
      if (value === null || value === undefined) return state
      const [sum, count, squares] = state as State
      const newSum = add(sum, value)
      const newCount = Number(count) + 1
      return [newSum, newCount, squares + term(value, newSum, newCount)]
    },
    undo: ([value], state) => {
      if (value === null || value === undefined) return state
      const [sum, count, squares] = state as State
      const newCount = Number(count) - 1
      // One value is no spread: rounding must not leave any.
      const rest = newCount < 2 ? 0 : Math.max(squares - term(value, sum, Number(count)), 0)
      return newCount < 1 ? initial : [subtract(sum, value), newCount, rest]
    },
    merge: (a, b) => {
      const [left, right] = [a as State, b as State]
      const [n, m] = [Number(left[1]), Number(right[1])]
      if (n === 0) return b
      if (m === 0) return a
      const distance = Number(left[0]) / n - Number(right[0]) / m
      const squares = left[2] + right[2] + (distance ** 2 * n * m) / (n + m)
      return [add(left[0], right[0]), n + m, squares]
    },
    result: (state) => {
      const [, count, squares] = state as State
      return Number(count) < 2 ? 0 : resultOf(squares / (Number(count) - 1))
    },
  }
}

function define(
  name: string,
  description: string,
  resultOf: (variance: number) => number,
): AggregateFunction {
  return {
    kind: 'aggregate',
    name,
    description,
    overloads: ['INTEGER', 'BIGINT', 'DOUBLE'].map((type) => ({
      parameters: [{ name: 'value', type }],
      create: ([argument]) => deviation(argument!, resultOf),
    })),
  }
}

/** STDDEV_SAMPLE: 0 for fewer than two values. */
export const stddevSample: AggregateFunction = define(
  'STDDEV_SAMPLE',
  'The sample standard deviation of the values that are not null.',
  Math.sqrt,
)

/** STDDEV_SAMP: the variance, as it has always been; STDDEV_SAMPLE is the deviation. */
export const stddevSamp: AggregateFunction = define(
  'STDDEV_SAMP',
  'The sample variance of the values that are not null, kept for compatibility.',
  (variance) => variance,
)
