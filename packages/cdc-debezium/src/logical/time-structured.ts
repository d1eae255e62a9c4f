import { SqlTypes, type SqlType } from '@varve/serde'

import { invalid, type ConnectData } from '../connect/connect-data.ts'
import { connectSchema, type ConnectSchema, type ConnectType } from '../connect/connect-schema.ts'
import { daysFromCivil, formatTimeOfDay } from '../values/civil.ts'
import {
  InfiniteTime,
  Instant,
  Interval,
  PlainDate,
  PlainDateTime,
  PlainTime,
  ZonedTime,
  type ColumnValue,
} from '../values/values.ts'
import type { LogicalType } from './logical-type.ts'

const NS_PER_SECOND = 1_000_000_000n
const NS_PER_DAY = 86_400n * NS_PER_SECOND

const BASE: ConnectSchema = connectSchema('struct', {
  fields: (
    [
      ['year', 'int32'],
      ['month', 'int8'],
      ['day', 'int8'],
      ['hour', 'int8'],
      ['minute', 'int8'],
      ['second', 'int8'],
      ['nanos', 'int32'],
      ['offsetSeconds', 'int32'],
      ['zoneId', 'string'],
      ['specialValue', 'string'],
      ['precision', 'int32'],
    ] satisfies readonly (readonly [string, ConnectType])[]
  ).map(([name, type]) => ({ name, schema: connectSchema(type) })),
})

const DURATION: ConnectSchema = connectSchema('struct', {
  fields: (
    [
      ['years', 'int32'],
      ['months', 'int32'],
      ['days', 'int32'],
      ['hours', 'int32'],
      ['minutes', 'int32'],
      ['seconds', 'int64'],
      ['nanos', 'int32'],
    ] satisfies readonly (readonly [string, ConnectType])[]
  ).map(([name, type]) => ({ name, schema: connectSchema(type) })),
})

/** Parts of a time by name; absent and null parts are zero. */
class Parts {
  readonly #members: ReadonlyMap<string, ConnectData>
  readonly path: string

  constructor(data: ConnectData, path: string) {
    this.#members =
      data instanceof Map ? (data as ReadonlyMap<string, ConnectData>) : invalid(path, 'no struct')
    this.path = path
  }

  integer(name: string): bigint {
    const value = this.#members.get(name) ?? 0
    if (typeof value === 'bigint') return value
    if (typeof value === 'number' && Number.isInteger(value)) return BigInt(value)
    return invalid(`${this.path}.${name}`, 'no whole number')
  }

