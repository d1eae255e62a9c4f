import { SerializationError } from '@varve/base'
import { decimalToBytes, rescaleDecimal, type Decimal, type Value } from '@varve/serde'

import type { ConnectSchema } from '../connect/connect-schema.ts'
import {
  BitString,
  Duration,
  ExactDecimal,
  InfiniteTime,
  Instant,
  Interval,
  JsonText,
  NonFiniteDecimal,
  PlainDate,
  PlainDateTime,
  PlainTime,
  UNAVAILABLE,
  ZonedTime,
  type ColumnValue,
} from '../values/values.ts'

/** A value to write: as the decoder gives it, or as the engine holds it (times and dates as numbers, structs as arrays). */
export type WritableValue = ColumnValue | Value | undefined

/** A value in the types of its Connect schema: numbers, bigints for int64, text, bytes, lists; structs as lists of members. */
export type WireValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly WireValue[]
  | ReadonlyMap<string, WireValue>

const PLACEHOLDER = '__debezium_unavailable_value'
/** Nanoseconds in the unit of a semantic type. */
const UNITS: ReadonlyMap<string, bigint> = new Map([
  ['io.debezium.time.Time', 1_000_000n],
  ['io.debezium.time.MicroTime', 1000n],
  ['io.debezium.time.NanoTime', 1n],
  ['io.debezium.time.Timestamp', 1_000_000n],
  ['io.debezium.time.MicroTimestamp', 1000n],
  ['io.debezium.time.NanoTimestamp', 1n],
  ['org.apache.kafka.connect.data.Time', 1_000_000n],
  ['org.apache.kafka.connect.data.Timestamp', 1_000_000n],
])
/** What stands for PostgreSQL's infinities: positive, negative. */
const INFINITIES: ReadonlyMap<string, readonly [bigint, bigint]> = new Map([
  ['io.debezium.time.Date', [-2147472692n, -2147472691n]],
  ['io.debezium.time.Timestamp', [9223372036825200n, -9223372036832400n]],
  ['io.debezium.time.MicroTimestamp', [9223372036825200000n, -9223372036832400000n]],
  ['io.debezium.time.NanoTimestamp', [9223372036854775807n, -9223372036854775808n]],
])
const BITS: Readonly<Record<string, number>> = { int8: 8, int16: 16, int32: 32, int64: 64 }

/**
 * Brings a value into the types of its schema.
 *
 * @throws SerializationError with the path when it does not fit without loss
 */
function toWire(schema: ConnectSchema, value: WritableValue, path: string): WireValue {
  if (value === null || value === undefined) {
    if (!schema.optional) return fail(path, 'null in a column that is not nullable')
    return null
  }
  switch (schema.type) {
    case 'boolean':
      return typeof value === 'boolean' ? value : fail(path, 'no boolean')
    case 'int8':
    case 'int16':
    case 'int32':
      return Number(integer(schema, value, path))
    case 'int64':
      return integer(schema, value, path)
    case 'float':
    case 'double':
      return typeof value === 'number' || typeof value === 'bigint'
        ? Number(value)
        : fail(path, 'no number')
    case 'string':
      return text(value, path)
    case 'bytes':
      return bytes(schema, value, path)
    case 'array':
      if (!Array.isArray(value)) return fail(path, 'no array')
      return (value as readonly WritableValue[]).map((item, i) =>
        toWire(schema.values!, item, `${path}[${i}]`),
      )
    case 'map': {
      if (!(value instanceof Map)) return fail(path, 'no map')
      const map = new Map<string, WireValue>()
      for (const [key, member] of value as ReadonlyMap<WritableValue, WritableValue>)
        map.set(text(key, path), toWire(schema.values!, member, `${path}.${String(key)}`))
      return map
    }
    case 'struct':
      return struct(schema, value, path)
  }
}

/** Members in the schema's order, from a list in that order or an object by name. */
export function struct(
  schema: ConnectSchema,
  value: WritableValue | Readonly<Record<string, WritableValue>>,
  path: string,
): readonly WireValue[] {
  if (typeof value !== 'object' || value === null) return fail(path, 'no struct')
  const list = Array.isArray(value) ? (value as readonly WritableValue[]) : undefined
  const object = value as Readonly<Record<string, WritableValue>>
  return schema.fields.map((field, i) =>
    toWire(
      field.schema!,
      list === undefined
        ? Object.hasOwn(object, field.name)
          ? object[field.name]
          : undefined
        : list[i],
      path === '' ? field.name : `${path}.${field.name}`,
    ),
  )
}

function integer(schema: ConnectSchema, value: WritableValue, path: string): bigint {
  const units = unitsOf(schema.name ?? '', value, path)
  if (BigInt.asIntN(BITS[schema.type]!, units) !== units) return fail(path, 'out of range')
  return units
}

function unitsOf(name: string, value: WritableValue, path: string): bigint {
  if (typeof value === 'bigint') return value
  if (typeof value === 'number')
    return Number.isInteger(value) ? BigInt(value) : fail(path, 'no whole number')
  if (value instanceof PlainDate) return BigInt(value.epochDays)
  if (value instanceof Duration)
    return name === 'io.debezium.time.NanoDuration' && value.unit === 'us'
      ? value.value * 1000n
      : value.value
  if (value instanceof InfiniteTime) {
    const known = INFINITIES.get(name)
    return known === undefined
      ? fail(path, 'no place for an infinite time')
      : known[+value.negative]!
  }
  const ns =
    value instanceof PlainTime
      ? value.nanoseconds
      : value instanceof PlainDateTime || value instanceof Instant
        ? value.epochNanoseconds
        : undefined
  const unit = UNITS.get(name)
  if (ns === undefined || unit === undefined) return fail(path, 'no whole number')
  if (ns % unit !== 0n) return fail(path, 'finer than the column')
  return ns / unit
}

function text(value: WritableValue, path: string): string {
  if (typeof value === 'string') return value
  if (value === UNAVAILABLE) return PLACEHOLDER
  if (
    value instanceof JsonText ||
    value instanceof ZonedTime ||
    value instanceof Interval ||
    value instanceof NonFiniteDecimal
  )
    return value.text
  if (value instanceof Instant || value instanceof ExactDecimal || value instanceof InfiniteTime)
    return value.toString()
  return fail(path, 'no text')
}

function bytes(schema: ConnectSchema, value: WritableValue, path: string): Uint8Array {
  if (schema.name === 'org.apache.kafka.connect.data.Decimal') {
    if (typeof value !== 'object' || value === null || !('unscaled' in value))
      return fail(path, 'no decimal')
    const scaled = rescaleDecimal(value as Decimal, Number(schema.parameters.get('scale') ?? 0))
    return scaled === undefined
      ? fail(path, 'more digits than the column')
      : decimalToBytes(scaled.unscaled)
  }
  if (value instanceof Uint8Array) return value
  if (value === UNAVAILABLE) return new TextEncoder().encode(PLACEHOLDER)
  if (value instanceof BitString) return littleEndian(value)
  return fail(path, 'no bytes')
}

function littleEndian({ bits }: BitString): Uint8Array {
  const result = new Uint8Array(Math.ceil(bits.length / 8))
  for (let i = 0; i < bits.length; i++)
    if (bits[bits.length - 1 - i] === '1') result[i >> 3]! |= 1 << (i & 7)
  return result
}

function fail(path: string, message: string): never {
  throw new SerializationError(`"${path}": ${message}`)
}
