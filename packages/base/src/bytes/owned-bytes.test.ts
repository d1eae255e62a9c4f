import fc from 'fast-check'
import { expect, test } from 'vitest'

import { ownedBytes, ownedCopy } from './owned-bytes.ts'

const lengths = fc.oneof(
  fc.nat(40),
  fc.constantFrom(1023, 1024, 1025, 4096, 8192, 8193, 65536, 65537, 200_000),
)

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

test('memory that an array keeps from others is bounded', () => {
  for (const length of [1, 100, 1024, 1025, 4096, 8192, 8193])
    for (let i = 0; i < 40; i++)
      expect(ownedBytes(length).buffer.byteLength).toBeLessThanOrEqual(
        length <= 1024 ? 16 << 10 : Math.max(32 << 10, length),
      )
})
