import fc from 'fast-check'
import { expect, it } from 'vitest'

import { hasLongDigits } from './long-digits.ts'

it('answers as a regular expression does', () => {
  const piece = fc.oneof(
    fc.stringMatching(/^[\d.]{0,40}$/),
    fc.string({ maxLength: 20 }),
    fc.constantFrom('1', '.', 'x', '"'),
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const text = pieces.join('')
      expect(hasLongDigits(text)).toBe(/[\d.]{16}/.test(text))
    }),
    { numRuns: 1000 },
  )
})

it.each([
  ['1'.repeat(15), false],
  ['1'.repeat(16), true],
  [`x${'1'.repeat(15)}x${'1'.repeat(15)}`, false],
  [`x${'1'.repeat(15)}x${'1'.repeat(16)}`, true],
])('%s: %s', (text, expected) => {
  expect(hasLongDigits(text)).toBe(expected)
})
