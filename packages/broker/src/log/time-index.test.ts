import { CorruptionError } from '@varve/base'
import { expect, test } from 'vitest'

import { TimeIndex } from './time-index.ts'

function filled(entries: readonly (readonly [number, number])[]): TimeIndex {
  const index = new TimeIndex(100)
  for (const [timestamp, offset] of entries) index.maybeAppend(timestamp, offset)
  return index
}

test('only a larger time makes an entry', () => {
  const index = filled([
    [5, 101],
    [5, 102],
    [3, 103],
    [6, 104],
    [-1, 105],
  ])
  expect([index.count, index.lastTimestamp, index.lastOffset]).toEqual([2, 6, 104])
})

test('lookup answers an offset at or before the first record of the time', () => {
  const index = filled([
    [10, 110],
    [20, 120],
  ])
  expect([5, 10, 11, 20, 21].map((timestamp) => index.lookup(timestamp))).toEqual([
    100, 100, 110, 110, 120,
  ])
})

test('what is written is read back, over preallocated zeros too', () => {
  const bytes = filled([
    [1_700_000_000_000, 110],
    [1_700_000_000_001, 120],
  ]).encode()
  const padded = new Uint8Array(bytes.length + 120)
  padded.set(bytes)
  expect(TimeIndex.decode(padded, 100, 'x').encode()).toEqual(bytes)
})

test('times that go backwards are damage', () => {
  const bytes = new Uint8Array(24)
  bytes.set(filled([[20, 120]]).encode())
  bytes.set(filled([[10, 130]]).encode(), 12)
  expect(() => TimeIndex.decode(bytes, 100, 'x')).toThrow(CorruptionError)
})
