import { CorruptionError } from '@varve/base'
import fc from 'fast-check'
import { expect, test } from 'vitest'

import { OffsetIndex } from './offset-index.ts'

function filled(entries: readonly (readonly [number, number])[], baseOffset = 100): OffsetIndex {
  const index = new OffsetIndex(baseOffset)
  for (const [offset, position] of entries) index.append(offset, position)
  return index
}

test('lookup answers the last entry at or below, else the begin of the segment', () => {
  const index = filled([
    [110, 50],
    [120, 90],
  ])
  expect([100, 109, 110, 119, 120, 999].map((offset) => index.lookup(offset))).toEqual([
    0, 0, 50, 50, 90, 90,
  ])
})

test('entries are i32 pairs, big-endian, relative to the base offset', () => {
  expect([...filled([[258, 0x01020304]], 256).encode()]).toEqual([0, 0, 0, 2, 1, 2, 3, 4])
})

test('what is written is read back, over preallocated zeros too', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(1_000_000), { maxLength: 200 }), (numbers) => {
      const sorted = numbers.toSorted((a, b) => a - b)
      const index = filled(sorted.map((n) => [100 + n, n]))
      const bytes = index.encode()
      const padded = new Uint8Array(bytes.length + 80)
      padded.set(bytes)
      const read = OffsetIndex.decode(padded, 100, 2_000_000, 'x.index')
      // An entry of the base offset at byte 0 cannot be told from padding, and says nothing.
      expect(read.encode().length).toBeGreaterThanOrEqual(bytes.length - 8)
      for (const n of sorted) expect(read.lookup(100 + n)).toBe(n)
    }),
  )
})

test('entries that go backwards or point behind the log are damage', () => {
  const backwards = filled([
    [120, 90],
    [110, 50],
  ]).encode()
  expect(() => OffsetIndex.decode(backwards, 100, 1000, 'x')).toThrow(CorruptionError)
  const behind = filled([[120, 900]]).encode()
  expect(() => OffsetIndex.decode(behind, 100, 900, 'x')).toThrow(/behind the log/)
})
