import { JsonNumber, parseBase64, parseDecimal, type Decimal } from '@varve/serde'

import { ChangeDecodeError } from '../errors.ts'
import type { ConnectSchema } from './connect-schema.ts'
import { isObject, type Raw } from './raw.ts'

/** A value of Connect's data model before any semantic type: int64 as bigint, maps as pairs, structs as `Map`. */
export type ConnectData =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | ConnectPairs
  | Decimal
  | readonly ConnectData[]
  | ReadonlyMap<string, ConnectData>

/** A map's entries in order. */
export class ConnectPairs {
  readonly pairs: readonly (readonly [ConnectData, ConnectData])[]

  constructor(pairs: readonly (readonly [ConnectData, ConnectData])[]) {
    this.pairs = pairs
  }
}

const INT_BITS: { readonly [type: string]: number } = { int8: 8, int16: 16, int32: 32, int64: 64 }

/**
 * Gives a raw value the types of its schema. Numbers may come as text; a decimal may come as a number.
 *
 * @throws ChangeDecodeError `invalid-value` with the path
 */
export function toConnectData(schema: ConnectSchema, raw: Raw, path: string): ConnectData {
  if (raw === null) return null
  switch (schema.type) {
    case 'boolean':
      if (typeof raw === 'boolean') return raw
      if (raw === 'true' || raw === 'false') return raw === 'true'
      return invalid(path, 'no boolean')
    case 'int8':
    case 'int16':
    case 'int32':
    case 'int64':
      return toInteger(raw, INT_BITS[schema.type]!, path)
    case 'float':
    case 'double':
      return toDouble(raw, path)
    case 'string':
      return typeof raw === 'string' ? raw : invalid(path, 'no text')
    case 'bytes':
      return toBytes(schema, raw, path)
    case 'array': {
      if (!Array.isArray(raw)) return invalid(path, 'no array')
      return (raw as readonly Raw[]).map((element, i) =>
        schema.values === undefined
          ? plainData(element)
          : toConnectData(schema.values, element, `${path}[${i}]`),
      )
    }
    case 'map':
      return toPairs(schema, raw, path)
    case 'struct': {
      if (!isObject(raw)) return invalid(path, 'no struct')
      const struct = new Map<string, ConnectData>()
      for (const field of schema.fields) {
        const member = raw.get(field.name)
        if (member === undefined) continue
        const inner = `${path}.${field.name}`
        struct.set(
          field.name,
          field.schema === undefined
            ? plainData(member)
            : toConnectData(field.schema, member, inner),
        )
      }
      return struct
    }
  }
}

/** A value without schema, by what it looks like: whole numbers are numbers while safe, else bigints. */
export function plainData(raw: Raw): ConnectData {
  if (typeof raw !== 'object' || raw === null) return raw
  if (raw instanceof JsonNumber) return plainNumber(raw.text)
  if (Array.isArray(raw)) return (raw as readonly Raw[]).map(plainData)
  if (isObject(raw)) {
    const struct = new Map<string, ConnectData>()
    for (const [name, member] of raw) struct.set(name, plainData(member))
    return struct
  }
  return raw as Exclude<Raw, JsonNumber | readonly Raw[] | ReadonlyMap<string, Raw>>
}

function plainNumber(text: string): number | bigint {
  const number = Number(text)
  return /^-?\d+$/.test(text) && !Number.isSafeInteger(number) ? BigInt(text) : number
}

function toInteger(raw: Raw, bits: number, path: string): number | bigint {
  // Nearly all are numbers that were read as such.
  if (typeof raw === 'number' && Number.isInteger(raw)) {
    if (bits === 64) return BigInt(raw)
    const limit = 2 ** (bits - 1)
    return raw >= -limit && raw < limit ? raw : invalid(path, `does not fit ${bits} bits`)
  }
  if (typeof raw === 'bigint' && bits === 64 && BigInt.asIntN(64, raw) === raw) return raw
  if (raw instanceof JsonNumber && bits === 64 && /^-?[1-9]\d{0,17}$/.test(raw.text))
    return BigInt(raw.text)
  const text =
    raw instanceof JsonNumber
      ? raw.text
      : typeof raw === 'string' || typeof raw === 'number' || typeof raw === 'bigint'
        ? String(raw)
        : ''
  // A proxy may print 1.0 or 1E3 for a whole number.
  const decimal = text.length <= 40 ? parseDecimal(text) : undefined
  if (decimal === undefined || decimal.unscaled % 10n ** BigInt(decimal.scale) !== 0n)
    return invalid(path, 'no whole number')
  const value = decimal.unscaled / 10n ** BigInt(decimal.scale)
  if (BigInt.asIntN(bits, value) !== value) return invalid(path, `does not fit ${bits} bits`)
  return bits === 64 ? value : Number(value)
}

function toDouble(raw: Raw, path: string): number {
  if (typeof raw === 'number') return raw
  if (typeof raw === 'bigint') return Number(raw)
  const text = raw instanceof JsonNumber ? raw.text : raw
  if (typeof text === 'string') {
    const number = Number(text)
    if (text.trim() !== '' && (!Number.isNaN(number) || text === 'NaN')) return number
  }
  return invalid(path, 'no number')
}

function toBytes(schema: ConnectSchema, raw: Raw, path: string): Uint8Array | Decimal {
  if (raw instanceof Uint8Array) return raw
  if (typeof raw === 'string') return parseBase64(raw) ?? invalid(path, 'no base64')
  if (schema.name === 'org.apache.kafka.connect.data.Decimal') {
    if (raw instanceof JsonNumber) return parseDecimal(raw.text) ?? invalid(path, 'no decimal')
    if (typeof raw === 'number' || typeof raw === 'bigint')
      return parseDecimal(String(raw)) ?? invalid(path, 'no decimal')
  }
  return invalid(path, 'no bytes')
}

function toPairs(schema: ConnectSchema, raw: Raw, path: string): ConnectPairs {
  const key = (value: Raw, inner: string): ConnectData =>
    schema.keys === undefined ? plainData(value) : toConnectData(schema.keys, value, inner)
  const member = (value: Raw, inner: string): ConnectData =>
    schema.values === undefined ? plainData(value) : toConnectData(schema.values, value, inner)
  return new ConnectPairs(
    rawEntries(raw, path).map((entry) => [
      key(entry.key, Array.isArray(raw) ? entry.at : path),
      member(entry.value, entry.at),
    ]),
  )
}

/** Entries of a map in each form that it is sent in: an object, a list of pairs, a list of entries. `at` is where the value is. */
export function rawEntries(
  raw: Raw,
  path: string,
): readonly { readonly key: Raw; readonly value: Raw; readonly at: string }[] {
  if (isObject(raw))
    return [...raw].map(([name, value]) => ({ key: name, value, at: `${path}.${name}` }))
  if (!Array.isArray(raw)) return invalid(path, 'no map')
  return (raw as readonly Raw[]).map((entry, i) => {
    const at = `${path}[${i}]`
    const pair = isObject(entry)
      ? [entry.get('key'), entry.get('value')]
      : (entry as readonly Raw[])
    if (!Array.isArray(pair) || pair.length !== 2) return invalid(at, 'no map entry')
    return { key: pair[0] ?? null, value: pair[1] ?? null, at }
  })
}

/** Fails for the value at `path`. */
export function invalid(path: string, message: string): never {
  throw new ChangeDecodeError('invalid-value', message, { path })
}
