import fc from 'fast-check'
import { expect, test } from 'vitest'

import { parseCivilDateTime } from './civil.ts'
import { parseUtcTimestamp } from './utc-timestamp.ts'

const two = fc.integer({ min: 0, max: 99 }).map((value) => String(value).padStart(2, '0'))
const fraction = fc.oneof(
  fc.constant(''),
  fc.stringMatching(/^[0-9]{1,9}$/).map((digits) => `.${digits}`),
)
const year = fc.integer({ min: 0, max: 9999 }).map((value) => String(value).padStart(4, '0'))

test('what is read at once is what the general parser reads', () => {
  fc.assert(
    fc.property(year, fc.tuple(two, two, two, two, two), fraction, (yyyy, parts, rest) => {
      const [month, day, hour, minute, second] = parts
      const local = `${yyyy}-${month}-${day}T${hour}:${minute}:${second}${rest}`
      const parsed = parseUtcTimestamp(`${local}Z`)
      if (parsed !== undefined) expect(parsed).toBe(parseCivilDateTime(local))
    }),
    { numRuns: 2000 },
  )
})

test('microseconds and nanoseconds of an ordinary day are read at once', () => {
  expect(parseUtcTimestamp('2024-03-20T10:00:00Z')).toBe(1_710_928_800_000_000_000n)
  expect(parseUtcTimestamp('2024-03-20T10:00:00.123456Z')).toBe(1_710_928_800_123_456_000n)
  expect(parseUtcTimestamp('2024-03-20T10:00:00.123456789Z')).toBe(1_710_928_800_123_456_789n)
  expect(parseUtcTimestamp('1969-12-28T23:59:59.999999999Z')).toBe(-259_200_000_000_001n)
})

test('text of another form is left to others', () => {
  for (const text of [
    '2024-03-20 10:00:00Z',
    '2024-03-20T10:00:00',
    '2024-03-20T10:00:00.Z',
    '2024-03-20T10:00:00,5Z',
    '2024-03-20T10:00:00.1234567890Z',
    '2024-03-20T10:00:0xZ',
    '2024-02-30T10:00:00Z',
    '2024-13-20T10:00:00Z',
    '2024-03-20T10:00:00+01:00',
    '+2024-03-20T10:00:00Z',
    'infinity',
    '',
  ])
    expect(parseUtcTimestamp(text)).toBeUndefined()
})
