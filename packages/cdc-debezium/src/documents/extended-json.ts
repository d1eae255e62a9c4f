import { parseBase64, parseDecimal, parseLosslessJson, type LosslessJson } from '@varve/serde'

import { invalid, plainData } from '../connect/connect-data.ts'
import { asInteger, asObject, asText, type Raw, type RawObject } from '../connect/raw.ts'
import { BsonBinary } from '../values/bson-binary.ts'
import { parseCivilDateTime, splitOffset } from '../values/civil.ts'
import {
  BsonCode,
  BsonMarker,
  BsonRegex,
  BsonTimestamp,
  createStruct,
  ExactDecimal,
  Instant,
  NonFiniteDecimal,
  ObjectId,
  type ColumnValue,
} from '../values/values.ts'

type Reader = (object: RawObject, path: string) => ColumnValue

/** Wrappers by the member that names them, with the members they consist of. */
const WRAPPERS: ReadonlyMap<
  string,
  { readonly members: readonly string[]; readonly read: Reader }
> = new Map([
  ['$oid', { members: [], read: one('$oid', objectId) }],
  ['$numberLong', { members: [], read: one('$numberLong', int64) }],
  ['$numberInt', { members: [], read: one('$numberInt', int32) }],
  ['$numberDouble', { members: [], read: one('$numberDouble', double) }],
  ['$numberDecimal', { members: [], read: one('$numberDecimal', decimal) }],
  ['$date', { members: [], read: one('$date', date) }],
  ['$uuid', { members: [], read: one('$uuid', text) }],
  ['$symbol', { members: [], read: one('$symbol', text) }],
  ['$code', { members: [], read: one('$code', (raw, path) => new BsonCode(text(raw, path))) }],
  ['$timestamp', { members: [], read: one('$timestamp', timestamp) }],
  ['$regularExpression', { members: [], read: one('$regularExpression', regularExpression) }],
  ['$minKey', { members: [], read: () => new BsonMarker('minKey') }],
  ['$maxKey', { members: [], read: () => new BsonMarker('maxKey') }],
  ['$undefined', { members: [], read: () => new BsonMarker('undefined') }],
  ['$binary', { members: ['$type'], read: binary }],
  ['$regex', { members: ['$options'], read: regex }],
])

/**
 * Reads MongoDB's extended JSON in every form that connectors have written: legacy strict, canonical and relaxed. Plain numbers are numbers
 * while they are safe, else bigints; longs are bigints. Binary data is bytes with a subtype.
 *
 * @throws ChangeDecodeError `invalid-value` with the path
 */
export function parseExtendedJson(source: string, path: string): ColumnValue {
  let json: LosslessJson
  try {
    json = parseLosslessJson(source)
  } catch {
    return invalid(path, 'no extended JSON')
  }
  return read(json, path)
}

function read(raw: Raw, path: string): ColumnValue {
  if (Array.isArray(raw))
    return (raw as readonly Raw[]).map((item, i) => read(item, `${path}[${i}]`))
  const object = asObject(raw)
  // What is left is a scalar of JSON.
  if (object === undefined) return plainData(raw) as ColumnValue
  const wrapped = readWrapper(object, path)
  if (wrapped !== undefined) return wrapped
  const struct = createStruct()
  for (const [name, member] of object) struct[name] = read(member, `${path}.${name}`)
  return struct
}

/** The value of an object that is a wrapper; undefined for documents, which may have members that begin with `$` too. */
function readWrapper(object: RawObject, path: string): ColumnValue | undefined {
  if (object.size === 0 || object.size > 2) return undefined
  for (const name of object.keys()) {
    const wrapper = WRAPPERS.get(name)
    if (wrapper === undefined) continue
    for (const other of object.keys())
      if (other !== name && !wrapper.members.includes(other)) return undefined
    return wrapper.read(object, path)
  }
  return undefined
}

function one(name: string, readMember: (raw: Raw, path: string) => ColumnValue): Reader {
  return (object, path) => readMember(object.get(name) ?? null, `${path}.${name}`)
}

