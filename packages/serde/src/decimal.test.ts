import fc from 'fast-check'
import { expect, test } from 'vitest'

import {
  compareDecimal,
  decimalFromBytes,
  decimalToBytes,
  decimalToNumber,
  divideDecimal,
  fitDecimal,
  formatDecimal,
  parseDecimal,
  rescaleDecimal,
} from './decimal.ts'

const decimal = fc.record({
  unscaled: fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n }),
  scale: fc.nat(30),
})

test('text and bytes come back', () => {
  fc.assert(
    fc.property(decimal, (value) => {
      expect(parseDecimal(formatDecimal(value))).toEqual(value)
      expect(decimalFromBytes(decimalToBytes(value.unscaled))).toBe(value.unscaled)
      expect(decimalToNumber(value)).toBe(Number(formatDecimal(value)))
    }),
  )
  expect(decimalToBytes(128n)).toEqual(Uint8Array.of(0, 128))
  expect(decimalToBytes(-128n)).toEqual(Uint8Array.of(128))
  expect(decimalToBytes(0n)).toEqual(Uint8Array.of(0))
})

test('exponents move the point, and absurd ones are refused', () => {
  expect(formatDecimal(parseDecimal('1.5e3')!)).toBe('1500')
  expect(formatDecimal(parseDecimal('-1.5E-3')!)).toBe('-0.0015')
  expect(parseDecimal('1e999999999')).toBeUndefined()
  for (const text of ['', '.', 'e1', '1.2.3', 'NaN', ' 1'])
    expect(parseDecimal(text)).toBeUndefined()
})

test('rounding half up goes away from zero', () => {
  const half = { unscaled: -125n, scale: 2 }
  expect(rescaleDecimal(half, 1, 'half-up')).toEqual({ unscaled: -13n, scale: 1 })
  expect(rescaleDecimal(half, 1, 'down')).toEqual({ unscaled: -12n, scale: 1 })
  expect(rescaleDecimal(half, 1)).toBeUndefined()
  expect(fitDecimal({ unscaled: 100n, scale: 0 }, 4, 2)).toBeUndefined()
})

test('comparison ignores scale', () => {
  expect(compareDecimal({ unscaled: 10n, scale: 1 }, { unscaled: 1n, scale: 0 })).toBe(0)
})

test('division is exact or not at all', () => {
  const a = { unscaled: 1010n, scale: 2 }
  expect(divideDecimal(a, { unscaled: 200n, scale: 2 }, 20)).toEqual({ unscaled: 505n, scale: 2 })
  expect(divideDecimal({ unscaled: 1n, scale: 0 }, { unscaled: 1024n, scale: 0 }, 7)).toEqual({
    unscaled: 9765625n,
    scale: 10,
  })
  expect(divideDecimal({ unscaled: 1n, scale: 0 }, { unscaled: 3n, scale: 0 }, 30)).toBeUndefined()
  expect(() => divideDecimal(a, { unscaled: 0n, scale: 5 }, 9)).toThrow(RangeError)
})
