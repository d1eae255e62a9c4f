import { DeserializationError } from '@varve/base'
import type protobuf from 'protobufjs'

import { int64FromNumber, parseInt64, type Int64 } from '../bigint64.ts'
import { decimalFromBytes, fitDecimal, formatDecimal } from '../decimal.ts'
import type { Columns } from '../schema.ts'
import type { SqlType, StructField } from '../sql-type.ts'
import { formatSqlType } from '../sql-type-text.ts'
import { parseBase64 } from '../text/bytes-text.ts'
import type { Row, Value } from '../value.ts'
import { isText } from './proto-columns.ts'
import {
  messageChoices,
  messageFields,
  type ProtoField,
  type ProtoKind,
  type ProtoScalar,
} from './proto-schema.ts'
import { ProtobufDecodeError, WireTypes, type ProtoReader } from './proto-wire.ts'

type ValueReader = (reader: ProtoReader) => Value

/** What one field number does to the row it belongs to. */
type FieldReader = (reader: ProtoReader, tag: number, row: Value[]) => void

/**
 * Reader of a message as a row: fields go to columns of exactly their name, else of the same name in upper case. What is absent reads as the
 * initial value (0, false, empty) where the field cannot tell, as null where it can, or where there is no field.
 *
 * A column that its field's type does not fit makes records unreadable, not the serde.
 */
export function compileProtobufRowReader(
  message: protobuf.Type,
  columns: Columns,
): (reader: ProtoReader) => Row {
  return compileMessage(message, columns)
}

function compileMessage(
  message: protobuf.Type,
  columns: readonly StructField[],
): (reader: ProtoReader) => Value[] {
  const initial: (() => Value)[] = columns.map(() => () => null)
  const readers = new Map<number, FieldReader>()
  const slots = new ColumnSlots(columns)
  for (const field of messageFields(message)) {
    const column = slots.find(field.name)
    if (column === undefined) continue
    initial[column] = initialValue(field)
    readers.set(field.number, compileField(field, columns[column]!.type, column))
  }
  for (const [i, choice] of messageChoices(message).entries()) {
    const column = slots.find(`${choice.name}_${i}`)
    const type = columns[column ?? -1]?.type
    if (column === undefined || type?.kind !== 'STRUCT') continue
    const members = new ColumnSlots(type.fields)
    for (const field of choice.fields) {
      const member = members.find(field.name)
      if (member === undefined) continue
      const read = compileField(field, type.fields[member]!.type, member)
      readers.set(field.number, (reader, tag, row) => {
        // Of several members on the wire the last one holds.
        const struct: Value[] = type.fields.map(() => null)
        read(reader, tag, struct)
        row[column] = struct
      })
    }
  }
  return (reader) => {
    const row = initial.map((make) => make())
    while (!reader.done) {
      const tag = reader.readTag()
      const read = readers.get(tag >>> 3)
      if (read === undefined) reader.skip(tag)
      else read(reader, tag, row)
    }
    return row
  }
}

/** Columns by a field's name. */
class ColumnSlots {
  readonly #exact: ReadonlyMap<string, number>
  readonly #folded: ReadonlyMap<string, number>

  constructor(columns: readonly StructField[]) {
    this.#exact = new Map(columns.map(({ name }, i) => [name, i]))
    this.#folded = new Map(
      columns.map(({ name }, i) => [name.toUpperCase(), i]).reverse() as [string, number][],
    )
  }

  find(name: string): number | undefined {
    return this.#exact.get(name) ?? this.#folded.get(name.toUpperCase())
  }
}

function initialValue(field: ProtoField): () => Value {
  const { kind } = field
  if (field.entry !== undefined) return () => new Map()
  if (field.repeated) return () => []
  if (field.presence) return () => null
  if (kind.kind === 'enum') {
    const first = kind.type.valuesById[0] ?? Object.keys(kind.type.values)[0] ?? null
    return () => first
  }
  if (kind.kind !== 'scalar') return () => null
  const value = scalarInitial(kind.scalar, kind.initial)
  return () => (value instanceof Uint8Array ? value.slice() : value)
}

/** The value that an absent scalar has: proto2 schemas may declare it. */
function scalarInitial(scalar: ProtoScalar, declared: unknown): Value {
  switch (scalar) {
    case 'bool':
      return declared === true || declared === 'true'
    case 'string':
      return typeof declared === 'string' ? declared : ''
    case 'bytes':
      return (typeof declared === 'string' ? parseBase64(declared) : undefined) ?? new Uint8Array()
    case 'double':
    case 'float':
      return Number(declared ?? 0)
    default:
      return declared === undefined ? 0 : (parseInt64(String(declared)) ?? 0)
  }
}

