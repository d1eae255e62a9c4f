import { SqlTypes, type SqlType } from '@varve/serde'

import { invalid, type ConnectData } from '../connect/connect-data.ts'
import { connectSchema, type ConnectType } from '../connect/connect-schema.ts'
import {
  Duration,
  InfiniteTime,
  PlainDate,
  PlainDateTime,
  PlainTime,
  type ColumnValue,
} from '../values/values.ts'
import type { LogicalType } from './logical-type.ts'

function integerType(
  type: ConnectType,
  sqlType: SqlType,
  decode: (value: bigint) => ColumnValue,
): LogicalType {
  return {
    base: connectSchema(type),
    sqlType: () => sqlType,
    decode: (data, _, path) => decode(integer(data, path)),
    short: (schema) => {
      if (schema.type !== 'int64' && schema.type !== 'int32') return () => undefined
      const limit = schema.type === 'int64' ? Number.MAX_SAFE_INTEGER : 2 ** 31 - 1
      return (raw) =>
        typeof raw === 'number' && Number.isInteger(raw) && raw <= limit && raw >= -limit
          ? decode(BigInt(raw))
          : undefined
    },
  }
}

function integer(data: ConnectData, path: string): bigint {
  if (typeof data === 'bigint') return data
  if (typeof data === 'number' && Number.isInteger(data)) return BigInt(data)
  return invalid(path, 'no whole number')
}

/**
 * PostgreSQL's infinite dates are the greatest and least 32-bit days since 2000; counted from 1970 they overflow. (Some descriptions of the
 * format have the first a day earlier.) No date of PostgreSQL is near.
 */
export function dateOfDays(days: bigint): ColumnValue {
  if (days === -2147472692n || days === -2147472693n) return new InfiniteTime(false)
  if (days === -2147472691n) return new InfiniteTime(true)
  return new PlainDate(Number(days))
}

/** Date-times of a unit, with the unit's values for PostgreSQL's infinities. */
function dateTime(nsPerUnit: bigint, infinity: bigint, negative: bigint): LogicalType {
  return integerType('int64', SqlTypes.TIMESTAMP, (value) => {
    if (value === infinity) return new InfiniteTime(false)
    if (value === negative) return new InfiniteTime(true)
    return new PlainDateTime(value * nsPerUnit)
  })
}

/** Dates by their days; those that mean infinity are near the least number of 32 bits. */
const date: LogicalType = {
  ...integerType('int32', SqlTypes.DATE, dateOfDays),
  short: (schema) =>
    schema.type === 'int32'
      ? (raw) =>
          typeof raw === 'number' && raw === (raw | 0) && raw > -2_000_000_000
            ? new PlainDate(raw)
            : undefined
      : () => undefined,
}

const time = (type: ConnectType, nsPerUnit: bigint): LogicalType =>
  integerType(type, SqlTypes.TIME, (value) => new PlainTime(value * nsPerUnit))

/** Some connectors count in doubles, with parts of a unit that mean nothing. */
const duration = (unit: Duration['unit']): LogicalType => ({
  base: connectSchema('int64'),
  sqlType: () => SqlTypes.BIGINT,
  decode: (data, { type }, path) =>
    new Duration(
      unit,
      integer(type === 'double' && typeof data === 'number' ? Math.round(data) : data, path),
    ),
})

const MILLIS = dateTime(1_000_000n, 9223372036825200n, -9223372036832400n)

/** Dates, times and periods written as integers. */
export const timeTypes: readonly (readonly [string, LogicalType])[] = [
  ['io.debezium.time.Date', date],
  ['org.apache.kafka.connect.data.Date', date],
  ['io.debezium.time.Time', time('int32', 1_000_000n)],
  ['org.apache.kafka.connect.data.Time', time('int32', 1_000_000n)],
  ['io.debezium.time.MicroTime', time('int64', 1000n)],
  ['io.debezium.time.NanoTime', time('int64', 1n)],
  ['io.debezium.time.Timestamp', MILLIS],
  ['org.apache.kafka.connect.data.Timestamp', MILLIS],
  ['io.debezium.time.MicroTimestamp', dateTime(1000n, 9223372036825200000n, -9223372036832400000n)],
  ['io.debezium.time.NanoTimestamp', dateTime(1n, 9223372036854775807n, -9223372036854775808n)],
  ['io.debezium.time.Year', integerType('int32', SqlTypes.INTEGER, Number)],
  ['io.debezium.time.MicroDuration', duration('us')],
  ['io.debezium.time.NanoDuration', duration('ns')],
]
