import { int64FromNumber, type Int64 } from '../bigint64.ts'
import {
  decimalFromBytes,
  decimalFromInteger,
  decimalFromNumber,
  fitDecimal,
  formatDecimal,
} from '../decimal.ts'
import type { Columns } from '../schema.ts'
import type { SqlType, StructField } from '../sql-type.ts'
import { formatSqlType } from '../sql-type-text.ts'
import { formatDouble } from '../text/double-text.ts'
import type { Decimal, Row, Value } from '../value.ts'
import { AvroDecodeError, type AvroReader } from './avro-bytes.ts'
import { readAvro } from './avro-value.ts'
import { avroLogicalType, avroMapEntry, textProperty, type AvroSchema } from './avro-schema.ts'

/** Reads one value of a writer's schema as one SQL type. */
type AvroColumnReader = (reader: AvroReader) => Value

/**
 * Reader of a writer's record into a row. Fields go to columns of exactly their name, else of its upper-case form; others are passed over,
 * columns without a field are null. A field whose type cannot become the column's makes the record unreadable.
 */
export function compileAvroRowReader(
  writer: AvroSchema,
  columns: Columns,
  wrapped: boolean,
): (reader: AvroReader) => Row | null {
  if (!wrapped) {
    const single = compileColumn(writer, columns[0]!.type)
    return (reader) => {
      const value = single(reader)
      return value === null ? null : [value]
    }
  }
  const record = compileColumn(writer, { kind: 'STRUCT', fields: columns })
  return (reader) => record(reader) as Row | null
}

function compileColumn(writer: AvroSchema, type: SqlType): AvroColumnReader {
  if (writer.type === 'null') return () => null
  if (writer.type === 'union') return compileUnion(writer.branches, type)
  const read = compile(writer, type)
  if (read !== undefined) return read
  const message = `${writer.type} cannot be read as ${formatSqlType(type)}`
  return () => {
    throw new AvroDecodeError('invalid', message)
  }
}

function compileUnion(branches: readonly AvroSchema[], type: SqlType): AvroColumnReader {
  const others = branches.filter((branch) => branch.type !== 'null')
  // A union of several types is a struct with one member for each, of which one is not null.
  const readers =
    others.length > 1 && type.kind === 'STRUCT'
      ? branches.map((branch) => compileUnionMember(branch, type.fields))
      : branches.map((branch) => compileColumn(branch, type))
  const count = readers.length
  return (reader) => readers[reader.readBranch(count)]!(reader)
}

function compileUnionMember(branch: AvroSchema, fields: readonly StructField[]): AvroColumnReader {
  if (branch.type === 'null') return () => null
  const name = unionMemberName(branch)
  const index = matchField(name, fields)
  if (index < 0) {
    return (reader) => {
      readAvro(branch, reader)
      return fields.map(() => null)
    }
  }
  const read = compileColumn(branch, fields[index]!.type)
  return (reader) => {
    const struct: Value[] = fields.map(() => null)
    struct[index] = read(reader)
    return struct
  }
}

/** Name of a union's branch as a struct member: its type, or its own name without namespace. */
export function unionMemberName(branch: AvroSchema): string {
  if (branch.type === 'record' || branch.type === 'enum' || branch.type === 'fixed')
    return branch.name.slice(branch.name.lastIndexOf('.') + 1)
  return branch.type
}

function matchField(name: string, fields: readonly StructField[]): number {
  const exact = fields.findIndex((field) => field.name === name)
  if (exact >= 0) return exact
  const upper = name.toUpperCase()
  return fields.findIndex((field) => field.name === upper)
}

function compile(writer: AvroSchema, type: SqlType): AvroColumnReader | undefined {
  switch (type.kind) {
    case 'BOOLEAN':
      return writer.type === 'boolean' ? (reader) => reader.readBoolean() : undefined
    case 'INTEGER':
    case 'DATE':
    case 'TIME':
      return writer.type === 'int' ? (reader) => reader.readInt() : undefined
    case 'BIGINT':
      if (writer.type === 'int') return (reader) => reader.readInt()
      return writer.type === 'long' ? (reader) => reader.readLong() : undefined
    case 'TIMESTAMP': {
      if (writer.type === 'int') return (reader) => reader.readInt()
      if (writer.type !== 'long') return undefined
      if (textProperty(writer.properties, 'logicalType') === 'timestamp-micros')
        return (reader) => floorMillis(reader.readLong())
      return (reader) => reader.readLong()
    }
    case 'DOUBLE':
      switch (writer.type) {
        case 'double':
          return (reader) => reader.readDouble()
        case 'float':
          return (reader) => reader.readFloat()
        case 'int':
          return (reader) => reader.readInt()
        case 'long':
          return (reader) => Number(reader.readLong())
        default:
          return undefined
      }
    case 'DECIMAL':
      return compileDecimal(writer, type.precision, type.scale)
    case 'STRING':
      return compileString(writer)
    case 'BYTES':
      if (writer.type === 'bytes') return (reader) => reader.readBytes()
      return writer.type === 'fixed' ? (reader) => reader.readFixed(writer.size) : undefined
    case 'ARRAY': {
      if (writer.type !== 'array') return undefined
      const element = compileColumn(writer.items, type.element)
      return (reader) => {
        const elements: Value[] = []
        reader.readBlocks(() => {
          elements.push(element(reader))
        })
        return elements
      }
    }
    case 'MAP':
      return compileMap(writer, type.key, type.value)
    case 'STRUCT':
      return writer.type === 'record' ? compileRecord(writer.fields, type.fields) : undefined
  }
}

