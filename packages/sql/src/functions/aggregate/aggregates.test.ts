import { SqlTypes, type SqlType, type Value } from '@varve/serde'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { createFunctionRegistry } from '../built-in.ts'
import type { Aggregator } from '../function.ts'

const functions = createFunctionRegistry()

function aggregator(
  name: string,
  types: readonly SqlType[],
  constants: readonly Value[] = [],
): Aggregator {
  const overload = functions
    .aggregate(name)!
    .overloads.find(
      (candidate) =>
        candidate.parameters.length === types.length + constants.length &&
        (types[0] === undefined ||
          candidate.parameters[0]!.type === 'T' ||
          candidate.parameters[0]!.type === types[0].kind) &&
        (constants.length !== 1 ||
          candidate.parameters.at(-1)!.type ===
            (typeof constants[0] === 'boolean' ? 'BOOLEAN' : 'INTEGER')),
    )!
  return overload.create(types, constants)
}

function over(aggregate: Aggregator, values: readonly Value[]): Value {
  const state = values.reduce((s: Value, v) => aggregate.add([v], s), aggregate.initialize())
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

  test('a DECIMAL sum beyond its precision fails', () => {
    const sum = aggregator('SUM', [{ kind: 'DECIMAL', precision: 3, scale: 1 }])
    expect(() =>
      over(sum, [
        { unscaled: 999n, scale: 1 },
        { unscaled: 1n, scale: 1 },
      ]),
    ).toThrow(RangeError)
  })

  test.each(['COUNT', 'SUM', 'AVG', 'COLLECT_LIST'])('%s takes back what it added', (name) => {
    const aggregate = aggregator(name, [SqlTypes.INTEGER])
    const values = fc.array(fc.option(fc.integer({ min: -1000, max: 1000 })))
    fc.assert(
      fc.property(values, fc.option(fc.integer({ min: -1000, max: 1000 })), (before, value) => {
        const state = before.reduce((s: Value, v) => aggregate.add([v], s), aggregate.initialize())
        const back = aggregate.undo!([value], aggregate.add([value], state))
        expect(aggregate.result(back)).toEqual(aggregate.result(state))
      }),
    )
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
