import { expect, test } from 'vitest'

import { computeWriteStall } from './write-stall.ts'

const quiet = { memtables: 1, level0Files: 0, pendingCompactionBytes: 0 }

test.each([
  [quiet, { kind: 'none' }],
  [{ ...quiet, memtables: 2 }, { kind: 'none' }],
  [
    { ...quiet, memtables: 3 },
    { kind: 'stop', cause: 'memtables' },
  ],
  [
    { ...quiet, level0Files: 20 },
    { kind: 'slowdown', cause: 'level0Files' },
  ],
  [
    { ...quiet, level0Files: 36 },
    { kind: 'stop', cause: 'level0Files' },
  ],
  [
    { ...quiet, pendingCompactionBytes: 64 * 1024 ** 3 },
    { kind: 'slowdown', cause: 'pendingCompactionBytes' },
  ],
  [
    { ...quiet, pendingCompactionBytes: 256 * 1024 ** 3 },
    { kind: 'stop', cause: 'pendingCompactionBytes' },
  ],
])('%j gives %j', (input, expected) => {
  expect(computeWriteStall(input)).toEqual(expected)
})

test('the last free memtable of many is a warning', () => {
  const input = { ...quiet, memtables: 4 }
  expect(computeWriteStall(input, { maxWriteBufferNumber: 4 })).toMatchObject({ kind: 'slowdown' })
})
