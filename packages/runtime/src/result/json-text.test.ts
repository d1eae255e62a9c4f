import { SqlTypes, type SqlType } from '@varve/serde'
import { expect, test } from 'vitest'

import { formatDate, formatTime, formatTimestamp, valueToJson } from './json-text.ts'

test('64-bit numbers keep all digits', () => {
  expect(valueToJson(SqlTypes.BIGINT, 9223372036854775807n)).toBe('9223372036854775807')
  expect(valueToJson(SqlTypes.BIGINT, -5)).toBe('-5')
})

test('doubles print as Java prints them', () => {
  const text = (x: number): string => valueToJson(SqlTypes.DOUBLE, x)
  expect([48, 68.5, 1e7, 1.5e-4, 0, -0, 1e-3, 123456789.5].map(text)).toEqual([
    '48.0',
    '68.5',
    '1.0E7',
    '1.5E-4',
    '0.0',
    '-0.0',
    '0.001',
    '1.234567895E8',
  ])
  expect(text(NaN)).toBe('"NaN"')
  expect(text(-Infinity)).toBe('"-Infinity"')
})

test('decimals are plain numbers with every place of their scale', () => {
  const type: SqlType = { kind: 'DECIMAL', precision: 6, scale: 3 }
  expect(valueToJson(type, { unscaled: 1500n, scale: 3 })).toBe('1.500')
  expect(valueToJson(type, { unscaled: -5n, scale: 3 })).toBe('-0.005')
  expect(valueToJson(type, { unscaled: 7n, scale: 0 })).toBe('7')
})

test('times are ISO text in UTC', () => {
  expect(formatTimestamp(1_710_928_800_000)).toBe('2024-03-20T10:00:00.000')
  expect(formatDate(19_802)).toBe('2024-03-20')
  expect(formatTime(13 * 3_600_000 + 25 * 60_000)).toBe('13:25')
  expect(formatTime(1_005)).toBe('00:00:01.005')
})

test('nested values and bytes', () => {
  const type: SqlType = {
    kind: 'STRUCT',
    fields: [
      { name: 'A', type: { kind: 'ARRAY', element: SqlTypes.BIGINT } },
      { name: '__proto__', type: { kind: 'MAP', key: SqlTypes.STRING, value: SqlTypes.BYTES } },
    ],
  }
  const value = [[1, null], new Map([['k', Uint8Array.of(1, 2)]])]
  expect(valueToJson(type, value)).toBe('{"A":[1,null],"__proto__":{"k":"AQI="}}')
})
