import { expect, test } from 'vitest'

import { murmur2, partitionForKey } from './murmur2.ts'

const utf8 = new TextEncoder()

test.each([
  ['21', -973932308],
  ['foobar', -790332482],
  ['a-little-bit-long-string', -985981536],
  ['a-little-bit-longer-string', -1486304829],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
  ['abc', 479470107],
])('murmur2 of "%s" is what the Java client computes', (text, hash) => {
  expect(murmur2(utf8.encode(text))).toBe(hash)
})

test('a negative hash loses its sign bit, not its sign', () => {
  expect(partitionForKey(utf8.encode('21'), 7)).toBe((-973932308 & 0x7fffffff) % 7)
})