  has(name: string): boolean {
    return (this.#members.get(name) ?? null) !== null
  }

  text(name: string): string | undefined {
    const value = this.#members.get(name)
    return typeof value === 'string' ? value : undefined
  }

  special(): InfiniteTime | undefined {
    switch (this.text('specialValue')) {
      case undefined:
        return undefined
      case 'POSITIVE_INFINITY':
        return new InfiniteTime(false)
      case 'NEGATIVE_INFINITY':
        return new InfiniteTime(true)
      default:
        return invalid(`${this.path}.specialValue`, 'no known special value')
    }
  }

  /** Days since the epoch; undefined for MySQL's zero and partly zero dates, which have no place in a calendar. */
  days(): bigint | undefined {
    const [year, month, day] = ['year', 'month', 'day'].map((name) => Number(this.integer(name)))
    if (month === 0 || day === 0) return undefined
    if (month! < 1 || month! > 12 || day! < 1 || day! > 31) return invalid(this.path, 'no date')
    return BigInt(daysFromCivil(year!, month!, day!))
  }

  timeOfDay(): bigint {
    const seconds =
      (this.integer('hour') * 60n + this.integer('minute')) * 60n + this.integer('second')
    return seconds * NS_PER_SECOND + this.integer('nanos')
  }

  /** Seconds east of UTC, with their text. */
  offset(): { readonly seconds: number; readonly text: string } {
    const zone = this.text('zoneId')
    if (!this.has('offsetSeconds')) {
      if (zone === undefined || /^(?:Z|UTC|GMT|Etc\/UTC)$/.test(zone))
        return { seconds: 0, text: 'Z' }
      const match = /^(?:UTC|GMT)?([+-])(\d{2}):?(\d{2})$/.exec(zone)
      if (match === null) return invalid(`${this.path}.zoneId`, 'a zone without its offset')
      const seconds = (Number(match[2]) * 60 + Number(match[3])) * 60
      return offsetOf(match[1] === '-' ? -seconds : seconds)
    }
    return offsetOf(Number(this.integer('offsetSeconds')))
  }
}

function offsetOf(seconds: number): { readonly seconds: number; readonly text: string } {
  if (seconds === 0) return { seconds, text: 'Z' }
  const text = formatTimeOfDay(BigInt(Math.abs(seconds)) * NS_PER_SECOND).replace(/:00$/, '')
  return { seconds, text: (seconds < 0 ? '-' : '+') + text }
}

function structType(
  sqlType: SqlType,
  decode: (parts: Parts) => ColumnValue,
  base: ConnectSchema = BASE,
): LogicalType {
  return {
    base,
    sqlType: () => sqlType,
    decode: (data, _, path) => {
      const parts = new Parts(data, path)
      return parts.special() ?? decode(parts)
    },
  }
}

function dateTime(parts: Parts): bigint | undefined {
  const days = parts.days()
  return days === undefined ? undefined : days * NS_PER_DAY + parts.timeOfDay()
}

/** ISO text with every part, each with its own sign, as `io.debezium.time.Interval` has it. */
function durationText(parts: Parts): string {
  const nanos = parts.integer('seconds') * NS_PER_SECOND + parts.integer('nanos')
  const magnitude = nanos < 0n ? -nanos : nanos
  const fraction = String(magnitude % NS_PER_SECOND)
    .padStart(9, '0')
    .replace(/0+$/, '')
  const seconds = `${nanos < 0n ? '-' : ''}${magnitude / NS_PER_SECOND}${fraction === '' ? '' : `.${fraction}`}`
  const part = (name: string): string => String(parts.integer(name))
  return `P${part('years')}Y${part('months')}M${part('days')}DT${part('hours')}H${part('minutes')}M${seconds}S`
}

/** Dates, times and periods as structs of their parts (`time.precision.mode=structured`). */
export const timeStructuredTypes: readonly (readonly [string, LogicalType])[] = [
  [
    'io.debezium.time.StructuredDate',
    structType(SqlTypes.DATE, (parts) => {
      const days = parts.days()
      return days === undefined ? null : new PlainDate(Number(days))
    }),
  ],
  [
    'io.debezium.time.StructuredTime',
    structType(SqlTypes.TIME, (parts) => new PlainTime(parts.timeOfDay())),
  ],
  [
    'io.debezium.time.StructuredTimestamp',
    structType(SqlTypes.TIMESTAMP, (parts) => {
      const ns = dateTime(parts)
      return ns === undefined ? null : new PlainDateTime(ns)
    }),
  ],
  [
    'io.debezium.time.StructuredZonedTime',
    structType(
      SqlTypes.STRING,
      (parts) => new ZonedTime(formatTimeOfDay(parts.timeOfDay()) + parts.offset().text),
    ),
  ],
  [
    'io.debezium.time.StructuredZonedTimestamp',
    structType(SqlTypes.TIMESTAMP, (parts) => {
      const ns = dateTime(parts)
      if (ns === undefined) return null
      const { seconds, text } = parts.offset()
      return new Instant(ns - BigInt(seconds) * NS_PER_SECOND, text, seconds)
    }),
  ],
  [
    'io.debezium.time.StructuredDuration',
    structType(SqlTypes.STRING, (parts) => new Interval(durationText(parts)), DURATION),
  ],
]
