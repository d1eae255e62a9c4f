import fc from 'fast-check'
import { expect, test } from 'vitest'

import { bigintOfDigits } from './long-digits.ts'

test('digits are the number that they say', () => {
  const digits = fc.oneof(
    fc.bigInt({ min: 1_000_000_000n, max: 9_999_999_999_999_999_999n }),
    fc.constantFrom(
      9_223_372_036_854_775_807n,
      9_223_372_036_854_775_808n,
      9_999_999_999_999_999_999n,
      4_294_967_295_999_999_999n,
      4_294_967_296_000_000_000n,
      9_007_199_254_740_993n,
    ),
  )
  fc.assert(
    fc.property(digits, (value) => {
      const bytes = new TextEncoder().encode(`x${value}y`)
      expect(bigintOfDigits(bytes, 1, bytes.length - 1)).toBe(value)
    }),
    { numRuns: 2000 },
  )
})