function compileField(field: ProtoField, type: SqlType, column: number): FieldReader {
  const { entry } = field
  if (entry !== undefined) return compileEntry(entry, type, column, field.name)
  if (!field.repeated) {
    const read = compileValue(field.kind, type, field.name)
    const wireType = wireTypeOf(field.kind)
    return (reader, tag, row) => {
      checkWireType(tag, wireType)
      row[column] = read(reader)
    }
  }
  if (type.kind !== 'ARRAY') return mismatch(type, field.name)
  const read = compileValue(field.kind, type.element, field.name)
  const wireType = wireTypeOf(field.kind)
  return (reader, tag, row) => {
    const list = row[column] as Value[]
    if ((tag & 7) === WireTypes.BYTES && wireType !== WireTypes.BYTES) {
      const packed = reader.readNested()
      while (!packed.done) list.push(read(packed))
      return
    }
    checkWireType(tag, wireType)
    list.push(read(reader))
  }
}

function compileEntry(
  { key, value }: NonNullable<ProtoField['entry']>,
  type: SqlType,
  column: number,
  path: string,
): FieldReader {
  if (type.kind !== 'MAP' || !isText(key.kind)) return mismatch(type, path)
  const fields = [type.key, type.value]
  const readers = [key, value].map((field, i) => compileField(field, fields[i]!, i))
  const initial = [initialValue(key), initialValue(value)]
  return (reader, tag, row) => {
    checkWireType(tag, WireTypes.BYTES)
    const nested = reader.readNested()
    const pair: Value[] = initial.map((make) => make())
    while (!nested.done) {
      const inner = nested.readTag()
      const number = inner >>> 3
      if (number === key.number) readers[0]!(nested, inner, pair)
      else if (number === value.number) readers[1]!(nested, inner, pair)
      else nested.skip(inner)
    }
    const map = row[column] as Map<Value, Value>
    map.set(pair[0] ?? null, pair[1] ?? null)
  }
}

function mismatch(type: SqlType, path: string): () => never {
  return () => {
    throw new DeserializationError(
      `Protobuf: field "${path}" cannot be read as ${formatSqlType(type)}`,
    )
  }
}

function checkWireType(tag: number, expected: number): void {
  if ((tag & 7) !== expected)
    throw new ProtobufDecodeError(`field ${tag >>> 3} has wire type ${tag & 7}, not ${expected}`)
}

/** How values of a kind are delimited. */
export function wireTypeOf(kind: ProtoKind): number {
  if (kind.kind === 'enum') return WireTypes.VARINT
  return kind.kind === 'scalar' ? scalarWireType(kind.scalar) : WireTypes.BYTES
}

/** How a scalar is delimited. */
export function scalarWireType(scalar: ProtoScalar): number {
  switch (scalar) {
    case 'double':
    case 'fixed64':
    case 'sfixed64':
      return WireTypes.FIXED64
    case 'float':
    case 'fixed32':
    case 'sfixed32':
      return WireTypes.FIXED32
    case 'string':
    case 'bytes':
      return WireTypes.BYTES
    default:
      return WireTypes.VARINT
  }
}

function compileValue(kind: ProtoKind, type: SqlType, path: string): ValueReader {
  switch (kind.kind) {
    case 'scalar':
      return compileScalar(kind.scalar, type, path)
    case 'enum':
      if (type.kind !== 'STRING') return mismatch(type, path)
      return (reader) => {
        const number = reader.readInt32()
        return kind.type.valuesById[number] ?? String(number)
      }
    case 'wrapper': {
      const read = compileScalar(kind.scalar, type, path)
      const wireType = scalarWireType(kind.scalar)
      const initial = scalarInitial(kind.scalar, undefined)
      return (reader) => {
        let value: Value = initial instanceof Uint8Array ? initial.slice() : initial
        readFields(reader.readNested(), (nested, tag) => {
          if (tag >>> 3 !== 1) return false
          checkWireType(tag, wireType)
          value = read(nested)
          return true
        })
        return value
      }
    }
    case 'timestamp':
      if (type.kind !== 'TIMESTAMP') return mismatch(type, path)
      return (reader) => {
        const [seconds = 0, nanos = 0] = readNumbers(reader, 2)
        return requireWhole(seconds * 1000 + Math.floor(nanos / 1e6), path)
      }
    case 'date':
      if (type.kind !== 'DATE') return mismatch(type, path)
      return (reader) => {
        const [year = 0, month = 0, day = 0] = readNumbers(reader, 3)
        const date = new Date(0)
        date.setUTCFullYear(year, month - 1, day)
        return requireWhole(Math.floor(date.getTime() / 86_400_000), path)
      }
    case 'time':
      if (type.kind !== 'TIME') return mismatch(type, path)
      return (reader) => {
        const [hours = 0, minutes = 0, seconds = 0, nanos = 0] = readNumbers(reader, 4)
        const ms = ((hours * 60 + minutes) * 60 + seconds) * 1000 + Math.floor(nanos / 1e6)
        return requireWhole(ms, path)
      }
    case 'decimal':
      if (type.kind !== 'DECIMAL') return mismatch(type, path)
      return compileDecimal(type, kind.scale)
    case 'message': {
      if (type.kind !== 'STRUCT') return mismatch(type, path)
      const read = compileMessage(kind.type, type.fields)
      return (reader) => read(reader.readNested())
    }
  }
}

