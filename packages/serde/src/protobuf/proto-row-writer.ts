import { SerializationError } from '@varve/base'
import type protobuf from 'protobufjs'

import type { Int64 } from '../bigint64.ts'
import { decimalToBytes, requireDecimal } from '../decimal.ts'
import type { Columns } from '../schema.ts'
import type { SqlType, StructField } from '../sql-type.ts'
import { formatSqlType } from '../sql-type-text.ts'
import type { Decimal, Row, Value } from '../value.ts'
import { isText } from './proto-columns.ts'
import { scalarWireType, wireTypeOf } from './proto-row-reader.ts'
import {
  messageChoices,
  messageFields,
  type ProtoField,
  type ProtoKind,
  type ProtoScalar,
} from './proto-schema.ts'
import { WireTypes, type ProtoWriter } from './proto-wire.ts'

type ValueWriter = (value: Value, writer: ProtoWriter) => void

/**
 * Writer of a row as a message. Columns go to fields of exactly their name, else of the same name in upper case. Nulls are left out, and so
 * are initial values where their absence means the same.
 *
 * @throws SerializationError when the message cannot hold the columns
 */
export function compileProtobufRowWriter(
  message: protobuf.Type,
  columns: Columns,
): (row: Row, writer: ProtoWriter) => void {
  return compileMessage(message, columns, '') as (row: Row, writer: ProtoWriter) => void
}

function compileMessage(
  message: protobuf.Type,
  columns: readonly StructField[],
  path: string,
): ValueWriter {
  const writers: { column: number; number: number; write: ValueWriter }[] = []
  const fields = messageFields(message)
  const choices = messageChoices(message)
  for (const [column, { name, type }] of columns.entries()) {
    const at = path === '' ? name : `${path}.${name}`
    const field = named(fields, name, (candidate) => candidate.name)
    if (field !== undefined) {
      writers.push({ column, number: field.number, write: compileField(field, type, at) })
      continue
    }
    const choice = named([...choices.entries()], name, ([i, candidate]) => `${candidate.name}_${i}`)
    if (choice === undefined || type.kind !== 'STRUCT')
      throw new SerializationError(`Protobuf: message ${message.name} has no field "${at}"`)
    const members = type.fields.map((member) => {
      const found = named(choice[1].fields, member.name, (candidate) => candidate.name)
      return found === undefined ? refuse(member.type, at) : compileField(found, member.type, at)
    })
    writers.push({ column, number: choice[1].fields[0]!.number, write: writeAll(members) })
  }
  writers.sort((a, b) => a.number - b.number)
  return (value, writer) => {
    const row = value as Row
    for (const { column, write } of writers) write(row[column] ?? null, writer)
  }
}

function named<T>(items: readonly T[], name: string, nameOf: (item: T) => string): T | undefined {
  return (
    items.find((item) => nameOf(item) === name) ??
    items.find((item) => nameOf(item).toUpperCase() === name.toUpperCase())
  )
}

function writeAll(members: readonly ValueWriter[]): ValueWriter {
  return (value, writer) => {
    if (value === null) return
    for (const [i, write] of members.entries()) write((value as Row)[i] ?? null, writer)
  }
}

function refuse(type: SqlType, path: string): never {
  throw new SerializationError(`Protobuf: field "${path}" cannot hold ${formatSqlType(type)}`)
}

