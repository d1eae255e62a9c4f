import { expect, test } from 'vitest'

import { compare, median, rate } from './measure.ts'

test('the median of an even count is the mean of the middle two', () => {
  expect(median([4, 1, 3, 2])).toBe(2.5)
  expect(median([3, 1, 2])).toBe(2)
})

test('contenders take turns', async () => {
  const order: string[] = []
  const contender = (name: string, seconds: number) => ({
    name,
    run: () => {
      order.push(name)
      return Promise.resolve({ units: 10, seconds, extra: { 'p99 ms': seconds } })
    },
  })
  const result = await compare('t', 'ops', '', [contender('a', 1), contender('b', 2)], 2, () => {})
  expect(order).toEqual(['a', 'b', 'a', 'b'])
  expect(result.figures.map((f) => f.median)).toEqual([10, 5])
  expect(result.figures[1]!.extra).toEqual({ 'p99 ms': 2 })
})

test('rates are short', () => {
  expect([rate(1_234_567), rate(12_345), rate(123), rate(1.5)]).toEqual([
    '1.23 M',
    '12.3 k',
    '123',
    '1.50',
  ])
})
