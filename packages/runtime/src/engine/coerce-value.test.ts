import { SqlTypes, type SqlType } from '@varve/serde'
import { expect, test } from 'vitest'

import { coerceValue, matchMembers } from './coerce-value.ts'
import { parseExactJson } from '../result/exact-json.ts'

const decimal: SqlType = { kind: 'DECIMAL', precision: 20, scale: 2 }

test('JSON loses no digits on its way into a row', () => {
  const row = parseExactJson('{"a":9223372036854775807,"b":12345678901234567.89,"c":1.5}')
  const { a, b, c } = row as Record<string, unknown>
  expect(coerceValue(a, SqlTypes.BIGINT, 'A')).toBe(9223372036854775807n)
  expect(coerceValue(b, decimal, 'B')).toEqual({ unscaled: 1234567890123456789n, scale: 2 })
  expect(coerceValue(c, decimal, 'C')).toEqual({ unscaled: 150n, scale: 2 })
})

test('times are taken as ISO text, Date or number', () => {
  const ms = Date.UTC(2024, 2, 20, 10)
  for (const value of ['2024-03-20T10:00:00', '2024-03-20T12:00:00.000+0200', new Date(ms), ms]) {
    expect(coerceValue(value, SqlTypes.TIMESTAMP, 'T')).toBe(ms)
  }
  expect(coerceValue('2024-03-20', SqlTypes.DATE, 'D')).toBe(19_802)
  expect(coerceValue('13:25:01.5', SqlTypes.TIME, 'D')).toBe(48_301_500)
})

test.each<[unknown, SqlType]>([
  [1.5, SqlTypes.INTEGER],
  [2147483648, SqlTypes.INTEGER],
  ['x', SqlTypes.BIGINT],
  [2n ** 63n, SqlTypes.BIGINT],
  [1.005, decimal],
  ['true', SqlTypes.BOOLEAN],
  ['24:00', SqlTypes.TIME],
  ['2024-13-01', SqlTypes.DATE],
  [{}, SqlTypes.STRING],
  ['***', SqlTypes.BYTES],
])('%o does not fit %o', (value, type) => {
  expect(() => coerceValue(value, type, 'COL')).toThrow(/column "COL" expects/)
})

test('nested values name the way to the fault', () => {
  const type: SqlType = {
    kind: 'ARRAY',
    element: { kind: 'STRUCT', fields: [{ name: 'F', type: SqlTypes.INTEGER }] },
  }
  expect(coerceValue([{ f: 1 }, null], type, 'A')).toEqual([[1], null])
  expect(() => coerceValue([{ F: 'x' }], type, 'A')).toThrow('"A[1]->F"')
})

test('members are matched by exact name, else folded; strangers and doubles are refused', () => {
  expect(matchMembers({ sensor: 1, '`b`': 2 }, ['SENSOR', 'b'])).toEqual([1, 2])
  expect(
    matchMembers(JSON.parse('{"__proto__":1}') as Record<string, unknown>, ['__proto__']),
  ).toEqual([1])
  expect(() => matchMembers({ x: 1 }, ['SENSOR'])).toThrow('unknown column "x"')
  expect(() => matchMembers({ sensor: 1, SENSOR: 2 }, ['SENSOR'])).toThrow('given twice')
})
