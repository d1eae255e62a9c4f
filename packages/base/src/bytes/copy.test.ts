import fc from 'fast-check'
import { expect, test } from 'vitest'

import { copyRange } from './copy.ts'

test('a range is copied within an array as if by way of another one', () => {
  fc.assert(
    fc.property(fc.nat(60), fc.nat(60), fc.nat(60), (start, length, position) => {
      const bytes = Uint8Array.from({ length: 200 }, (_, i) => i)
      const expected = Array.from(bytes)
      for (let i = 0; i < length; i++) expected[position + i] = start + i
      copyRange(bytes, start, start + length, bytes, position)
      expect(Array.from(bytes)).toEqual(expected)
    }),
  )
})
