import type { SqlType, Value } from '@varve/serde'

import type { AggregateFunction, AggregateOverload, Aggregator } from '../function.ts'

/**
 * State: the values kept, each in a struct so that a null value that counts differs from none.
 * Order of arrival is the order of calls; when sessions merge, the older session's values count as earlier.
 */
function keeper(
  type: SqlType,
  options: {
    readonly latest: boolean
    readonly count: number
    readonly ignoreNulls: boolean
    readonly single: boolean
  },
): Aggregator {
  const { latest, count, ignoreNulls, single } = options
  const trim = (values: readonly Value[]): readonly Value[] =>
    values.length <= count ? values : latest ? values.slice(-count) : values.slice(0, count)
  const resultType: SqlType = single ? type : { kind: 'ARRAY', element: type }
  return {
    stateType: {
      kind: 'ARRAY',
      element: { kind: 'STRUCT', fields: [{ name: 'VALUE', type }] },
    },
    resultType,
    initialize: () => [],
    add: ([value = null], state) => {
      const values = state as readonly Value[]
      if (value === null && ignoreNulls) return state
      if (!latest && values.length >= count) return state
      return trim([...values, [value]])
    },
    merge: (a, b) => trim([...(a as readonly Value[]), ...(b as readonly Value[])]),
    result: (state) => {
      const values = (state as readonly (readonly Value[])[]).map((entry) => entry[0] ?? null)
      return single ? (values[0] ?? null) : values
    },
  }
}

function overloadsOf(latest: boolean): AggregateOverload[] {
  const value = { name: 'value', type: 'T' }
  const ignore = {
    name: 'ignoreNulls',
    type: 'BOOLEAN',
    description: 'Whether rows where the value is null are passed over. Default true.',
  }
  const number = { name: 'n', type: 'INTEGER', description: 'How many values are kept.' }
  const countOf = (n: Value | undefined): number => {
    if (typeof n === 'number' && n >= 1) return n
    throw new RangeError('the number of values must be at least 1')
  }
  return [
    {
      parameters: [value],
      create: ([type]) => keeper(type!, { latest, count: 1, ignoreNulls: true, single: true }),
    },
    {
      parameters: [value, ignore],
      constantCount: 1,
      create: ([type], [ignoreNulls]) =>
        keeper(type!, { latest, count: 1, ignoreNulls: ignoreNulls !== false, single: true }),
    },
    {
      parameters: [value, number],
      constantCount: 1,
      create: ([type], [n]) =>
        keeper(type!, { latest, count: countOf(n), ignoreNulls: true, single: false }),
    },
    {
      parameters: [value, number, ignore],
      constantCount: 2,
      create: ([type], [n, ignoreNulls]) =>
        keeper(type!, {
          latest,
          count: countOf(n),
          ignoreNulls: ignoreNulls !== false,
          single: false,
        }),
    },
  ]
}

/** LATEST_BY_OFFSET: the value that arrived last, or the last n. */
export const latestByOffset: AggregateFunction = {
  kind: 'aggregate',
  name: 'LATEST_BY_OFFSET',
  description: 'The value that arrived last in the partition, or the last n values.',
  overloads: overloadsOf(true),
}

/** EARLIEST_BY_OFFSET: the value that arrived first, or the first n. */
export const earliestByOffset: AggregateFunction = {
  kind: 'aggregate',
  name: 'EARLIEST_BY_OFFSET',
  description: 'The value that arrived first in the partition, or the first n values.',
  overloads: overloadsOf(false),
}
