import {
  BitString,
  Circle,
  Duration,
  ExactDecimal,
  Geometry,
  InfiniteTime,
  Instant,
  Interval,
  isStruct,
  JsonText,
  Line,
  NonFiniteDecimal,
  PlainDate,
  PlainDateTime,
  PlainTime,
  Point,
  SparseVector,
  Vector,
  ZonedTime,
  type ColumnValue,
} from '@varve/cdc-debezium'
import {
  decimalFromInteger,
  decimalPrecision,
  decimalToNumber,
  formatSqlType,
  int64FromBigInt,
  rescaleDecimal,
  type Decimal,
  type SqlType,
  type Value,
} from '@varve/serde'

/** Why a value has no place in its column. */
export class SqlValueError extends Error {
  /** `type`: the column's type at the source is another one; `value`: this value alone does not fit. */
  readonly reason: 'type' | 'value'

  constructor(reason: 'type' | 'value', message: string) {
    super(message)
    this.reason = reason
  }
}

const dayMs = 86_400_000

/**
 * A value of a change event as a value of an SQL type, without loss of digits; times are cut to milliseconds, or are microseconds in a BIGINT.
 *
 * @throws SqlValueError
 */
export function toSqlValue(value: ColumnValue, type: SqlType): Value {
  if (value === null) return null
  switch (type.kind) {
    case 'BOOLEAN':
      return typeof value === 'boolean' ? value : otherType(value, type)
    case 'INTEGER':
      return integer(value, type)
    case 'BIGINT':
      return bigint(value, type)
    case 'DOUBLE':
      return double(value, type)
    case 'DECIMAL':
      return decimal(value, type)
    case 'STRING':
      return text(value, type)
    case 'BYTES':
      if (value instanceof Uint8Array) return value
      return value instanceof BitString ? bytesOfBits(value) : otherType(value, type)
    case 'DATE':
      if (value instanceof PlainDate) return value.epochDays
      return otherTime(value, type)
    case 'TIME':
      return timeOfDay(value, type)
    case 'TIMESTAMP':
      return timestamp(value, type)
    case 'ARRAY': {
      const list = value instanceof Vector ? value.elements : value
      if (!Array.isArray(list)) return otherType(value, type)
      return (list as readonly ColumnValue[]).map((item) => toSqlValue(item, type.element))
    }
    case 'MAP':
      return map(value, type)
    case 'STRUCT':
      return struct(value, type)
  }
}

function integer(value: ColumnValue, type: SqlType): number {
  if (typeof value !== 'number' && typeof value !== 'bigint') return otherType(value, type)
  const number = Number(value)
  if (number === (number | 0)) return number
  return Number.isInteger(number)
    ? fail('type', `${value} is greater than ${formatSqlType(type)}`)
    : otherType(value, type)
}

function bigint(value: ColumnValue, type: SqlType): Value {
  if (typeof value === 'bigint')
    return BigInt.asIntN(64, value) === value
      ? int64FromBigInt(value)
      : fail('type', `${value} is greater than ${formatSqlType(type)}`)
  if (typeof value === 'number') return Number.isSafeInteger(value) ? value : otherType(value, type)
  if (value instanceof Duration) return int64FromBigInt(value.value)
  if (value instanceof PlainDateTime || value instanceof Instant)
    return int64FromBigInt(microseconds(value.epochNanoseconds))
  if (value instanceof PlainTime) return int64FromBigInt(microseconds(value.nanoseconds))
  return otherTime(value, type)
}

/** Floored. */
function microseconds(nanoseconds: bigint): bigint {
  return (nanoseconds - (((nanoseconds % 1000n) + 1000n) % 1000n)) / 1000n
}

function double(value: ColumnValue, type: SqlType): number {
  if (typeof value === 'number' || typeof value === 'bigint') return Number(value)
  if (value instanceof ExactDecimal) return decimalToNumber(value)
  return value instanceof NonFiniteDecimal ? Number(value.text) : otherType(value, type)
}

function decimal(value: ColumnValue, type: SqlType & { readonly kind: 'DECIMAL' }): Decimal {
  let exact: Decimal | undefined
  if (value instanceof ExactDecimal) exact = rescaleDecimal(value, type.scale)
  else if (typeof value === 'bigint' || Number.isSafeInteger(value))
    exact = rescaleDecimal(decimalFromInteger(BigInt(value as bigint | number)), type.scale)
  else if (value instanceof NonFiniteDecimal)
    return fail('value', `${value.text} is no ${formatSqlType(type)}`)
  else return otherType(value, type)
  if (exact === undefined || decimalPrecision(exact) > type.precision)
    return fail('type', `${String(value)} has more digits than ${formatSqlType(type)}`)
  return { unscaled: exact.unscaled, scale: exact.scale }
}