function compileField(field: ProtoField, type: SqlType, path: string): ValueWriter {
  const { number, kind } = field
  if (field.entry !== undefined) return compileEntry(field.entry, number, type, path)
  const wireType = wireTypeOf(kind)
  if (!field.repeated) {
    const write = compileValue(kind, type, path)
    const isInitial = field.presence ? () => false : initialTest(kind)
    return (value, writer) => {
      if (value === null || isInitial(value)) return
      writer.writeTag(number, wireType)
      write(value, writer)
    }
  }
  if (type.kind !== 'ARRAY') return refuse(type, path)
  const write = compileValue(kind, type.element, path)
  const absent = nullElement(kind)
  const element: ValueWriter = (value, writer) => {
    if (value === null) absent(writer)
    else write(value, writer)
  }
  if (field.packed && wireType !== WireTypes.BYTES) {
    return (value, writer) => {
      const list = value as readonly Value[] | null
      if (list === null || list.length === 0) return
      writer.writeTag(number, WireTypes.BYTES)
      writer.writeNested(() => {
        for (const item of list) element(item, writer)
      })
    }
  }
  return (value, writer) => {
    for (const item of (value as readonly Value[] | null) ?? []) {
      writer.writeTag(number, wireType)
      element(item, writer)
    }
  }
}

/** Repeated fields have no nulls: an element that is null is written as the initial value. */
function nullElement(kind: ProtoKind): (writer: ProtoWriter) => void {
  if (wireTypeOf(kind) === WireTypes.FIXED64) return (writer) => writer.writeFixed64(0)
  if (wireTypeOf(kind) === WireTypes.FIXED32) return (writer) => writer.writeFixed32(0)
  return (writer) => writer.writeUint32(0)
}

function compileEntry(
  entry: NonNullable<ProtoField['entry']>,
  number: number,
  type: SqlType,
  path: string,
): ValueWriter {
  if (type.kind !== 'MAP' || !isText(entry.key.kind)) return refuse(type, path)
  const key = compileField(entry.key, type.key, path)
  const value = compileField(entry.value, type.value, path)
  return (map, writer) => {
    for (const [name, item] of (map as ReadonlyMap<Value, Value> | null) ?? []) {
      writer.writeTag(number, WireTypes.BYTES)
      writer.writeNested(() => {
        key(name, writer)
        value(item, writer)
      })
    }
  }
}

/** Whether a value is what an absent field reads as. Negative zero is not. */
function initialTest(kind: ProtoKind): (value: Value) => boolean {
  if (kind.kind === 'enum') return (value) => kind.type.values[value as string] === 0
  if (kind.kind !== 'scalar' || kind.initial !== undefined) return () => false
  switch (kind.scalar) {
    case 'bool':
      return (value) => value === false
    case 'string':
      return (value) => value === ''
    case 'bytes':
      return (value) => (value as Uint8Array).length === 0
    default:
      return (value) => Object.is(value, 0)
  }
}

function compileValue(kind: ProtoKind, type: SqlType, path: string): ValueWriter {
  switch (kind.kind) {
    case 'scalar':
      return compileScalar(kind.scalar, type, path)
    case 'enum':
      if (type.kind !== 'STRING') return refuse(type, path)
      return (value, writer) => {
        const name = value as string
        const number = Object.hasOwn(kind.type.values, name) ? kind.type.values[name] : undefined
        if (number === undefined)
          throw new SerializationError(`Protobuf: enum ${kind.type.name} has no value "${name}"`)
        writer.writeInt64(number)
      }
    case 'wrapper': {
      const write = compileScalar(kind.scalar, type, path)
      const isInitial = initialTest({ kind: 'scalar', scalar: kind.scalar, initial: undefined })
      const wireType = scalarWireType(kind.scalar)
      return (value, writer) => {
        writer.writeNested(() => {
          if (isInitial(value)) return
          writer.writeTag(1, wireType)
          write(value, writer)
        })
      }
    }
    case 'timestamp':
      if (type.kind !== 'TIMESTAMP') return refuse(type, path)
      return (value, writer) => {
        const seconds = Math.floor(Number(value) / 1000)
        writeNumbers([seconds, (Number(value) - seconds * 1000) * 1_000_000], writer)
      }
    case 'date':
      if (type.kind !== 'DATE') return refuse(type, path)
      return (value, writer) => {
        const date = new Date((value as number) * 86_400_000)
        writeNumbers([date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate()], writer)
      }
    case 'time':
      if (type.kind !== 'TIME') return refuse(type, path)
      return (value, writer) => {
        const ms = value as number
        const part = (unit: number, count: number): number => Math.floor(ms / unit) % count
        writeNumbers(
          [Math.floor(ms / 3_600_000), part(60_000, 60), part(1000, 60), (ms % 1000) * 1_000_000],
          writer,
        )
      }
    case 'decimal': {
      if (type.kind !== 'DECIMAL') return refuse(type, path)
      const precision = kind.precision ?? type.precision
      const scale = kind.scale ?? type.scale
      return (value, writer) => {
        const { unscaled } = requireDecimal(value as Decimal, precision, scale)
        writer.writeNested(() => {
          writer.writeTag(1, WireTypes.BYTES)
          writer.writeBytes(decimalToBytes(unscaled))
          writeNumber(2, precision, writer)
          writeNumber(3, scale, writer)
        })
      }
    }
    case 'message': {
      if (type.kind !== 'STRUCT') return refuse(type, path)
      const write = compileMessage(kind.type, type.fields, path)
      return (value, writer) => writer.writeNested(() => write(value, writer))
    }
  }
}

