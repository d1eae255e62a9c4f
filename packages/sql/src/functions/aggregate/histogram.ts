import { addInt64, SqlTypes, type Int64, type SqlType, type Value } from '@varve/serde'

import type { AggregateFunction } from '../function.ts'

/** Distinct values at most; further ones are not counted. */
const valuesMax = 1000

type Counts = ReadonlyMap<Value, Value>

const type: SqlType = { kind: 'MAP', key: SqlTypes.STRING, value: SqlTypes.BIGINT }

/** The counts with one of them changed; those that reach zero go. */
function changed(counts: Counts, value: Value, by: Int64): Counts {
  const known = counts.get(value)
  if (value === null || (known === undefined && counts.size >= valuesMax)) return counts
  const count = addInt64((known ?? 0) as Int64, by)
  const result = new Map(counts)
  if (count > 0) result.set(value, count)
  else result.delete(value)
  return result
}

/** HISTOGRAM: of at most 1000 values; null is none. */
export const histogram: AggregateFunction = {
  kind: 'aggregate',
  name: 'HISTOGRAM',
  description: 'How often each value occurs, for the first 1000 values.',
  overloads: [
    {
      parameters: [{ name: 'value', type: 'STRING' }],
      create: () => ({
        stateType: type,
        resultType: type,
        initialize: () => new Map(),
        add: ([value = null], state) => changed(state as Counts, value, 1),
        undo: ([value = null], state) => changed(state as Counts, value, -1),
        merge: (a, b) =>
          [...(b as Counts)].reduce(
            (counts: Counts, [value, count]) => changed(counts, value, count as Int64),
            a as Counts,
          ),
        result: (state) => state,
      }),
    },
  ],
}
