import fc from 'fast-check'
import { expect, test } from 'vitest'

import {
  civilFromDays,
  daysFromCivil,
  formatCivilDate,
  formatCivilDateTime,
  formatTimeOfDay,
  parseCivilDate,
  parseCivilDateTime,
  splitOffset,
} from './civil.ts'

test('days and dates agree with the platform, and far beyond it', () => {
  fc.assert(
    fc.property(fc.integer({ min: -100_000_000, max: 100_000_000 }), (days) => {
      const date = new Date(days * 86_400_000)
      expect(civilFromDays(days)).toEqual([
        date.getUTCFullYear(),
        date.getUTCMonth() + 1,
        date.getUTCDate(),
      ])
    }),
  )
  fc.assert(
    fc.property(fc.integer(), (days) => {
      expect(daysFromCivil(...civilFromDays(days))).toBe(days)
      expect(parseCivilDate(formatCivilDate(days))).toBe(days)
    }),
  )
})

test('date-times come back from their text', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(10n ** 24n), max: 10n ** 24n }), (ns) => {
      expect(parseCivilDateTime(formatCivilDateTime(ns))).toBe(ns)
    }),
  )
  expect(formatCivilDateTime(-1000n)).toBe('1969-12-31T23:59:59.999999')
  expect(formatTimeOfDay(-3_020_399_000_000_000n)).toBe('-838:59:59')
  expect(parseCivilDate('2023-02-30')).toBeUndefined()
})

test('offsets are cut off the end', () => {
  expect(splitOffset('2020-01-01T00:00:00-03:30')).toMatchObject({
    offset: '-03:30',
    offsetSeconds: -12_600,
  })
  expect(splitOffset('2020-01-01T00:00:00')).toBeUndefined()
})
