import { DeserializationError } from '@varve/base'

import { int64FromBigInt, int64FromNumber, parseInt64 } from '../bigint64.ts'
import { decimalFits, fitDecimal, parseDecimal, powerOfTen } from '../decimal.ts'
import type { SqlType } from '../sql-type.ts'
import { parseBase64 } from '../text/bytes-text.ts'
import { parseDouble, parseInt32 } from '../text/double-text.ts'
import type { Decimal, Value } from '../value.ts'
import { formatLosslessJson, JsonNumber, type LosslessJson } from './lossless-json.ts'

/**
 * Turns a parsed JSON value into a value of one type.
 *
 * The input is either what `JSON.parse` gives, of a text without long digit runs (then every number is exact), or a
 * {@link LosslessJson}. Readers that need the text of a number or the order of members throw {@link NeedsLossless} on the former.
 */
export type JsonReader = (json: unknown) => Value

/** Thrown by a reader that cannot work from `JSON.parse`'s values: parse again losslessly. Never leaves the JSON serde. */
export const NeedsLossless: unique symbol = Symbol('needs lossless JSON')

/** Reader of one type. Coercions follow the dialect: number text for numbers, anything for STRING. */
export function compileJsonReader(type: SqlType): JsonReader {
  const read = compile(type)
  return (json) => (json === null || json === undefined ? null : read(json))
}

function compile(type: SqlType): JsonReader {
  switch (type.kind) {
    case 'BOOLEAN':
      return (json) => (typeof json === 'boolean' ? json : mismatch(json, 'BOOLEAN'))
    case 'INTEGER':
    case 'DATE':
    case 'TIME':
      return (json) => readInt32(json, type.kind)
    case 'BIGINT':
    case 'TIMESTAMP':
      return (json) => readInt64(json, type.kind)
    case 'DOUBLE':
      return readDouble
    case 'DECIMAL':
      return decimalReader(type.precision, type.scale)
    case 'STRING':
      return (json) => (typeof json === 'string' ? json : textOf(json, 0))
    case 'BYTES':
      return (json) =>
        (typeof json === 'string' ? parseBase64(json) : undefined) ?? mismatch(json, 'BYTES')
    case 'ARRAY': {
      const element = compileJsonReader(type.element)
      return (json) => (Array.isArray(json) ? json.map(element) : mismatch(json, 'ARRAY'))
    }
    case 'MAP': {
      const value = compileJsonReader(type.value)
      return (json) => {
        if (!isObject(json)) return mismatch(json, 'MAP')
        const map = new Map<Value, Value>()
        if (json instanceof Map) for (const [name, member] of json) map.set(name, value(member))
        else for (const [name, member] of Object.entries(json)) map.set(name, value(member))
        return map
      }
    }
    case 'STRUCT': {
      const struct = compileMembers(type.fields)
      return (json) => (isObject(json) ? struct(json) : mismatch(json, 'STRUCT'))
    }
  }
}

/** A JSON object of either parser. */
export type JsonObject = ReadonlyMap<string, unknown> | { readonly [name: string]: unknown }

/** Whether the value is a JSON object of either parser. */
export function isObject(json: unknown): json is JsonObject {
  return (
    typeof json === 'object' &&
    json !== null &&
    !Array.isArray(json) &&
    !(json instanceof JsonNumber)
  )
}

/** Spellings learned beyond this many are looked up anew each time. */
const MAX_SPELLINGS = 256

/**
 * Reader of an object's members into an array in field order. A member goes to the field of exactly its name, else to the one of its
 * upper-case form; the exact spelling wins, among others the first. Others are ignored, missing ones null.
 */
export function compileMembers(
  fields: readonly { readonly name: string; readonly type: SqlType }[],
): (json: JsonObject) => Value[] {
  const count = fields.length
  const readers = fields.map((field) => compileJsonReader(field.type))
  const exact = new Map<string, number>()
  for (let i = 0; i < count; i++) exact.set(fields[i]!.name, i)
  // Spelling to field, complemented (~i) where only the upper-case form agrees; undefined is known to match nothing.
  const learned = new Map<string, number | undefined>(exact)
  const indexOf = (name: string): number | undefined => {
    const known = learned.get(name)
    if (known !== undefined || learned.has(name)) return known
    const upper = exact.get(name.toUpperCase())
    const index = upper === undefined ? undefined : ~upper
    if (learned.size < count + MAX_SPELLINGS) learned.set(name, index)
    return index
  }
  const absent = Symbol('absent')
  const place = (raw: unknown[], name: string, member: unknown): void => {
    const index = indexOf(name)
    if (index === undefined) return
    if (index >= 0) raw[index] = member
    else if (raw[~index] === absent) raw[~index] = member
  }
  const nothing: readonly unknown[] = fields.map(() => absent)
  return (json) => {
    const row = nothing.slice()
    if (json instanceof Map) {
      // An exact spelling may follow another one: it overwrites, so order does not matter.
      for (const [name, member] of json) place(row, name as string, member)
    } else {
      const object = json as { readonly [name: string]: unknown }
      for (const name in object) place(row, name, object[name])
    }
    for (let i = 0; i < count; i++) {
      const raw = row[i]
      if (raw === absent || raw === null) {
        row[i] = null
        continue
      }
      try {
        row[i] = readers[i]!(raw)
      } catch (error) {
        throw inField(error, fields[i]!.name)
      }
    }
    return row as Value[]
  }
}

