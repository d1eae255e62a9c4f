import { SqlTypes, type SqlType } from '@varve/serde'

import { invalid } from '../connect/connect-data.ts'
import { connectSchema } from '../connect/connect-schema.ts'
import { parseCivilDate, parseCivilDateTime, parseTimeOfDay, splitOffset } from '../values/civil.ts'
import { parseUtcTimestamp } from '../values/utc-timestamp.ts'
import {
  InfiniteTime,
  Instant,
  Interval,
  PlainDateTime,
  PlainTime,
  ZonedTime,
  type ColumnValue,
} from '../values/values.ts'
import type { LogicalType } from './logical-type.ts'
import { dateOfDays } from './time.ts'

function textType(
  sqlType: SqlType,
  decode: (text: string) => ColumnValue | undefined,
): LogicalType {
  return {
    base: connectSchema('string'),
    sqlType: () => sqlType,
    decode: (data, _, path) =>
      (typeof data === 'string' ? decode(data) : undefined) ?? invalid(path, 'no time text'),
  }
}

function infinite(text: string): InfiniteTime | undefined {
  if (text === 'infinity') return new InfiniteTime(false)
  return text === '-infinity' ? new InfiniteTime(true) : undefined
}

function zonedTimestamp(text: string): ColumnValue | undefined {
  const special = infinite(text)
  if (special !== undefined) return special
  const split = splitOffset(text)
  const local = split === undefined ? undefined : parseCivilDateTime(split.local)
  if (split === undefined || local === undefined) return undefined
  const ns = local - BigInt(split.offsetSeconds) * 1_000_000_000n
  return new Instant(ns, split.offset, split.offsetSeconds)
}

/** Of local values the trailing `Z` means nothing. */
const withoutZ = (text: string): string => text.replace(/Z$/i, '')

function isoTimestamp(text: string): ColumnValue | undefined {
  if (text === '+294247-01-10T04:00:25.2Z') return new InfiniteTime(false)
  if (text === '-290308-12-21T19:59:27.6Z') return new InfiniteTime(true)
  const special = infinite(text)
  if (special !== undefined) return special
  const ns = parseCivilDateTime(withoutZ(text))
  return ns === undefined ? undefined : new PlainDateTime(ns)
}

/** `yyyy-MM-dd HH:mm:ss[.f]` that means UTC, as a hint may say of a text column. */
export const utcText: LogicalType = textType(SqlTypes.TIMESTAMP, (text) => {
  const ns = parseCivilDateTime(withoutZ(text))
  return ns === undefined ? undefined : new Instant(ns)
})

/** Dates, times and periods written as text. */
export const timeTextTypes: readonly (readonly [string, LogicalType])[] = [
  [
    'io.debezium.time.ZonedTimestamp',
    {
      ...textType(SqlTypes.TIMESTAMP, zonedTimestamp),
      short: () => (raw) => {
        const ns = typeof raw === 'string' ? parseUtcTimestamp(raw) : undefined
        return ns === undefined ? undefined : new Instant(ns)
      },
    },
  ],
  [
    'io.debezium.time.ZonedTime',
    textType(SqlTypes.STRING, (text) => infinite(text) ?? new ZonedTime(text)),
  ],
  ['io.debezium.time.Interval', textType(SqlTypes.STRING, (text) => new Interval(text))],
  [
    'io.debezium.time.IsoDate',
    textType(SqlTypes.DATE, (text) => {
      const days = parseCivilDate(withoutZ(text))
      return infinite(text) ?? (days === undefined ? undefined : dateOfDays(BigInt(days)))
    }),
  ],
  [
    'io.debezium.time.IsoTime',
    textType(SqlTypes.TIME, (text) => {
      const ns = parseTimeOfDay(withoutZ(text))
      return ns === undefined ? undefined : new PlainTime(ns)
    }),
  ],
  ['io.debezium.time.IsoTimestamp', textType(SqlTypes.TIMESTAMP, isoTimestamp)],
]
