import fc from 'fast-check'
import { expect, test } from 'vitest'

import { copyRange, ownedBytes, ownedCopy } from './copy.ts'

const lengths = fc.oneof(fc.nat(40), fc.constantFrom(1023, 1024, 4096, 4097, 65536, 65537, 200_000))

test('owned bytes are zero, apart from all others, and not shared', () => {
  fc.assert(
    fc.property(fc.array(lengths, { maxLength: 12 }), (sizes) => {
      const arrays = sizes.map((size, i) => {
        const bytes = ownedBytes(size)
        expect(bytes.length).toBe(size)
        expect(bytes.every((byte) => byte === 0)).toBe(true)
        expect(bytes.buffer).toBeInstanceOf(ArrayBuffer)
        return bytes.fill(i + 1)
      })
      for (const [i, bytes] of arrays.entries())
        expect(bytes.every((byte) => byte === i + 1)).toBe(true)
    }),
    { numRuns: 50 },
  )
})

test('a copy has the bytes of the range, be they shared memory, and keeps them', () => {
  fc.assert(
    fc.property(lengths, fc.nat(9), fc.boolean(), (length, start, isShared) => {
      const size = start + length + 5
      const source = isShared ? new Uint8Array(new SharedArrayBuffer(size)) : new Uint8Array(size)
      for (let i = 0; i < size; i++) source[i] = i * 7
      const expected = Array.from(source.subarray(start, start + length))
      const copy = ownedCopy(source, start, start + length)
      source.fill(0)
      expect(Array.from(copy)).toEqual(expected)
    }),
    { numRuns: 50 },
  )
})

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