function inField(error: unknown, name: string): unknown {
  if (!(error instanceof DeserializationError)) return error
  return new DeserializationError(`field "${name}": ${error.message}`, { cause: error.cause })
}

function readInt32(json: unknown, kind: string): number {
  if (typeof json === 'number') return json | 0
  if (json instanceof JsonNumber) return Number(BigInt.asIntN(32, wholePart(json)))
  const value = typeof json === 'string' ? parseInt32(json) : undefined
  return value ?? mismatch(json, kind)
}

function readInt64(json: unknown, kind: string): Value {
  if (typeof json === 'number') {
    if (Number.isSafeInteger(json)) return json + 0
    return Number.isFinite(json) ? int64FromNumber(json) : mismatch(json, kind)
  }
  if (json instanceof JsonNumber) return parseInt64(json.text) ?? int64FromBigInt(wholePart(json))
  const value = typeof json === 'string' ? parseInt64(json) : undefined
  return value ?? mismatch(json, kind)
}

/** A fraction is cut, as the dialect does for integer columns. */
function wholePart(json: JsonNumber): bigint {
  const decimal = parseDecimal(json.text)
  if (decimal === undefined) return mismatch(json, 'an integer')
  return decimal.unscaled / powerOfTen(decimal.scale)
}

function readDouble(json: unknown): number {
  if (typeof json === 'number') return json
  if (json instanceof JsonNumber) return Number(json.text)
  const value = typeof json === 'string' ? parseDouble(json) : undefined
  return value ?? mismatch(json, 'DOUBLE')
}

function decimalReader(precision: number, scale: number): JsonReader {
  const power = 10 ** scale
  const name = `DECIMAL(${precision}, ${scale})`
  return (json) => {
    if (typeof json === 'number') {
      // A text of up to 15 digits is the only such text for its double, so the scaled integer that maps back is that text's value.
      const unscaled = Math.round(json * power)
      if (scale <= 22 && Math.abs(unscaled) < 1e15 && unscaled / power === json) {
        const decimal: Decimal = { unscaled: BigInt(unscaled), scale }
        return decimalFits(decimal, precision) ? decimal : mismatch(json, name)
      }
    }
    const text =
      typeof json === 'string'
        ? json.trim()
        : typeof json === 'number'
          ? String(json)
          : json instanceof JsonNumber
            ? json.text
            : undefined
    const parsed = text === undefined ? undefined : parseDecimal(text)
    const fitted = parsed === undefined ? undefined : fitDecimal(parsed, precision, scale)
    return fitted ?? mismatch(json, name)
  }
}

/** Text of a JSON value for a STRING column: objects as compact JSON, arrays as `[a, b]`. */
function textOf(json: unknown, depth: number): string {
  if (typeof json === 'boolean') return String(json)
  if (json instanceof JsonNumber) return json.text
  if (Array.isArray(json)) {
    // The lossless parser bounds the nesting; the fast one does not.
    if (depth > 1000 || json.some((element) => typeof element === 'number')) throw NeedsLossless
    return `[${json
      .map((element: unknown) =>
        element === null
          ? 'null'
          : typeof element === 'string'
            ? element
            : textOf(element, depth + 1),
      )
      .join(', ')}]`
  }
  if (json instanceof Map) return formatLosslessJson(json as ReadonlyMap<string, LosslessJson>)
  throw NeedsLossless
}

function mismatch(json: unknown, expected: string): never {
  const text =
    json instanceof JsonNumber
      ? json.text
      : Array.isArray(json)
        ? 'an array'
        : typeof json === 'object'
          ? 'an object'
          : JSON.stringify(json)
  const shown = text.length > 100 ? `${text.slice(0, 100)}…` : text
  throw new DeserializationError(`${shown} cannot be read as ${expected}`)
}
