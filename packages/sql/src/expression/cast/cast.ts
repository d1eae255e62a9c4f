import {
  decimalFromInteger,
  decimalFromNumber,
  decimalToNumber,
  fitDecimal,
  formatBase64,
  formatDecimal,
  formatDouble,
  formatSqlType,
  int64FromBigInt,
  parseBase64,
  parseDecimal,
  parseInt64,
  powerOfTen,
  sqlTypesEqual,
  type Decimal,
  type Int64,
  type SqlType,
  type Value,
} from '@varve/serde'

import { entriesInJavaOrder } from '../../functions/java-map-order.ts'
import { doubleToInt64 } from './double-to-int64.ts'
import {
  dayMs,
  formatDate,
  formatTime,
  formatTimestamp,
  parseDate,
  parseTime,
  parseTimestamp,
} from './time-text.ts'

/** Converts a value that is not null. Throws for values that do not convert. */
export type CastFunction = (value: NonNullable<Value>) => Value

const identity: CastFunction = (value) => value

/** The function of `CAST(from AS to)`; `undefined` when there is no such cast. Elements of arrays, maps and structs may be null. */
export function castFunction(from: SqlType, to: SqlType): CastFunction | undefined {
  if (sqlTypesEqual(from, to)) return identity
  switch (to.kind) {
    case 'INTEGER':
      return toInteger(from)
    case 'BIGINT':
      return toBigint(from)
    case 'DOUBLE':
      return toDouble(from)
    case 'DECIMAL':
      return toDecimal(from, to.precision, to.scale)
    case 'STRING':
      return from.kind === 'BYTES' ? undefined : toText(from)
    case 'BOOLEAN':
      return from.kind === 'STRING' ? (value) => parseBoolean(value as string) : undefined
    case 'BYTES':
      return from.kind === 'STRING' ? (value) => parseBytes((value as string).trim()) : undefined
    case 'TIME':
      if (from.kind === 'STRING') return (value) => parseTime(value as string)
      return from.kind === 'TIMESTAMP' ? (value) => modulo(value as number, dayMs) : undefined
    case 'DATE':
      if (from.kind === 'STRING') return (value) => parseDate(value as string)
      return from.kind === 'TIMESTAMP'
        ? (value) => Math.floor((value as number) / dayMs)
        : undefined
    case 'TIMESTAMP':
      if (from.kind === 'STRING') return (value) => parseTimestamp(value as string)
      return from.kind === 'DATE' ? (value) => (value as number) * dayMs : undefined
    case 'ARRAY': {
      if (from.kind !== 'ARRAY') return undefined
      const element = nullable(castFunction(from.element, to.element))
      return element && ((value) => (value as readonly Value[]).map(element))
    }
    case 'MAP': {
      if (from.kind !== 'MAP') return undefined
      const key = nullable(castFunction(from.key, to.key))
      const item = nullable(castFunction(from.value, to.value))
      if (key === undefined || item === undefined) return undefined
      return (value) =>
        new Map([...(value as ReadonlyMap<Value, Value>)].map(([k, v]) => [key(k), item(v)]))
    }
    case 'STRUCT':
      return from.kind === 'STRUCT' ? toStruct(from, to) : undefined
  }
}

function nullable(cast: CastFunction | undefined): ((value: Value) => Value) | undefined {
  return cast && ((value) => (value === null ? null : cast(value)))
}

function modulo(a: number, b: number): number {
  return ((a % b) + b) % b
}

function toInteger(from: SqlType): CastFunction | undefined {
  switch (from.kind) {
    case 'BIGINT':
      return (value) => Number(BigInt.asIntN(32, BigInt(value as Int64)))
    case 'DOUBLE':
      return (value) => saturate(value as number, -(2 ** 31), 2 ** 31 - 1)
    case 'DECIMAL':
      return (value) => Number(BigInt.asIntN(32, wholePart(value as Decimal)))
    case 'STRING':
      return (value) => {
        const parsed = parseInt64((value as string).trim())
        if (parsed === undefined || parsed !== (Number(parsed) | 0)) {
          throw new RangeError(`"${value as string}" is no INTEGER`)
        }
        return parsed
      }
    default:
      return undefined
  }
}

/** As Java narrows a double: cut towards zero, NaN is 0, values out of range become the nearest bound. */
function saturate(value: number, low: number, high: number): number {
  if (Number.isNaN(value)) return 0
  return Math.trunc(Math.min(Math.max(value, low), high)) + 0
}

function wholePart(value: Decimal): bigint {
  return value.unscaled / powerOfTen(value.scale)
}

function toBigint(from: SqlType): CastFunction | undefined {
  switch (from.kind) {
    case 'INTEGER':
      return identity
    case 'DOUBLE':
      return (value) => doubleToInt64(value as number)
    case 'DECIMAL':
      return (value) => int64FromBigInt(wholePart(value as Decimal))
    case 'STRING':
      return (value) => {
        const parsed = parseInt64((value as string).trim())
        if (parsed === undefined) throw new RangeError(`"${value as string}" is no BIGINT`)
        return parsed
      }
    default:
      return undefined
  }
}