/** Calls `field` for each field and passes over those that it does not take. */
function readFields(
  reader: ProtoReader,
  field: (reader: ProtoReader, tag: number) => boolean,
): void {
  while (!reader.done) {
    const tag = reader.readTag()
    if (!field(reader, tag)) reader.skip(tag)
  }
}

/** A message whose fields are integers, numbered from 1. */
/** Times whose parts are beyond all bounds are none. */
function requireWhole(value: number, path: string): number {
  if (!Number.isSafeInteger(value)) {
    throw new DeserializationError(`Protobuf: field "${path}" holds no time`)
  }
  return value + 0
}

function readNumbers(reader: ProtoReader, count: number): number[] {
  const numbers = new Array<number>(count).fill(0)
  readFields(reader.readNested(), (nested, tag) => {
    const number = tag >>> 3
    if (number > count || (tag & 7) !== WireTypes.VARINT) return false
    numbers[number - 1] = Number(nested.readInt64())
    return true
  })
  return numbers
}

function compileDecimal(
  type: Extract<SqlType, { kind: 'DECIMAL' }>,
  schemaScale: number | undefined,
): ValueReader {
  return (reader) => {
    let bytes = new Uint8Array()
    let scale = schemaScale ?? 0
    readFields(reader.readNested(), (nested, tag) => {
      if (tag === ((1 << 3) | WireTypes.BYTES)) bytes = new Uint8Array(nested.readBytes())
      else if (tag === 3 << 3 && schemaScale === undefined) scale = nested.readInt32()
      else return false
      return true
    })
    if (scale < 0 || scale > 1000) throw new ProtobufDecodeError(`a decimal of scale ${scale}`)
    const decimal = { unscaled: decimalFromBytes(bytes), scale }
    const fitted = fitDecimal(decimal, type.precision, type.scale)
    if (fitted === undefined)
      throw new DeserializationError(
        `${formatDecimal(decimal)} does not fit ${formatSqlType(type)}`,
      )
    return fitted
  }
}

function compileScalar(scalar: ProtoScalar, type: SqlType, path: string): ValueReader {
  switch (type.kind) {
    case 'BOOLEAN':
      return scalar === 'bool' ? (reader) => reader.readBool() : mismatch(type, path)
    case 'INTEGER':
      return scalar === 'int32' || scalar === 'sint32' || scalar === 'sfixed32'
        ? integerReader(scalar)!
        : mismatch(type, path)
    case 'BIGINT':
      return integerReader(scalar) ?? mismatch(type, path)
    case 'DOUBLE':
      if (scalar === 'double') return (reader) => reader.readDouble()
      return scalar === 'float' ? (reader) => reader.readFloat() : mismatch(type, path)
    case 'STRING':
      return scalar === 'string' ? (reader) => reader.readString() : mismatch(type, path)
    case 'BYTES':
      return scalar === 'bytes' ? (reader) => reader.readBytes() : mismatch(type, path)
    default:
      return mismatch(type, path)
  }
}

function integerReader(scalar: ProtoScalar): ((reader: ProtoReader) => Int64) | undefined {
  switch (scalar) {
    case 'int32':
      return (reader) => reader.readInt32()
    case 'uint32':
      return (reader) => reader.readUint32()
    case 'sint32':
      return (reader) => reader.readSint32()
    case 'fixed32':
      return (reader) => int64FromNumber(reader.readFixed32())
    case 'sfixed32':
      return (reader) => reader.readSfixed32()
    case 'int64':
    case 'uint64':
      return (reader) => reader.readInt64()
    case 'sint64':
      return (reader) => reader.readSint64()
    case 'fixed64':
    case 'sfixed64':
      return (reader) => reader.readFixed64()
    default:
      return undefined
  }
}