function text(raw: Raw, path: string): string {
  return typeof raw === 'string' ? raw : invalid(path, 'no text')
}

function objectId(raw: Raw, path: string): ObjectId {
  const hex = text(raw, path)
  return /^[0-9a-fA-F]{24}$/.test(hex)
    ? new ObjectId(hex.toLowerCase())
    : invalid(path, 'no object id')
}

function integer(raw: Raw, bits: number, path: string): bigint {
  const value = asInteger(raw)
  return value !== undefined && BigInt.asIntN(bits, value) === value
    ? value
    : invalid(path, `no integer of ${bits} bits`)
}

function int64(raw: Raw, path: string): bigint {
  return integer(raw, 64, path)
}

function int32(raw: Raw, path: string): number {
  return Number(integer(raw, 32, path))
}

function double(raw: Raw, path: string): number {
  const source = asText(raw) ?? ''
  const number = Number(source)
  return source.trim() !== '' && (!Number.isNaN(number) || source === 'NaN')
    ? number
    : invalid(path, 'no number')
}

function decimal(raw: Raw, path: string): ExactDecimal | NonFiniteDecimal {
  const source = text(raw, path)
  if (/^[-+]?nan$/i.test(source)) return new NonFiniteDecimal('NaN')
  const infinity = /^([-+]?)inf(?:inity)?$/i.exec(source)
  if (infinity !== null) return new NonFiniteDecimal(infinity[1] === '-' ? '-Infinity' : 'Infinity')
  const parsed = parseDecimal(source) ?? invalid(path, 'no decimal')
  return new ExactDecimal(parsed.unscaled, parsed.scale)
}

/** Milliseconds, as a number or in a wrapper of their own, or ISO text. */
function date(raw: Raw, path: string): Instant {
  const inner = asObject(raw)
  const ms = asInteger(inner?.get('$numberLong') ?? raw)
  if (ms !== undefined && BigInt.asIntN(64, ms) === ms) return new Instant(ms * 1_000_000n)
  const split = typeof raw === 'string' ? splitOffset(raw) : undefined
  const local = split === undefined ? undefined : parseCivilDateTime(split.local)
  if (split === undefined || local === undefined) return invalid(path, 'no date')
  const ns = local - BigInt(split.offsetSeconds) * 1_000_000_000n
  return new Instant(ns, split.offset, split.offsetSeconds)
}

function timestamp(raw: Raw, path: string): BsonTimestamp {
  const of = asObject(raw)
  return new BsonTimestamp(
    Number(BigInt.asUintN(32, integer(of?.get('t') ?? null, 64, `${path}.t`))),
    Number(BigInt.asUintN(32, integer(of?.get('i') ?? null, 64, `${path}.i`))),
  )
}

function regularExpression(raw: Raw, path: string): BsonRegex {
  const of = asObject(raw)
  return new BsonRegex(
    text(of?.get('pattern') ?? null, `${path}.pattern`),
    text(of?.get('options') ?? '', `${path}.options`),
  )
}

function regex(object: RawObject, path: string): BsonRegex {
  return new BsonRegex(
    text(object.get('$regex') ?? null, `${path}.$regex`),
    text(object.get('$options') ?? '', `${path}.$options`),
  )
}

/** `{"$binary": base64, "$type": subtype}`, or `{"$binary": {"base64": …, "subType": …}}`. */
function binary(object: RawObject, path: string): BsonBinary {
  const value = object.get('$binary') ?? null
  const inner = asObject(value)
  const base64 = inner?.get('base64') ?? value
  const bytes =
    parseBase64(text(base64, `${path}.$binary`)) ?? invalid(`${path}.$binary`, 'no base64')
  const subtype = inner?.get('subType') ?? object.get('$type') ?? '00'
  const hex = typeof subtype === 'string' ? subtype : Number(asInteger(subtype) ?? -1n).toString(16)
  if (!/^[0-9a-f]{1,2}$/i.test(hex)) return invalid(`${path}.$binary`, 'no subtype')
  return new BsonBinary(bytes, Number.parseInt(hex, 16))
}
