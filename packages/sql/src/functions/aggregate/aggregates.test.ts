import { SqlTypes, type SqlType, type Value } from '@varve/serde'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { createFunctionRegistry } from '../built-in.ts'
import type { Aggregator, AggregatorSettings } from '../function.ts'
import { resolveOverload } from '../resolve-overload.ts'

const functions = createFunctionRegistry()

function aggregator(
  name: string,
  types: readonly SqlType[],
  constants: readonly Value[] = [],
  settings: AggregatorSettings = {},
): Aggregator {
  const literal = (value: Value): SqlType =>
    typeof value === 'boolean' ? SqlTypes.BOOLEAN : SqlTypes.INTEGER
  const { overload } = resolveOverload(
    name,
    functions.aggregate(name)!.overloads,
    [...types, ...constants.map(literal)].map((type) => ({ kind: 'value', type })),
  )
  return overload.create(types, constants, settings)
}

/** Over rows of one argument. */
function over(aggregate: Aggregator, values: readonly Value[]): Value {
  return overRows(
    aggregate,
    values.map((value) => [value]),
  )
}

function overRows(aggregate: Aggregator, rows: readonly (readonly Value[])[]): Value {
  const state = rows.reduce((s: Value, row) => aggregate.add(row, s), aggregate.initialize())
  return aggregate.result(state)
}