function compileRecord(
  writerFields: readonly { readonly name: string; readonly schema: AvroSchema }[],
  fields: readonly StructField[],
): AvroColumnReader {
  // Exact spellings first: another spelling of a column that has one is passed over.
  const taken = new Set<number>()
  for (const field of writerFields) {
    const exact = fields.findIndex((candidate) => candidate.name === field.name)
    if (exact >= 0) taken.add(exact)
  }
  const steps = writerFields.map((field) => {
    let index = matchField(field.name, fields)
    if (index >= 0 && fields[index]!.name !== field.name) {
      if (taken.has(index)) index = -1
      else taken.add(index)
    }
    return {
      index,
      read:
        index >= 0
          ? compileColumn(field.schema, fields[index]!.type)
          : (reader: AvroReader): Value => {
              readAvro(field.schema, reader)
              return null
            },
    }
  })
  const count = fields.length
  return (reader) => {
    const row: Value[] = []
    for (let i = 0; i < count; i++) row.push(null)
    for (const step of steps) {
      const value = step.read(reader)
      if (step.index >= 0) row[step.index] = value
    }
    return row
  }
}

function compileMap(
  writer: AvroSchema,
  keyType: SqlType,
  valueType: SqlType,
): AvroColumnReader | undefined {
  if (keyType.kind !== 'STRING') return undefined
  if (writer.type === 'map') {
    const value = compileColumn(writer.values, valueType)
    return (reader) => {
      const map = new Map<Value, Value>()
      reader.readBlocks(() => {
        const key = reader.readString()
        map.set(key, value(reader))
      })
      return map
    }
  }
  const entry = avroMapEntry(writer)
  if (entry === undefined) return undefined
  const key = compileColumn(entry.key, keyType)
  const value = compileColumn(entry.value, valueType)
  return (reader) => {
    const map = new Map<Value, Value>()
    reader.readBlocks(() => {
      const name = key(reader)
      map.set(name, value(reader))
    })
    return map
  }
}

function compileDecimal(
  writer: AvroSchema,
  precision: number,
  scale: number,
): AvroColumnReader | undefined {
  const read = decimalSource(writer)
  if (read === undefined) return undefined
  return (reader) => {
    const decimal = read(reader)
    const fitted = decimal === undefined ? undefined : fitDecimal(decimal, precision, scale)
    if (fitted === undefined)
      throw new AvroDecodeError(
        'invalid',
        `${decimal === undefined ? 'NaN' : formatDecimal(decimal)} does not fit DECIMAL(${precision}, ${scale})`,
      )
    return fitted
  }
}

function decimalSource(
  writer: AvroSchema,
): ((reader: AvroReader) => Decimal | undefined) | undefined {
  switch (writer.type) {
    case 'int':
    case 'long':
      return (reader) => decimalFromInteger(reader.readLong())
    case 'float':
      return (reader) => decimalFromNumber(reader.readFloat())
    case 'double':
      return (reader) => decimalFromNumber(reader.readDouble())
    case 'bytes':
    case 'fixed': {
      const logical = avroLogicalType(writer)
      if (logical?.kind !== 'decimal') return undefined
      const { scale } = logical
      const bytes = writer.type === 'fixed' ? writer.size : undefined
      return (reader) => ({
        unscaled: decimalFromBytes(
          bytes === undefined ? reader.readBytes() : reader.readFixed(bytes),
        ),
        scale,
      })
    }
    default:
      return undefined
  }
}

function compileString(writer: AvroSchema): AvroColumnReader | undefined {
  switch (writer.type) {
    case 'string':
      return (reader) => reader.readString()
    case 'enum':
      return (reader) => readAvro(writer, reader) as string
    case 'int':
    case 'long':
    case 'boolean':
      return (reader) => String(readAvro(writer, reader) as Int64 | boolean)
    case 'float':
    case 'double':
      return (reader) => formatDouble(readAvro(writer, reader) as number)
    default:
      return undefined
  }
}

function floorMillis(micros: Int64): number {
  if (typeof micros === 'number') return Math.floor(micros / 1000)
  const rest = ((micros % 1000n) + 1000n) % 1000n
  return int64FromNumber(Number((micros - rest) / 1000n)) as number
}
