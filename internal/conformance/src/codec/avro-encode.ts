import { parseExactDecimal, type ExactDecimal } from '../compare/decimal.ts'
import { formatJson, isArray, JsonNumber, JsonObject, type Json } from '../json/json-value.ts'
import type { Avro } from './avro-schema.ts'
import { CodecError, decodeBase64, encodeText } from './side-codec.ts'

/** Appends a case value in Avro's binary encoding. @throws CodecError when the schema cannot hold it */
export function writeAvro(schema: Avro, value: Json | undefined, out: number[]): void {
  switch (schema.type) {
    case 'null':
      if (value !== null && value !== undefined) fail(value, 'null')
      return
    case 'boolean':
      if (typeof value !== 'boolean') fail(value, 'boolean')
      out.push(value === true ? 1 : 0)
      return
    case 'int':
    case 'long':
      writeLong(integer(value, schema.type === 'int' ? 32 : 64), out)
      return
    case 'float':
    case 'double':
      writeFloat(number(value), schema.type === 'float' ? 4 : 8, out)
      return
    case 'string':
      writeBytes(encodeText(textOf(value)), out)
      return
    case 'enum': {
      const symbol = schema.symbols?.indexOf(textOf(value)) ?? -1
      if (symbol < 0) fail(value, 'enum')
      writeLong(BigInt(symbol), out)
      return
    }
    case 'bytes':
      writeBytes(bytesOf(value, schema.decimalScale), out)
      return
    case 'fixed':
      writeFixed(bytesOf(value, schema.decimalScale), schema.size, out)
      return
    case 'array':
      writeArray(schema, value, out)
      return
    case 'map':
      if (!(value instanceof JsonObject)) fail(value, 'map')
      writeBlock([...value.members], out, ([key, item]) => {
        writeBytes(encodeText(key), out)
        writeAvro(schema.values, item, out)
      })
      return
    case 'union':
      writeUnion(schema.branches, value, out)
      return
    case 'record':
      writeRecord(schema, value, out)
  }
}

function fail(value: Json | undefined, what: string): never {
  throw new CodecError(`${value === undefined ? 'nothing' : formatJson(value)} is no ${what}`)
}

function textOf(value: Json | undefined): string {
  if (typeof value === 'string') return value
  if (value instanceof JsonNumber) return value.text
  if (typeof value === 'boolean') return String(value)
  return fail(value, 'text')
}

function integer(value: Json | undefined, bits: 32 | 64): bigint {
  const text = textOf(value)
  if (!/^[+-]?\d+$/.test(text)) fail(value, `${bits}-bit integer`)
  const parsed = BigInt(text)
  if (BigInt.asIntN(bits, parsed) !== parsed) fail(value, `${bits}-bit integer`)
  return parsed
}

function number(value: Json | undefined): number {
  const text = textOf(value)
  const parsed = Number(text)
  if (Number.isNaN(parsed) && text !== 'NaN') fail(value, 'number')
  return parsed
}

/** Zigzag, seven bits a byte, lowest first. */
function writeLong(value: bigint, out: number[]): void {
  let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n))
  while (rest > 0x7fn) {
    out.push(Number(rest & 0x7fn) | 0x80)
    rest >>= 7n
  }
  out.push(Number(rest))
}

function writeFloat(value: number, size: 4 | 8, out: number[]): void {
  const view = new DataView(new ArrayBuffer(size))
  if (size === 4) view.setFloat32(0, value, true)
  else view.setFloat64(0, value, true)
  for (let i = 0; i < size; i++) out.push(view.getUint8(i))
}

function writeBytes(bytes: Uint8Array, out: number[]): void {
  writeLong(BigInt(bytes.length), out)
  for (const byte of bytes) out.push(byte)
}

function writeFixed(bytes: Uint8Array, size: number, out: number[]): void {
  if (bytes.length > size) throw new CodecError(`${bytes.length} bytes in a fixed of ${size}`)
  const sign = bytes.length > 0 && bytes[0]! >= 0x80 ? 0xff : 0
  for (let i = bytes.length; i < size; i++) out.push(sign)
  for (const byte of bytes) out.push(byte)
}

function bytesOf(value: Json | undefined, decimalScale: number | undefined): Uint8Array {
  if (decimalScale === undefined) return decodeBase64(textOf(value))
  const parsed = parseExactDecimal(textOf(value))
  if (parsed === undefined) return fail(value, 'decimal')
  return twosComplement(rescale(parsed, decimalScale, typeof value === 'string'))
}

/** The unscaled value at another scale; digits that do not fit are rounded half up where that is allowed. */
function rescale({ unscaled, scale }: ExactDecimal, to: number, round: boolean): bigint {
  if (scale <= to) return unscaled * 10n ** BigInt(to - scale)
  const factor = 10n ** BigInt(scale - to)
  const rest = unscaled % factor
  if (rest === 0n) return unscaled / factor
  if (!round) throw new CodecError(`decimal of scale ${scale} does not fit scale ${to}`)
  const away = (rest < 0n ? -rest : rest) * 2n >= factor
  return unscaled / factor + (away ? (unscaled < 0n ? -1n : 1n) : 0n)
}

function twosComplement(value: bigint): Uint8Array {
  let length = 1
  while (BigInt.asIntN(length * 8, value) !== value) length++
  const bytes = new Uint8Array(length)
  for (let i = length - 1, rest = value; i >= 0; i--, rest >>= 8n) bytes[i] = Number(rest & 0xffn)
  return bytes
}

function writeArray(
  schema: Extract<Avro, { type: 'array' }>,
  value: Json | undefined,
  out: number[],
): void {
  if (isArray(value)) {
    writeBlock(value, out, (item) => writeAvro(schema.items, item, out))
    return
  }
  if (!schema.mapEntries || !(value instanceof JsonObject)) fail(value, 'array')
  writeBlock([...value.members], out, ([key, item]) =>
    writeAvro(
      schema.items,
      new JsonObject(
        new Map([
          ['key', key as Json],
          ['value', item],
        ]),
      ),
      out,
    ),
  )
}

function writeBlock<T>(items: readonly T[], out: number[], write: (item: T) => void): void {
  if (items.length > 0) {
    writeLong(BigInt(items.length), out)
    for (const item of items) write(item)
  }
  writeLong(0n, out)
}

function writeUnion(branches: readonly Avro[], value: Json | undefined, out: number[]): void {
  const absent = value === null || value === undefined
  let reason: unknown
  for (const [i, branch] of branches.entries()) {
    if ((branch.type === 'null') !== absent) continue
    const written: number[] = []
    try {
      writeAvro(branch, value, written)
    } catch (error) {
      reason = error
      continue
    }
    writeLong(BigInt(i), out)
    for (const byte of written) out.push(byte)
    return
  }
  throw new CodecError('no branch of the union fits', { cause: reason })
}

function writeRecord(
  schema: Extract<Avro, { type: 'record' }>,
  value: Json | undefined,
  out: number[],
): void {
  if (!(value instanceof JsonObject)) fail(value, 'record')
  const byName = new Map(
    Array.from(value.members, ([name, member]) => [name.toUpperCase(), member]),
  )
  for (const { name, schema: field, defaultValue } of schema.fields) {
    writeAvro(field, value.get(name) ?? byName.get(name.toUpperCase()) ?? defaultValue, out)
  }
}
