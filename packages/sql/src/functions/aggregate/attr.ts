import { SqlTypes, type SqlType, type Value } from '@varve/serde'

import { valuesEqual } from '../../expression/compare-values.ts'
import type { AggregateFunction, Aggregator } from '../function.ts'

/** A value, null too, and how many rows have it. */
type Entry = readonly [value: Value, count: number]

function changed(entries: readonly Entry[], value: Value, by: number): readonly Entry[] {
  const at = entries.findIndex(([known]) => valuesEqual(known, value))
  const count = (entries[at]?.[1] ?? 0) + by
  if (at === -1) return count > 0 ? [...entries, [value, count]] : entries
  return count > 0 ? entries.with(at, [value, count]) : entries.toSpliced(at, 1)
}

function attributes(type: SqlType): Aggregator {
  return {
    stateType: {
      kind: 'ARRAY',
      element: {
        kind: 'STRUCT',
        fields: [
          { name: 'VALUE', type },
          { name: 'COUNT', type: SqlTypes.INTEGER },
        ],
      },
    },
    resultType: type,
    initialize: () => [],
    add: ([value = null], state) => changed(state as readonly Entry[], value, 1),
    undo: ([value = null], state) => changed(state as readonly Entry[], value, -1),
    merge: (a, b) =>
      (b as readonly Entry[]).reduce(
        (entries, [value, count]) => changed(entries, value, count),
        a as readonly Entry[],
      ),
    result: (state) => {
      const [first, second] = state as readonly Entry[]
      return first === undefined || second !== undefined ? null : first[0]
    },
  }
}

/** ATTR: null counts as a value. */
export const attr: AggregateFunction = {
  kind: 'aggregate',
  name: 'ATTR',
  description: 'The value that all rows share, null when they have several.',
  overloads: [
    { parameters: [{ name: 'value', type: 'T' }], create: ([type]) => attributes(type!) },
  ],
}
