import protobuf from 'protobufjs'

import { parseExactDecimal, type ExactDecimal } from '../compare/decimal.ts'
import { formatJson, isArray, JsonNumber, JsonObject, type Json } from '../json/json-value.ts'
import { isEntry, scaleOf, typeName } from './protobuf-file.ts'
import { CodecError, decodeBase64 } from './side-codec.ts'

/** A case value as bytes of a message. @throws CodecError when the message cannot hold it */
export function writeProtobuf(type: protobuf.Type, value: Json): Uint8Array {
  return type.encode(messageOf(type, value)).finish()
}

type Plain = Record<string, unknown>

function messageOf(type: protobuf.Type, value: Json): protobuf.Message {
  if (!(value instanceof JsonObject)) return fail(value, type.name)
  const byName = new Map(Array.from(value.members, ([name, item]) => [name.toUpperCase(), item]))
  const members: Plain = {}
  for (const field of type.fieldsArray) {
    const item = value.get(field.name) ?? byName.get(field.name.toUpperCase()) ?? null
    if (item !== null) members[field.name] = fieldOf(field, item)
  }
  return type.create(members)
}

function fail(value: Json, what: string): never {
  throw new CodecError(`${formatJson(value)} is no ${what}`)
}

function fieldOf(field: protobuf.Field, value: Json): unknown {
  if (field instanceof protobuf.MapField) {
    if (!(value instanceof JsonObject)) return fail(value, 'map')
    return Object.fromEntries(
      Array.from(value.members, ([key, item]) => [key, valueOf(field, item)]),
    )
  }
  if (isEntry(field)) {
    if (!(value instanceof JsonObject)) return fail(value, 'map')
    const entry = field.resolvedType as protobuf.Type
    return Array.from(value.members, ([key, item]) =>
      messageOf(
        entry,
        new JsonObject(
          new Map<string, Json>([
            ['key', key],
            ['value', item],
          ]),
        ),
      ),
    )
  }
  if (!field.repeated) return valueOf(field, value)
  if (!isArray(value)) return fail(value, 'array')
  return value.map((item) => valueOf(field, item))
}

function valueOf(field: protobuf.Field, value: Json): unknown {
  const type = field.resolvedType
  if (type === null) return scalarOf(field.type, value)
  if (type instanceof protobuf.Enum) {
    const number = type.values[textOf(value)]
    return number ?? fail(value, type.name)
  }
  const name = typeName(type)
  if (/^google\.protobuf\.\w+Value$/.test(name)) {
    return type.create({ value: scalarOf(type.fields['value']!.type, value) })
  }
  switch (name) {
    case 'google.protobuf.Timestamp': {
      const ms = integer(value, 64)
      const rest = ((ms % 1000n) + 1000n) % 1000n
      return type.create({ seconds: longOf((ms - rest) / 1000n), nanos: Number(rest) * 1e6 })
    }
    case 'google.type.Date': {
      const date = new Date(Number(integer(value, 32)) * 86_400_000)
      return type.create({
        year: date.getUTCFullYear(),
        month: date.getUTCMonth() + 1,
        day: date.getUTCDate(),
      })
    }
    case 'google.type.TimeOfDay': {
      const date = new Date(Number(integer(value, 32)))
      return type.create({
        hours: date.getUTCHours(),
        minutes: date.getUTCMinutes(),
        seconds: date.getUTCSeconds(),
        nanos: date.getUTCMilliseconds() * 1e6,
      })
    }
    case 'confluent.type.Decimal': {
      const parsed = parseExactDecimal(textOf(value)) ?? fail(value, 'decimal')
      const scale = scaleOf(field)
      return type.create({ value: unscaledBytes(parsed, scale, typeof value === 'string'), scale })
    }
    default:
      return messageOf(type, value)
  }
}

function scalarOf(type: string, value: Json): unknown {
  switch (type) {
    case 'bool':
      return typeof value === 'boolean' ? value : fail(value, 'boolean')
    case 'string':
      return textOf(value)
    case 'bytes':
      return decodeBase64(textOf(value))
    case 'double':
    case 'float': {
      const number = Number(textOf(value))
      return Number.isNaN(number) && textOf(value) !== 'NaN' ? fail(value, 'number') : number
    }
    case 'int32':
    case 'sint32':
    case 'sfixed32':
      return Number(integer(value, 32))
    case 'uint32':
    case 'fixed32':
      return Number(integer(value, 64))
    default:
      return longOf(integer(value, 64))
  }
}

function textOf(value: Json): string {
  if (typeof value === 'string') return value
  if (value instanceof JsonNumber) return value.text
  return typeof value === 'boolean' ? String(value) : fail(value, 'text')
}

function integer(value: Json, bits: 32 | 64): bigint {
  const text = textOf(value)
  if (!/^[+-]?\d+$/.test(text)) return fail(value, 'integer')
  const parsed = BigInt(text)
  return BigInt.asIntN(bits, parsed) === parsed ? parsed : fail(value, `${bits}-bit integer`)
}

function longOf(value: bigint): unknown {
  const bits = BigInt.asUintN(64, value)
  return new protobuf.util.Long(Number(bits & 0xffffffffn) | 0, Number(bits >> 32n) | 0, false)
}

/** Digits that do not fit are rounded half up where that is allowed. */
function unscaledBytes({ unscaled, scale }: ExactDecimal, to: number, round: boolean): Uint8Array {
  let value = unscaled
  if (scale <= to) value *= 10n ** BigInt(to - scale)
  else {
    const factor = 10n ** BigInt(scale - to)
    const rest = value % factor
    if (rest !== 0n && !round) throw new CodecError(`scale ${scale} does not fit scale ${to}`)
    const away = (rest < 0n ? -rest : rest) * 2n >= factor && rest !== 0n
    value = value / factor + (away ? (unscaled < 0n ? -1n : 1n) : 0n)
  }
  let length = 1
  while (BigInt.asIntN(length * 8, value) !== value) length++
  return Uint8Array.from({ length }, (_, i) =>
    Number((value >> BigInt(8 * (length - 1 - i))) & 0xffn),
  )
}