/** A message whose fields are integers, numbered from 1. */
function writeNumbers(numbers: readonly number[], writer: ProtoWriter): void {
  writer.writeNested(() => {
    for (const [i, number] of numbers.entries()) writeNumber(i + 1, number, writer)
  })
}

function writeNumber(field: number, value: number, writer: ProtoWriter): void {
  if (value === 0) return
  writer.writeTag(field, WireTypes.VARINT)
  writer.writeInt64(value)
}

function compileScalar(scalar: ProtoScalar, type: SqlType, path: string): ValueWriter {
  switch (type.kind) {
    case 'BOOLEAN':
      return scalar === 'bool'
        ? (value, writer) => writer.writeUint32(value === true ? 1 : 0)
        : refuse(type, path)
    case 'INTEGER':
    case 'BIGINT':
      return integerWriter(scalar, path) ?? refuse(type, path)
    case 'DOUBLE':
      if (scalar === 'double') return (value, writer) => writer.writeDouble(value as number)
      return scalar === 'float'
        ? (value, writer) => writer.writeFloat(value as number)
        : refuse(type, path)
    case 'STRING':
      return scalar === 'string'
        ? (value, writer) => writer.writeString(value as string)
        : refuse(type, path)
    case 'BYTES':
      return scalar === 'bytes'
        ? (value, writer) => writer.writeBytes(value as Uint8Array)
        : refuse(type, path)
    default:
      return refuse(type, path)
  }
}

function integerWriter(scalar: ProtoScalar, path: string): ValueWriter | undefined {
  const bounded = (
    low: number,
    high: number,
    write: (n: number, writer: ProtoWriter) => void,
  ): ValueWriter => {
    return (value, writer) => {
      if ((value as Int64) < low || (value as Int64) > high)
        throw new SerializationError(
          `Protobuf: ${String(value)} does not fit ${scalar} of "${path}"`,
        )
      write(value as number, writer)
    }
  }
  const signed = [-0x80000000, 0x7fffffff] as const
  switch (scalar) {
    case 'int32':
      return bounded(...signed, (value, writer) => writer.writeInt64(value))
    case 'uint32':
      return bounded(0, 0xffffffff, (value, writer) => writer.writeUint32(value))
    case 'sint32':
      return bounded(...signed, (value, writer) => writer.writeSint64(value))
    case 'fixed32':
      return bounded(0, 0xffffffff, (value, writer) => writer.writeFixed32(value))
    case 'sfixed32':
      return bounded(...signed, (value, writer) => writer.writeFixed32(value))
    case 'int64':
    case 'uint64':
      return (value, writer) => writer.writeInt64(value as Int64)
    case 'sint64':
      return (value, writer) => writer.writeSint64(value as Int64)
    case 'fixed64':
    case 'sfixed64':
      return (value, writer) => writer.writeFixed64(value as Int64)
    default:
      return undefined
  }
}