function text(value: ColumnValue, type: SqlType): string {
  if (typeof value === 'string') return value
  if (
    value instanceof JsonText ||
    value instanceof ZonedTime ||
    value instanceof Interval ||
    value instanceof NonFiniteDecimal
  )
    return value.text
  if (
    value instanceof ExactDecimal ||
    value instanceof BitString ||
    value instanceof Instant ||
    value instanceof InfiniteTime ||
    value instanceof PlainDate ||
    value instanceof PlainTime ||
    value instanceof PlainDateTime
  )
    return value.toString()
  return otherType(value, type)
}

/** Most significant byte first. */
function bytesOfBits({ bits }: BitString): Uint8Array {
  const size = Math.ceil(bits.length / 8)
  const padded = bits.padStart(size * 8, '0')
  return Uint8Array.from({ length: size }, (_, i) => parseInt(padded.slice(i * 8, i * 8 + 8), 2))
}

function timeOfDay(value: ColumnValue, type: SqlType): number {
  if (!(value instanceof PlainTime)) return otherTime(value, type)
  const ms = Number(value.nanoseconds / 1_000_000n)
  if (value.nanoseconds < 0n || ms >= dayMs)
    return fail('value', `${String(value)} is no time of a day; BIGINT holds its microseconds`)
  return ms
}

function timestamp(value: ColumnValue, type: SqlType): number {
  if (!(value instanceof PlainDateTime) && !(value instanceof Instant))
    return otherTime(value, type)
  const ms = value.epochMilliseconds
  return Number.isSafeInteger(ms)
    ? ms
    : fail('value', `${String(value)} is beyond all timestamps; VARCHAR holds it`)
}

function map(value: ColumnValue, type: SqlType & { readonly kind: 'MAP' }): Value {
  const entries: readonly (readonly [ColumnValue, ColumnValue])[] =
    value instanceof Map
      ? [...(value as ReadonlyMap<ColumnValue, ColumnValue>)]
      : isStruct(value)
        ? Object.entries(value)
        : otherType(value, type)
  return new Map(
    entries.map(([key, member]) => [
      typeof key === 'string' ? key : text(typeof key === 'number' ? String(key) : key, type.key),
      toSqlValue(member, type.value),
    ]),
  )
}

function struct(value: ColumnValue, type: SqlType & { readonly kind: 'STRUCT' }): Value {
  const members = membersOf(value) ?? otherType(value, type)
  return type.fields.map((field) => toSqlValue(members.get(field.name) ?? null, field.type))
}

/** Members by their names in upper case, those of the values that are structs in SQL too. */
function membersOf(value: ColumnValue): ReadonlyMap<string, ColumnValue> | undefined {
  if (isStruct(value)) {
    const members = new Map<string, ColumnValue>()
    for (const [name, member] of Object.entries(value)) members.set(name.toUpperCase(), member)
    for (const [name, member] of Object.entries(value)) members.set(name, member)
    return members
  }
  const list: readonly (readonly [string, ColumnValue])[] | undefined =
    value instanceof Point
      ? [
          ['X', value.x],
          ['Y', value.y],
          ['WKB', value.wkb],
          ['SRID', value.srid],
        ]
      : value instanceof Geometry
        ? [
            ['WKB', value.wkb],
            ['SRID', value.srid],
          ]
        : value instanceof Circle
          ? [
              ['CENTER', value.center],
              ['RADIUS', value.radius],
            ]
          : value instanceof Line
            ? [
                ['A', value.a],
                ['B', value.b],
                ['C', value.c],
              ]
            : value instanceof SparseVector
              ? [
                  ['DIMENSIONS', value.dimensions],
                  ['VECTOR', value.entries],
                ]
              : undefined
  return list && new Map(list)
}

function otherTime(value: ColumnValue, type: SqlType): never {
  if (value instanceof InfiniteTime)
    return fail('value', `${String(value)} is no ${formatSqlType(type)}; VARCHAR holds it`)
  return otherType(value, type)
}

function otherType(value: ColumnValue, type: SqlType): never {
  return fail('type', `${describe(value)} is no ${formatSqlType(type)}`)
}

function describe(value: ColumnValue): string {
  if (typeof value !== 'object' || value === null) return typeof value
  if (isStruct(value)) return 'a struct'
  return Array.isArray(value) ? 'a list' : value.constructor.name
}

function fail(reason: 'type' | 'value', message: string): never {
  throw new SqlValueError(reason, message)
}
