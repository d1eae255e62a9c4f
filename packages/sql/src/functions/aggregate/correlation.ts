import { SqlTypes, type Int64, type Value } from '@varve/serde'

import type { AggregateFunction, Aggregator } from '../function.ts'

type State = readonly [count: Int64, x: number, y: number, xx: number, yy: number, xy: number]

const names = ['SUM_X', 'SUM_Y', 'SUM_X_SQUARED', 'SUM_Y_SQUARED', 'SUM_XY']

function changed(args: readonly Value[], state: Value, sign: 1 | -1): Value {
  if (args[0] === null || args[1] === null) return state
  const [x, y] = [Number(args[0]), Number(args[1])]
  return plus(state as State, [1, x, y, x * x, y * y, x * y], sign)
}

function plus(a: State, b: State, sign: 1 | -1): State {
  return [
    Number(a[0]) + sign * Number(b[0]),
    a[1] + sign * b[1],
    a[2] + sign * b[2],
    a[3] + sign * b[3],
    a[4] + sign * b[4],
    a[5] + sign * b[5],
  ]
}

/** NaN where a variable does not vary. */
function coefficient(state: Value): number {
  const [n, x, y, xx, yy, xy] = state as readonly number[] as readonly [
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  return (n * xy - x * y) / Math.sqrt((n * xx - x * x) * (n * yy - y * y))
}

const aggregator: Aggregator = {
  stateType: {
    kind: 'STRUCT',
    fields: [
      { name: 'COUNT', type: SqlTypes.BIGINT },
      ...names.map((name) => ({ name, type: SqlTypes.DOUBLE })),
    ],
  },
  resultType: SqlTypes.DOUBLE,
  initialize: () => [0, 0, 0, 0, 0, 0],
  add: (args, state) => changed(args, state, 1),
  undo: (args, state) => changed(args, state, -1),
  merge: (a, b) => plus(a as State, b as State, 1),
  result: coefficient,
}

/** CORRELATION: pairs with a null are skipped; NaN for fewer than two pairs. */
export const correlation: AggregateFunction = {
  kind: 'aggregate',
  name: 'CORRELATION',
  description: "Pearson's correlation coefficient of two columns.",
  overloads: ['INTEGER', 'BIGINT', 'DOUBLE'].map((type) => ({
    parameters: [
      { name: 'x', type },
      { name: 'y', type },
    ],
    create: () => aggregator,
  })),
}
