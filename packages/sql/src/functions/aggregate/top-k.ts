import { SqlTypes, type SqlType, type Value } from '@varve/serde'

import { comparator } from '../../expression/compare-values.ts'
import type { AggregateFunction, AggregateOverload, Aggregator } from '../function.ts'

/** Bound of k: every result has as many values. */
const countMax = 100_000

function countOf(k: Value | undefined): number {
  if (typeof k === 'number' && k >= 1 && k <= countMax) return k
  throw new RangeError(`the number of values must be between 1 and ${countMax}`)
}

/**
 * Keeps the k greatest entries in falling order; of equals the earlier one stands first. `keyOf` gives what is compared.
 */
function keeper(
  element: SqlType,
  order: SqlType,
  k: number,
  options: {
    readonly distinct: boolean
    readonly keyOf: (entry: Value) => Value
    readonly entryOf: (args: readonly Value[]) => Value
  },
): Aggregator {
  const compare = comparator(order, order)
  const { distinct, keyOf, entryOf } = options
  const insert = (entries: readonly Value[], entry: Value): readonly Value[] => {
    const key = keyOf(entry)
    if (key === null) return entries
    let at = 0
    for (; at < entries.length; at++) {
      const order = compare(key, keyOf(entries[at]!)!)
      if (order === 0 && distinct) return entries
      if (order > 0) break
    }
    return at >= k ? entries : entries.toSpliced(at, 0, entry).slice(0, k)
  }
  const type: SqlType = { kind: 'ARRAY', element }
  return {
    stateType: type,
    resultType: type,
    initialize: () => [],
    add: (args, state) => insert(state as readonly Value[], entryOf(args)),
    merge: (a, b) => (b as readonly Value[]).reduce(insert, a as readonly Value[]),
    result: (state) => state,
  }
}

const identity = (entry: Value): Value => entry
const firstOf = (entry: Value): Value => (entry as readonly Value[])[0] ?? null

function plain(type: string, distinct: boolean): AggregateOverload {
  return {
    parameters: [
      { name: 'value', type },
      { name: 'k', type: 'INTEGER' },
    ],
    constantCount: 1,
    create: ([element], [k]) =>
      keeper(element!, element!, countOf(k), { distinct, keyOf: identity, entryOf: firstOf }),
  }
}

/** With further columns the result is structs: `sort_col`, `col0`, … */
function withColumns(type: string): AggregateOverload {
  return {
    parameters: [
      { name: 'value', type },
      { name: 'column', type: 'ANY' },
      { name: 'columns', type: 'ANY...' },
      { name: 'k', type: 'INTEGER' },
    ],
    constantCount: 1,
    create: ([order = SqlTypes.STRING, ...others], [k]) => {
      const fields = [
        { name: 'sort_col', type: order },
        ...others.map((other, i) => ({ name: `col${i}`, type: other })),
      ]
      return keeper({ kind: 'STRUCT', fields }, order, countOf(k), {
        distinct: false,
        keyOf: firstOf,
        entryOf: (args) => [...args],
      })
    },
  }
}

const orderedTypes = ['INTEGER', 'BIGINT', 'DOUBLE', 'STRING']

/** TOPK: nulls are skipped; of equal values the earlier rows stay. */
export const topK: AggregateFunction = {
  kind: 'aggregate',
  name: 'TOPK',
  description: 'The k greatest values in falling order, on demand with further columns.',
  overloads: [
    ...orderedTypes.map((type) => plain(type, false)),
    ...orderedTypes.map((type) => withColumns(type)),
  ],
}

/** TOPKDISTINCT: nulls are skipped. */
export const topKDistinct: AggregateFunction = {
  kind: 'aggregate',
  name: 'TOPKDISTINCT',
  description: 'The k greatest distinct values in falling order.',
  overloads: [...orderedTypes, 'DECIMAL', 'DATE', 'TIME', 'TIMESTAMP', 'BYTES'].map((type) =>
    plain(type, true),
  ),
}
