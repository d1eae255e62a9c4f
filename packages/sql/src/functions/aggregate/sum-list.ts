import type { SqlType, Value } from '@varve/serde'

import type { AggregateFunction, Aggregator } from '../function.ts'
import { additionOf } from './sum.ts'

function summer(type: SqlType): Aggregator {
  const element = type.kind === 'ARRAY' ? type.element : type
  const { zero, add, subtract } = additionOf(element)
  const each =
    (combine: (sum: Value, item: Value) => Value) =>
    ([items]: readonly Value[], state: Value): Value =>
      ((items ?? []) as readonly Value[]).reduce(
        (sum: Value, item) => (item === null ? sum : combine(sum, item)),
        state,
      )
  return {
    stateType: element,
    resultType: element,
    initialize: () => zero,
    add: each(add),
    undo: each(subtract),
    merge: add,
    result: (state) => state,
  }
}

/** SUM_LIST: null arrays and elements add nothing. */
export const sumList: AggregateFunction = {
  kind: 'aggregate',
  name: 'SUM_LIST',
  description: 'Adds up the elements of arrays, in their type.',
  overloads: ['INTEGER', 'BIGINT', 'DOUBLE'].map((type) => ({
    parameters: [{ name: 'array', type: `ARRAY<${type}>` }],
    create: ([argument]) => summer(argument!),
  })),
}
