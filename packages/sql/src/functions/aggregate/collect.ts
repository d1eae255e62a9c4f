import type { SqlType, Value } from '@varve/serde'

import { valuesEqual } from '../../expression/compare-values.ts'
import type { AggregateFunction, Aggregator } from '../function.ts'

/** Elements at most; further ones are passed over, so that a group cannot outgrow the memory. */
const elementsMax = 1_000_000

function collector(type: SqlType, distinct: boolean): Aggregator {
  const state: SqlType = { kind: 'ARRAY', element: type }
  const append = (values: readonly Value[], value: Value): readonly Value[] => {
    if (values.length >= elementsMax) return values
    if (distinct && values.some((known) => valuesEqual(known, value))) return values
    return [...values, value]
  }
  const base: Aggregator = {
    stateType: state,
    resultType: state,
    initialize: () => [],
    add: ([value = null], values) => append(values as readonly Value[], value),
    merge: (a, b) => (b as readonly Value[]).reduce(append, a as readonly Value[]),
    result: (values) => values,
  }
  if (distinct) return base
  return {
    ...base,
    undo: ([value = null], values) => {
      const list = values as readonly Value[]
      const at = list.findLastIndex((known) => valuesEqual(known, value))
      return at === -1 ? list : list.toSpliced(at, 1)
    },
  }
}

/** COLLECT_LIST: all values in order of arrival, nulls included. */
export const collectList: AggregateFunction = {
  kind: 'aggregate',
  name: 'COLLECT_LIST',
  description: 'All values in order of arrival, nulls included.',
  overloads: [
    {
      parameters: [{ name: 'value', type: 'T' }],
      create: ([type]) => collector(type!, false),
    },
  ],
}

/** COLLECT_SET: the distinct values in order of first arrival; null counts once. */
export const collectSet: AggregateFunction = {
  kind: 'aggregate',
  name: 'COLLECT_SET',
  description: 'The distinct values in order of first arrival; null counts once.',
  overloads: [
    {
      parameters: [{ name: 'value', type: 'T' }],
      create: ([type]) => collector(type!, true),
    },
  ],
}