function toDouble(from: SqlType): CastFunction | undefined {
  switch (from.kind) {
    case 'INTEGER':
      return identity
    case 'BIGINT':
      return (value) => Number(value as Int64)
    case 'DECIMAL':
      return (value) => decimalToNumber(value as Decimal)
    case 'STRING':
      return (value) => {
        const text = (value as string).trim()
        const number = Number(text)
        if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) || !Number.isFinite(number)) {
          throw new RangeError(`"${text}" is no DOUBLE`)
        }
        return number
      }
    default:
      return undefined
  }
}

function toDecimal(from: SqlType, precision: number, scale: number): CastFunction | undefined {
  const fit = (value: Decimal | undefined, shown: Value): Decimal => {
    const fitted = value && fitDecimal(value, precision, scale, 'half-up')
    if (fitted === undefined) {
      throw new RangeError(
        `Numeric field overflow: A field with precision ${precision} and scale ${scale} must round to an absolute value less than 10^${precision - scale}. Got ${String(shown)}`,
      )
    }
    return fitted
  }
  switch (from.kind) {
    case 'INTEGER':
    case 'BIGINT':
      return (value) => fit(decimalFromInteger(value as Int64), value as Int64)
    case 'DOUBLE':
      return (value) => fit(decimalFromNumber(value as number), value as number)
    case 'DECIMAL':
      return (value) => fit(value as Decimal, formatDecimal(value as Decimal))
    case 'STRING':
      return (value) => fit(parseDecimal((value as string).trim()), value as string)
    default:
      return undefined
  }
}

function parseBytes(text: string): Uint8Array {
  const bytes = parseBase64(text)
  if (bytes === undefined) throw new RangeError(`"${text}" is no base64 text`)
  return bytes
}

/** Any prefix of `true` or `yes`, ignoring case, is true. */
function parseBoolean(text: string): boolean {
  const folded = text.trim().toLowerCase()
  return folded !== '' && ('true'.startsWith(folded) || 'yes'.startsWith(folded))
}

function toStruct(
  from: Extract<SqlType, { kind: 'STRUCT' }>,
  to: Extract<SqlType, { kind: 'STRUCT' }>,
): CastFunction | undefined {
  const steps: { readonly index: number; readonly cast: (value: Value) => Value }[] = []
  for (const field of to.fields) {
    const index = from.fields.findIndex((candidate) => candidate.name === field.name)
    const cast =
      index === -1 ? () => null : nullable(castFunction(from.fields[index]!.type, field.type))
    if (cast === undefined) return undefined
    steps.push({ index, cast })
  }
  return (value) => steps.map(({ index, cast }) => cast((value as readonly Value[])[index] ?? null))
}

/** How a value of the type becomes text. BYTES become base64 inside of collections. */
function toText(type: SqlType): (value: NonNullable<Value>) => string {
  switch (type.kind) {
    case 'STRING':
      return (value) => value as string
    case 'DOUBLE':
      return (value) => formatDouble(value as number)
    case 'DECIMAL':
      return (value) => formatDecimal(value as Decimal)
    case 'DATE':
      return (value) => formatDate(value as number)
    case 'TIME':
      // The dialect's texts of times have whole seconds.
      return (value) => formatTime(Math.floor((value as number) / 1000) * 1000)
    case 'TIMESTAMP':
      return (value) => formatTimestamp(value as number)
    case 'BYTES':
      return (value) => formatBase64(value as Uint8Array)
    case 'ARRAY': {
      const element = textOrNull(type.element)
      return (value) => `[${(value as readonly Value[]).map(element).join(', ')}]`
    }
    case 'MAP': {
      const key = textOrNull(type.key)
      const item = textOrNull(type.value)
      return (value) =>
        `{${entriesInJavaOrder(value as ReadonlyMap<Value, Value>)
          .map(([k, v]) => `${key(k)}=${item(v)}`)
          .join(', ')}}`
    }
    case 'STRUCT': {
      const fields = type.fields.map((field) => ({
        name: field.name,
        text: textOrNull(field.type),
      }))
      return (value) =>
        `Struct{${fields
          .flatMap(({ name, text }, i) => {
            const item = (value as readonly Value[])[i] ?? null
            return item === null ? [] : [`${name}=${text(item)}`]
          })
          .join(',')}}`
    }
    default:
      return (value) => String(value as boolean | number | bigint)
  }
}

function textOrNull(type: SqlType): (value: Value) => string {
  const text = toText(type)
  return (value) => (value === null ? 'null' : text(value))
}

/** The message for a cast that does not exist. */
export function castRefusal(from: SqlType, to: SqlType): string {
  return `Cast of ${formatSqlType(from)} to ${formatSqlType(to)} is not supported`
}
