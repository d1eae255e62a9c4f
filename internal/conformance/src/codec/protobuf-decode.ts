import protobuf from 'protobufjs'

import { actualNull, type Actual } from '../compare/actual.ts'
import { isEntry, scaleOf, typeName } from './protobuf-file.ts'
import { CodecError, encodeBase64 } from './side-codec.ts'

/** Reads a message as the cases see it. @throws CodecError for bytes that are no message */
export function readProtobuf(type: protobuf.Type, bytes: Uint8Array): Actual {
  try {
    return messageFrom(type, type.decode(bytes))
  } catch (cause) {
    if (cause instanceof CodecError) throw cause
    throw new CodecError(`no Protobuf message: ${(cause as Error).message}`, { cause })
  }
}

function messageFrom(type: protobuf.Type, message: unknown): Actual {
  const members = message as Readonly<Record<string, unknown>>
  return {
    kind: 'map',
    value: new Map(type.fieldsArray.map((field) => [field.name, fieldFrom(field, members)])),
  }
}

function fieldFrom(field: protobuf.Field, members: Readonly<Record<string, unknown>>): Actual {
  const value = members[field.name]
  if (field instanceof protobuf.MapField) {
    return {
      kind: 'map',
      value: new Map(
        Object.entries((value ?? {}) as object).map(([key, item]) => [key, valueFrom(field, item)]),
      ),
    }
  }
  if (isEntry(field)) {
    const entry = field.resolvedType as protobuf.Type
    const pairs = ((value ?? []) as readonly unknown[]).map((item): [string, Actual] => {
      const parts = item as Readonly<Record<string, unknown>>
      const key = fieldFrom(entry.fields['key']!, parts)
      return ['value' in key ? String(key.value) : '', fieldFrom(entry.fields['value']!, parts)]
    })
    return { kind: 'map', value: new Map(pairs) }
  }
  if (field.repeated) {
    const items = (value ?? []) as readonly unknown[]
    return { kind: 'list', value: items.map((item) => valueFrom(field, item)) }
  }
  // Own members were on the wire; the prototype has the initial values.
  const isPresent = Object.hasOwn(members, field.name)
  const tellsNull =
    field.resolvedType instanceof protobuf.Type ||
    (field.partOf !== null && field.partOf !== undefined)
  return !isPresent && tellsNull ? actualNull : valueFrom(field, value)
}

function valueFrom(field: protobuf.Field, value: unknown): Actual {
  const type = field.resolvedType
  if (type === null) return scalarFrom(field.type, value)
  if (type instanceof protobuf.Enum) {
    return { kind: 'string', value: type.valuesById[value as number] ?? String(value) }
  }
  const name = typeName(type)
  const parts = value as Readonly<Record<string, unknown>>
  if (/^google\.protobuf\.\w+Value$/.test(name)) {
    return scalarFrom(type.fields['value']!.type, parts['value'])
  }
  const part = (member: string): bigint => BigInt(String(parts[member] ?? 0))
  switch (name) {
    case 'google.protobuf.Timestamp':
      return { kind: 'int64', value: part('seconds') * 1000n + part('nanos') / 1_000_000n }
    case 'google.type.Date': {
      const days =
        Date.UTC(Number(part('year')), Number(part('month')) - 1, Number(part('day'))) / 86_400_000
      return { kind: 'int32', value: BigInt(days) }
    }
    case 'google.type.TimeOfDay': {
      const seconds = (part('hours') * 60n + part('minutes')) * 60n + part('seconds')
      return { kind: 'int32', value: seconds * 1000n + part('nanos') / 1_000_000n }
    }
    case 'confluent.type.Decimal': {
      const bytes = parts['value'] as Uint8Array
      let unscaled = 0n
      for (const byte of bytes) unscaled = (unscaled << 8n) | BigInt(byte)
      return {
        kind: 'decimal',
        value: { unscaled: BigInt.asIntN(bytes.length * 8, unscaled), scale: scaleOf(field) },
      }
    }
    default:
      return messageFrom(type, value)
  }
}

function scalarFrom(type: string, value: unknown): Actual {
  switch (type) {
    case 'bool':
      return { kind: 'boolean', value: value === true }
    case 'string':
      return { kind: 'string', value: String(value) }
    case 'bytes': {
      const bytes = Uint8Array.from(value as Iterable<number>)
      return bytes.length === 0 ? actualNull : { kind: 'bytes', value: encodeBase64(bytes) }
    }
    case 'double':
    case 'float':
      return { kind: type, value: value as number }
    case 'int32':
    case 'sint32':
    case 'sfixed32':
      return { kind: 'int32', value: BigInt(String(value)) }
    default:
      return { kind: 'int64', value: BigInt.asIntN(64, BigInt(String(value))) }
  }
}