describe('aggregates', () => {
  test.each<[string, SqlType, readonly Value[], Value]>([
    ['COUNT', SqlTypes.STRING, ['a', null, 'b'], 2],
    ['SUM', SqlTypes.INTEGER, [], 0],
    ['SUM', SqlTypes.INTEGER, [1, null, 2], 3],
    ['SUM', SqlTypes.INTEGER, [2147483647, 1], -2147483648],
    ['SUM', SqlTypes.BIGINT, [2 ** 53 - 1, 2], 9007199254740993n],
    ['AVG', SqlTypes.INTEGER, [45, 92], 68.5],
    ['AVG', SqlTypes.INTEGER, [], 0],
    ['MIN', SqlTypes.STRING, ['b', null, 'a'], 'a'],
    ['MAX', SqlTypes.DOUBLE, [1, 3, 2], 3],
    ['MAX', SqlTypes.DOUBLE, [null], null],
    ['LATEST_BY_OFFSET', SqlTypes.STRING, ['a', 'b', null], 'b'],
    ['EARLIEST_BY_OFFSET', SqlTypes.STRING, [null, 'a', 'b'], 'a'],
    ['COLLECT_LIST', SqlTypes.STRING, ['a', null, 'a'], ['a', null, 'a']],
    ['COLLECT_SET', SqlTypes.STRING, ['a', null, 'a', null], ['a', null]],
    [
      'HISTOGRAM',
      SqlTypes.STRING,
      ['a', null, 'b', 'a'],
      new Map([
        ['a', 2],
        ['b', 1],
      ]),
    ],
    ['ATTR', SqlTypes.STRING, ['a', 'a'], 'a'],
    ['ATTR', SqlTypes.STRING, ['a', 'b'], null],
    ['ATTR', SqlTypes.STRING, ['a', null], null],
    ['SUM_LIST', { kind: 'ARRAY', element: SqlTypes.BIGINT }, [[1, null], null, [2, 3]], 6],
    ['STDDEV_SAMPLE', SqlTypes.INTEGER, [10, null, 12, 13, 14, 16], 2.23606797749979],
    ['STDDEV_SAMPLE', SqlTypes.DOUBLE, [10], 0],
    ['STDDEV_SAMP', SqlTypes.DOUBLE, [10, 12, 13, 14, 16], 5],
    ['COUNT_DISTINCT', SqlTypes.STRING, ['a', null, 'b', 'a'], 2],
  ])('%s over case %#', (name, type, values, expected) => {
    expect(over(aggregator(name, [type]), values)).toEqual(expected)
  })

  test('LATEST and EARLIEST keep nulls and several values when told to', () => {
    expect(over(aggregator('LATEST_BY_OFFSET', [SqlTypes.INTEGER], [false]), [1, null])).toBe(null)
    expect(over(aggregator('LATEST_BY_OFFSET', [SqlTypes.INTEGER], [2]), [1, 2, 3])).toEqual([2, 3])
    expect(over(aggregator('EARLIEST_BY_OFFSET', [SqlTypes.INTEGER], [2]), [1, 2, 3])).toEqual([
      1, 2,
    ])
  })

  test('TOPK keeps the greatest, earlier rows first among equals', () => {
    const values = [3, null, 7, 3, 9]
    expect(over(aggregator('TOPK', [SqlTypes.INTEGER], [3]), values)).toEqual([9, 7, 3])
    expect(over(aggregator('TOPKDISTINCT', [SqlTypes.INTEGER], [9]), values)).toEqual([9, 7, 3])
    const withName = aggregator('TOPK', [SqlTypes.INTEGER, SqlTypes.STRING], [2])
    const rows: Value[][] = [
      [3, 'a'],
      [7, 'b'],
      [null, 'c'],
      [7, 'd'],
    ]
    expect(overRows(withName, rows)).toEqual([
      [7, 'b'],
      [7, 'd'],
    ])
    expect(withName.resultType).toEqual({
      kind: 'ARRAY',
      element: {
        kind: 'STRUCT',
        fields: [
          { name: 'sort_col', type: SqlTypes.INTEGER },
          { name: 'col0', type: SqlTypes.STRING },
        ],
      },
    })
    expect(() => aggregator('TOPK', [SqlTypes.INTEGER], [0])).toThrow(RangeError)
  })

  test('CORRELATION is 1 on a line, and NaN without spread', () => {
    const correlation = aggregator('CORRELATION', [SqlTypes.INTEGER, SqlTypes.INTEGER])
    expect(
      overRows(correlation, [
        [1, 2],
        [null, 7],
        [2, 4],
        [3, 6],
      ]),
    ).toBeCloseTo(1, 12)
    expect(overRows(correlation, [[1, 2]])).toBe(NaN)
  })

  test.each(['COLLECT_LIST', 'COLLECT_SET'])('%s obeys the limit of its property', (name) => {
    const limited = (limit: number): Aggregator =>
      aggregator(name, [SqlTypes.INTEGER], [], {
        [`ksql.functions.${name.toLowerCase()}.limit`]: limit,
      })
    expect(over(limited(2), [1, 2, 3])).toEqual([1, 2])
    expect(over(limited(-1), [1, 2, 3])).toEqual([1, 2, 3])
  })

  test('COUNT_DISTINCT is off by little, from few values to many', () => {
    const count = aggregator('COUNT_DISTINCT', [SqlTypes.INTEGER])
    let state = count.initialize()
    for (let i = 1; i <= 60_000; i++) {
      state = count.add([i], state)
      if ([10, 1000, 6000, 60_000].includes(i)) {
        expect(Math.abs(Number(count.result(state)) - i)).toBeLessThan(1 + i * 0.03)
      }
    }
    expect(count.add([17], state)).toBe(state)
  })

  test('a DECIMAL sum beyond its precision fails', () => {
    const sum = aggregator('SUM', [{ kind: 'DECIMAL', precision: 3, scale: 1 }])
    expect(() =>
      over(sum, [
        { unscaled: 999n, scale: 1 },
        { unscaled: 1n, scale: 1 },
      ]),
    ).toThrow(RangeError)
  })

  test.each(['COUNT', 'SUM', 'AVG', 'COLLECT_LIST', 'ATTR'])(
    '%s takes back what it added',
    (name) => {
      const aggregate = aggregator(name, [SqlTypes.INTEGER])
      const values = fc.array(fc.option(fc.integer({ min: -1000, max: 1000 })))
      fc.assert(
        fc.property(values, fc.option(fc.integer({ min: -1000, max: 1000 })), (before, value) => {
          const state = before.reduce(
            (s: Value, v) => aggregate.add([v], s),
            aggregate.initialize(),
          )
          const back = aggregate.undo!([value], aggregate.add([value], state))
          expect(aggregate.result(back)).toEqual(aggregate.result(state))
        }),
      )
    },
  )

  test.each(['STDDEV_SAMP', 'STDDEV_SAMPLE'])(
    '%s takes back and merges, but for rounding',
    (name) => {
      const aggregate = aggregator(name, [SqlTypes.INTEGER])
      const values = fc.array(fc.integer({ min: -1000, max: 1000 }))
      const stateOf = (list: readonly Value[]): Value =>
        list.reduce((s: Value, v) => aggregate.add([v], s), aggregate.initialize())
      fc.assert(
        fc.property(values, values, (before, after) => {
          const all = Number(over(aggregate, [...before, ...after]))
          const merged = aggregate.merge!(stateOf(before), stateOf(after))
          expect(aggregate.result(merged)).toBeCloseTo(all, 4)
          const back = after.reduce(
            (s: Value, v) => aggregate.undo!([v], s),
            stateOf([...before, ...after]),
          )
          expect(aggregate.result(back)).toBeCloseTo(Number(over(aggregate, before)), 2)
        }),
      )
    },
  )

  test('HISTOGRAM forgets values that nobody has any more', () => {
    const histogram = aggregator('HISTOGRAM', [SqlTypes.STRING])
    const state = histogram.add(['a'], histogram.initialize())
    expect(histogram.undo!(['a'], state)).toEqual(new Map())
    expect(histogram.merge!(state, state)).toEqual(new Map([['a', 2]]))
  })

  test.each([
    'COUNT',
    'SUM',
    'AVG',
    'MIN',
    'MAX',
    'LATEST_BY_OFFSET',
    'EARLIEST_BY_OFFSET',
    'COLLECT_LIST',
    'COLLECT_SET',
    'ATTR',
    'COUNT_DISTINCT',
  ])('%s of two merged sessions is that of all their rows', (name) => {
    const aggregate = aggregator(name, [SqlTypes.INTEGER])
    const values = fc.array(fc.option(fc.integer({ min: -9, max: 9 })))
    const stateOf = (list: readonly Value[]): Value =>
      list.reduce((s: Value, v) => aggregate.add([v], s), aggregate.initialize())
    fc.assert(
      fc.property(values, values, (older, newer) => {
        const merged = aggregate.merge!(stateOf(older), stateOf(newer))
        expect(aggregate.result(merged)).toEqual(over(aggregate, [...older, ...newer]))
      }),
    )
  })
})
