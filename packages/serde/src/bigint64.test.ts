import fc from 'fast-check'
import { expect, test } from 'vitest'

import {
  addInt64,
  compareInt64,
  divideInt64,
  int64FromBigInt,
  int64FromNumber,
  multiplyInt64,
  negateInt64,
  parseInt64,
  readInt64,
  remainderInt64,
  subtractInt64,
  writeInt64,
} from './bigint64.ts'

const edges = [
  0n,
  1n,
  -1n,
  1n << 53n,
  -(1n << 53n),
  (1n << 53n) - 1n,
  (1n << 63n) - 1n,
  -(1n << 63n),
]
const int64 = fc.oneof(
  fc.constantFrom(...edges),
  fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n }),
  fc.bigInt({ min: -1000n, max: 1000n }),
)

test('arithmetic agrees with bigints wrapped at 64 bits and stays canonical', () => {
  fc.assert(
    fc.property(int64, int64, (a, b) => {
      const x = int64FromBigInt(a)
      const y = int64FromBigInt(b)
      const check = (actual: number | bigint, expected: bigint): void => {
        const wrapped = BigInt.asIntN(64, expected)
        expect(BigInt(actual)).toBe(wrapped)
        expect(typeof actual).toBe(Number.isSafeInteger(Number(wrapped)) ? 'number' : 'bigint')
        expect(Object.is(actual, -0)).toBe(false)
      }
      check(addInt64(x, y), a + b)
      check(subtractInt64(x, y), a - b)
      check(multiplyInt64(x, y), a * b)
      check(negateInt64(x), -a)
      if (b !== 0n) {
        check(divideInt64(x, y), a / b)
        check(remainderInt64(x, y), a % b)
      }
      expect(compareInt64(x, y)).toBe(a < b ? -1 : a > b ? 1 : 0)
      expect(parseInt64(String(a))).toBe(x)
      const bytes = new Uint8Array(9)
      writeInt64(x, bytes, 1)
      expect(new DataView(bytes.buffer).getBigInt64(1)).toBe(a)
      expect(readInt64(bytes, 1)).toBe(x)
    }),
    { numRuns: 500 },
  )
})

test('numbers are cut towards zero and wrapped', () => {
  expect(int64FromNumber(-1.9)).toBe(-1)
  expect(int64FromNumber(-0.5)).toBe(0)
  expect(int64FromNumber(2 ** 64)).toBe(0)
  expect(() => int64FromNumber(NaN)).toThrow(RangeError)
})

test('text that is no 64-bit integer is refused', () => {
  for (const text of ['', '1.0', '1e3', ' 1', '9223372036854775808', '--1'])
    expect(parseInt64(text)).toBeUndefined()
  expect(parseInt64('+7')).toBe(7)
  expect(parseInt64('-0')).toBe(0)
  expect(Object.is(parseInt64('-0'), -0)).toBe(false)
})
