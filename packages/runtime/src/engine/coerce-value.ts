import { SerializationError } from '@varve/base'
import {
  fitDecimal,
  formatSqlType,
  int64FromBigInt,
  parseDecimal,
  parseInt64,
  type Decimal,
  type SqlType,
  type Value,
} from '@varve/serde'

import { NumberText } from '../result/exact-json.ts'

/**
 * A value that a caller hands in, as a {@link Value} of the column's type.
 *
 * Takes what JSON can say and what JavaScript has better: ISO text, `Date` or numbers for times, base64 text or bytes for BYTES, text,
 * number or {@link Decimal} for DECIMAL, objects for STRUCT and MAP. Nothing is rounded or cut: what does not fit is refused.
 *
 * @param path - name of the column and the way into it, for errors
 * @throws SerializationError
 */
export function coerceValue(value: unknown, type: SqlType, path: string): Value {
  if (value === null || value === undefined) return null
  const coerced = coerce(value, type, path)
  if (coerced === undefined) {
    throw new SerializationError(
      `column "${path}" expects ${formatSqlType(type)}, not ${describe(value)}`,
    )
  }
  return coerced
}

/** `undefined`: the value does not fit. */
function coerce(value: unknown, type: SqlType, path: string): Value | undefined {
  switch (type.kind) {
    case 'BOOLEAN':
      return typeof value === 'boolean' ? value : undefined
    case 'INTEGER': {
      const number = toInteger(value)
      return number !== undefined && number >= -2147483648 && number <= 2147483647
        ? Number(number)
        : undefined
    }
    case 'BIGINT':
      return toInteger(value)
    case 'DOUBLE':
      return toDouble(value)
    case 'DECIMAL':
      return toDecimal(value, type.precision, type.scale)
    case 'STRING':
      return toText(value)
    case 'BYTES':
      return toBytes(value)
    case 'TIME':
      return within(toTime(value), 0, 86_399_999)
    case 'DATE':
      return toDate(value)
    case 'TIMESTAMP':
      return toTimestamp(value)
    case 'ARRAY':
      if (!Array.isArray(value)) return undefined
      return value.map((item: unknown, i) => coerceValue(item, type.element, `${path}[${i + 1}]`))
    case 'MAP': {
      const entries =
        value instanceof Map ? [...value] : isObject(value) ? Object.entries(value) : undefined
      if (entries === undefined) return undefined
      return new Map(
        entries.map(([key, item]: [unknown, unknown]) => [
          coerceValue(key, type.key, `${path} key`),
          coerceValue(item, type.value, `${path}['${String(key)}']`),
        ]),
      )
    }
    case 'STRUCT': {
      if (!isObject(value)) return undefined
      const members = matchMembers(
        value,
        type.fields.map((field) => field.name),
        path,
      )
      return type.fields.map((field, i) =>
        coerceValue(members[i], field.type, `${path}->${field.name}`),
      )
    }
  }
}

/**
 * The members of an object for a list of column names: by the exact name first, else by a name that folds to it (`sensor` for SENSOR).
 *
 * @throws SerializationError for a member that is no column, or two members for one
 */
export function matchMembers(
  object: Readonly<Record<string, unknown>>,
  names: readonly string[],
  path = '',
): readonly unknown[] {
  const index = new Map(names.map((name, i) => [name, i]))
  const values = new Array<unknown>(names.length).fill(undefined)
  const taken = new Array<boolean>(names.length).fill(false)
  for (const name of Object.keys(object)) {
    const at = index.get(name) ?? index.get(identifier(name))
    const where = path === '' ? '' : ` in "${path}"`
    if (at === undefined) throw new SerializationError(`unknown column "${name}"${where}`)
    if (taken[at] === true)
      throw new SerializationError(`column "${names[at]!}" is given twice${where}`)
    taken[at] = true
    values[at] = object[name]
  }
  return values
}

/** A name as the dialect reads it: upper case unless it stands in back-quotes. */
export function identifier(name: string): string {
  return name.length > 1 && name.startsWith('`') && name.endsWith('`')
    ? name.slice(1, -1).replaceAll('``', '`')
    : name.toUpperCase()
}

function isObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

function describe(value: unknown): string {
  if (value instanceof NumberText) return value.text
  if (typeof value === 'string') return `'${value.length > 40 ? `${value.slice(0, 40)}…` : value}'`
  if (typeof value === 'object') return Array.isArray(value) ? 'an array' : 'an object'
  return String(value)
}

function toInteger(value: unknown): number | bigint | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? value : undefined
  if (typeof value === 'bigint')
    return BigInt.asIntN(64, value) === value ? int64FromBigInt(value) : undefined
  if (typeof value === 'string') return parseInt64(value.trim())
  return undefined
}

function toDouble(value: unknown): number | undefined {
  if (typeof value === 'number') return value
  if (typeof value === 'bigint') return Number(value)
  if (value instanceof NumberText) return Number(value.text)
  if (typeof value !== 'string' || value.trim() === '') return undefined
  const number = Number(value)
  return Number.isNaN(number) && value !== 'NaN' ? undefined : number
}

function toDecimal(value: unknown, precision: number, scale: number): Decimal | undefined {
  const decimal = isDecimal(value) ? value : parseDecimal(decimalText(value))
  return decimal === undefined ? undefined : fitDecimal(decimal, precision, scale, 'exact')
}

function decimalText(value: unknown): string {
  if (value instanceof NumberText) return value.text
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint'
    ? String(value)
    : ''
}

function isDecimal(value: unknown): value is Decimal {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as Decimal).unscaled === 'bigint' &&
    typeof (value as Decimal).scale === 'number'
  )
}

function toText(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') {
    return String(value)
  }
  return value instanceof NumberText ? value.text : undefined
}

function toBytes(value: unknown): Uint8Array | undefined {
  if (value instanceof Uint8Array) return new Uint8Array(value)
  if (typeof value !== 'string' || !/^[A-Za-z0-9+/]*={0,2}$/.test(value)) return undefined
  return new Uint8Array(Buffer.from(value, 'base64'))
}

function within(value: number | undefined, min: number, max: number): number | undefined {
  return value !== undefined && value >= min && value <= max ? value : undefined
}

function toTime(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isInteger(value) ? value : undefined
  if (typeof value !== 'string') return undefined
  const match = /^(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,3})\d*)?)?$/.exec(value)
  if (match === null) return undefined
  const [hours, minutes, seconds] = [match[1], match[2], match[3] ?? '0'].map(Number) as [
    number,
    number,
    number,
  ]
  if (hours > 23 || minutes > 59 || seconds > 59) return undefined
  return ((hours * 60 + minutes) * 60 + seconds) * 1000 + Number((match[4] ?? '').padEnd(3, '0'))
}

function toDate(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isInteger(value) ? value : undefined
  if (value instanceof Date) return Math.floor(value.getTime() / 86_400_000)
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\d$/.test(value)) return undefined
  const ms = Date.parse(value)
  return Number.isNaN(ms) ? undefined : ms / 86_400_000
}

function toTimestamp(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? value : undefined
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? undefined : value.getTime()
  if (typeof value !== 'string') return undefined
  const match =
    /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?))?(Z|[+-]\d\d:?\d\d)?$/.exec(value)
  if (match === null) return undefined
  const zone = (match[3] ?? 'Z').replace(/([+-]\d\d)(\d\d)$/, '$1:$2')
  const ms = Date.parse(`${match[1]}T${match[2] ?? '00:00'}${zone}`)
  return Number.isNaN(ms) ? undefined : ms
}
