import fc from 'fast-check'
import { expect, test } from 'vitest'

import { compareInt64, int64FromBigInt } from '../bigint64.ts'
import { SqlTypes, type SqlType } from '../sql-type.ts'
import type { Value } from '../value.ts'
import { createOrderedKeyCodec, keyAfterPrefix } from './ordered-key.ts'

const int64 = fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n }).map(int64FromBigInt)

function ordered(
  type: SqlType,
  values: fc.Arbitrary<Value>,
  compare: (a: never, b: never) => number,
) {
  const codec = createOrderedKeyCodec([type])
  fc.assert(
    fc.property(values, values, (a, b) => {
      const bytes = Buffer.compare(codec.encode([a]), codec.encode([b]))
      expect(Math.sign(bytes)).toBe(Math.sign(compare(a as never, b as never)))
    }),
  )
}

test('bytes order numbers by value', () => {
  ordered(SqlTypes.INTEGER, fc.integer(), (a: number, b: number) => a - b)
  ordered(SqlTypes.BIGINT, int64, compareInt64)
  ordered(SqlTypes.DOUBLE, fc.double({ noNaN: true }), (a: number, b: number) =>
    Object.is(a, b) ? 0 : a < b || (Object.is(a, -0) && b === 0) ? -1 : 1,
  )
  ordered(
    { kind: 'DECIMAL', precision: 20, scale: 3 },
    fc
      .bigInt({ min: -(10n ** 20n) + 1n, max: 10n ** 20n - 1n })
      .map((unscaled) => ({ unscaled, scale: 3 })),
    (a: { unscaled: bigint }, b: { unscaled: bigint }) =>
      a.unscaled < b.unscaled ? -1 : a.unscaled > b.unscaled ? 1 : 0,
  )
})

test('bytes order text and byte strings by their bytes, also where one begins the other', () => {
  const bytes = fc.array(fc.constantFrom(0, 1, 0xff, 65), { maxLength: 5 })
  ordered(
    SqlTypes.BYTES,
    bytes.map((list) => Uint8Array.from(list)),
    (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b),
  )
  ordered(
    SqlTypes.STRING,
    fc.string({ unit: fc.constantFrom('\0', 'a', 'b', 'é', '😀') }),
    (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b)),
  )
})

test('null sorts first and the first columns are a prefix', () => {
  const codec = createOrderedKeyCodec([SqlTypes.STRING, SqlTypes.INTEGER])
  const key = codec.encode(['a', -1])
  expect(Buffer.compare(codec.encode([null, 5]), codec.encode(['', 5]))).toBe(-1)
  expect(key.subarray(0, codec.encode(['a']).length)).toEqual(codec.encode(['a']))
  const after = keyAfterPrefix(codec.encode(['a']))!
  expect(Buffer.compare(key, after)).toBe(-1)
  expect(Buffer.compare(codec.encode(['a\0', 0]), codec.encode(['a']))).toBe(1)
  expect(keyAfterPrefix(Uint8Array.of(1, 0xff))).toEqual(Uint8Array.of(2))
  expect(keyAfterPrefix(Uint8Array.of(0xff))).toBeUndefined()
})

test('bytes that do not fit the types are corruption', () => {
  const codec = createOrderedKeyCodec([SqlTypes.STRING])
  const key = codec.encode(['abc'])
  expect(() => codec.decode(key.subarray(0, 3))).toThrow(/does not fit its schema/)
  expect(() => codec.decode(Uint8Array.of(...key, 0))).toThrow(/does not fit/)
  expect(() => createOrderedKeyCodec([SqlTypes.INTEGER]).decode(key)).toThrow(/does not fit/)
})
