import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'

import { Histogram } from './histogram.ts'

describe('a histogram', () => {
  test.prop([
    fc.array(fc.oneof(fc.nat(40), fc.nat(1_000_000), fc.maxSafeNat()), { minLength: 1 }),
    fc.integer({ min: 1, max: 100 }),
  ])('knows percentiles within a sixteenth', (values, percent) => {
    const histogram = new Histogram()
    for (const value of values) histogram.add(value)
    const sorted = [...values].sort((a, b) => a - b)
    const exact = sorted[Math.ceil((values.length * percent) / 100) - 1]!
    const found = histogram.percentile(percent)
    expect(Math.abs(found - exact)).toBeLessThanOrEqual(exact / 16 + 1)
    const { count, min, max, sum, average } = histogram.data
    expect([count, min, max]).toEqual([values.length, sorted[0], sorted.at(-1)])
    expect(average).toBeCloseTo(sum / count)
  })

  it('is empty before anything was added, and after a reset', () => {
    const histogram = new Histogram()
    const empty = histogram.data
    expect(empty).toMatchObject({ count: 0, min: 0, max: 0, average: 0, median: 0 })
    histogram.add(3.9)
    histogram.add(-1)
    expect(histogram.data).toMatchObject({ count: 2, min: 0, max: 3, sum: 3 })
    histogram.reset()
    expect(histogram.data).toEqual(empty)
  })
})
