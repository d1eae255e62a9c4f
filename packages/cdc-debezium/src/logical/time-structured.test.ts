import { expect, test } from 'vitest'

import { decodeValue } from '../connect/column-value.ts'
import { connectSchema } from '../connect/connect-schema.ts'
import type { Raw } from '../connect/raw.ts'
import type { ColumnValue } from '../values/values.ts'
import { logicalTypes } from './logical-types.ts'

function decode(
  name: string,
  parts: Readonly<Record<string, number | string | null>>,
): ColumnValue {
  const full = `io.debezium.time.Structured${name}`
  const { fields } = logicalTypes.get(full)!.base
  const raw: Raw = new Map(Object.entries(parts))
  return decodeValue(connectSchema('struct', { name: full, fields }), raw, 'c')
}

test('parts are put together, to the nanosecond', () => {
  const date = { year: 2016, month: 11, day: 4 }
  const time = { hour: 13, minute: 51, second: 30, nanos: 123456789 }
  expect(String(decode('Date', date))).toBe('2016-11-04')
  expect(String(decode('Time', time))).toBe('13:51:30.123456789')
  expect(String(decode('Timestamp', { ...date, ...time }))).toBe('2016-11-04T13:51:30.123456789')
  expect(String(decode('ZonedTime', { ...time, offsetSeconds: -12600 }))).toBe(
    '13:51:30.123456789-03:30',
  )
  expect(
    decode('ZonedTimestamp', { ...date, ...time, offsetSeconds: 7200, zoneId: 'Europe/Paris' }),
  ).toMatchObject({ epochNanoseconds: 1478260290123456789n, offset: '+02:00' })
})

test('every part of a period has its own sign', () => {
  const parts = {
    years: 1,
    months: -2,
    days: 3,
    hours: 4,
    minutes: -5,
    seconds: 6,
    nanos: 780000000,
  }
  expect(String(decode('Duration', parts))).toBe('P1Y-2M3DT4H-5M6.78S')
  expect(String(decode('Duration', { seconds: -1, nanos: 0 }))).toBe('P0Y0M0DT0H0M-1S')
})

test('infinities are told, and zero dates have no value', () => {
  expect(String(decode('Timestamp', { specialValue: 'NEGATIVE_INFINITY' }))).toBe('-infinity')
  expect(decode('Date', { year: 0, month: 0, day: 0 })).toBeNull()
  expect(decode('Timestamp', { year: 2020, month: 0, day: 1, hour: 1 })).toBeNull()
})

test('what is no time is refused', () => {
  expect(() => decode('Date', { year: 2020, month: 13, day: 1 })).toThrow(/no date/)
  expect(() =>
    decode('ZonedTimestamp', { year: 2020, month: 1, day: 1, zoneId: 'Europe/Paris' }),
  ).toThrow(/without its offset/)
  expect(() => decode('Time', { specialValue: 'ETERNITY' })).toThrow(/special/)
})

test('a period in doubles is brought to whole units', () => {
  const schema = connectSchema('double', { name: 'io.debezium.time.MicroDuration' })
  expect(decodeValue(schema, 3.71e13, 'c')).toMatchObject({
    unit: 'us',
    value: 37_100_000_000_000n,
  })
})

test('values and keys of maps have their own meanings', () => {
  const date = connectSchema('int32', { name: 'io.debezium.time.Date' })
  const map = decodeValue(
    connectSchema('map', { keys: date, values: connectSchema('array', { values: date }) }),
    [[1, [0, null]]],
    'c',
  ) as ReadonlyMap<ColumnValue, ColumnValue>
  expect([...map].flat(2).map(String)).toEqual(['1970-01-02', '1970-01-01', 'null'])
})
