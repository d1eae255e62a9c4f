import fc from 'fast-check'
import { expect, test } from 'vitest'

import { formatDouble } from './double-text.ts'

test('amounts of two decimals are written as any other number', () => {
  fc.assert(
    fc.property(fc.integer({ min: -999_999_999, max: 999_999_999 }), (cents) => {
      const amount = cents / 100
      if (Math.abs(amount) < 1e-3) return
      const text = Number.isInteger(amount) ? `${amount}.0` : String(amount)
      expect(formatDouble(amount)).toBe(text)
    }),
    { numRuns: 2_000 },
  )
})

test('numbers near them keep all their digits', () => {
  for (const number of [0.1 + 0.2, 1.005, 0.001, 0.015, 9_999_999.990000002, 123.45000000000002]) {
    expect(formatDouble(number)).toBe(String(number))
    expect(formatDouble(-number)).toBe(String(-number))
  }
})
