import { SerializationError } from '@varve/base'

import type { Int64 } from '../bigint64.ts'
import { decimalToBytes, requireDecimal } from '../decimal.ts'
import { JsonNumber, type LosslessJson } from '../json/lossless-json.ts'
import type { Columns } from '../schema.ts'
import type { SqlType, StructField } from '../sql-type.ts'
import { formatSqlType } from '../sql-type-text.ts'
import type { Decimal, Row, Value } from '../value.ts'
import type { AvroWriter } from './avro-bytes.ts'
import { avroLogicalType, avroMapEntry, type AvroField, type AvroSchema } from './avro-schema.ts'

type ColumnWriter = (value: Value, writer: AvroWriter) => void

/**
 * Writer of a row in a given schema. Columns go to fields of exactly their name, else of the same name in upper case; a field without column
 * gets its default.
 *
 * @throws SerializationError when the schema cannot hold the columns
 */
export function compileAvroRowWriter(
  schema: AvroSchema,
  columns: Columns,
  wrapped: boolean,
): (row: Row, writer: AvroWriter) => void {
  if (!wrapped) {
    const write = compile(schema, columns[0]!.type, columns[0]!.name)
    return (row, writer) => write(row[0] ?? null, writer)
  }
  const write = compile(schema, { kind: 'STRUCT', fields: columns }, '')
  return write
}

function compile(schema: AvroSchema, type: SqlType, path: string): ColumnWriter {
  if (schema.type === 'union') return compileUnion(schema.branches, type, path)
  const write = tryCompile(schema, type, path)
  if (write === undefined) return refuse(schema, type, path)
  return (value, writer) => {
    if (value === null) throw new SerializationError(`Avro: field "${path}" must not be null`)
    write(value, writer)
  }
}

function refuse(schema: AvroSchema, type: SqlType, path: string): never {
  throw new SerializationError(
    `Avro: ${formatSqlType(type)} of "${path}" cannot be written as ${schema.type}`,
  )
}

function compileUnion(branches: readonly AvroSchema[], type: SqlType, path: string): ColumnWriter {
  const nullBranch = branches.findIndex((branch) => branch.type === 'null')
  for (const [index, branch] of branches.entries()) {
    const write = branch.type === 'union' ? undefined : tryCompile(branch, type, path)
    if (write === undefined) continue
    return (value, writer) => {
      if (value !== null) {
        writer.writeLong(index)
        write(value, writer)
      } else if (nullBranch >= 0) writer.writeLong(nullBranch)
      else throw new SerializationError(`Avro: field "${path}" must not be null`)
    }
  }
  return refuse({ type: 'union', branches }, type, path)
}

/** Writer of values that are not null; undefined when the types do not go together. */
function tryCompile(schema: AvroSchema, type: SqlType, path: string): ColumnWriter | undefined {
  switch (type.kind) {
    case 'BOOLEAN':
      return schema.type === 'boolean'
        ? (value, writer) => writer.writeBoolean(value as boolean)
        : undefined
    case 'INTEGER':
    case 'DATE':
    case 'TIME':
      return schema.type === 'int' || (schema.type === 'long' && type.kind === 'INTEGER')
        ? (value, writer) => writer.writeLong(value as number)
        : undefined
    case 'BIGINT':
    case 'TIMESTAMP':
      return schema.type === 'long'
        ? (value, writer) => writer.writeLong(value as Int64)
        : undefined
    case 'DOUBLE':
      if (schema.type === 'double') return (value, writer) => writer.writeDouble(value as number)
      return schema.type === 'float'
        ? (value, writer) => writer.writeFloat(value as number)
        : undefined
    case 'STRING':
      if (schema.type === 'string') return (value, writer) => writer.writeString(value as string)
      if (schema.type !== 'enum') return undefined
      return (value, writer) => {
        const index = schema.symbols.indexOf(value as string)
        if (index < 0)
          throw new SerializationError(`Avro: ${JSON.stringify(value)} is no symbol of "${path}"`)
        writer.writeLong(index)
      }
    case 'BYTES':
      if (schema.type === 'bytes') return (value, writer) => writer.writeBytes(value as Uint8Array)
      return schema.type === 'fixed'
        ? (value, writer) => writer.writeFixed(requireSize(value as Uint8Array, schema.size, path))
        : undefined
    case 'DECIMAL': {
      const logical = avroLogicalType(schema)
      if (logical?.kind !== 'decimal') return undefined
      const encode = (value: Value): Uint8Array =>
        decimalToBytes(requireDecimal(value as Decimal, logical.precision, logical.scale).unscaled)
      if (schema.type !== 'fixed') return (value, writer) => writer.writeBytes(encode(value))
      return (value, writer) => writer.writeFixed(signExtend(encode(value), schema.size, path))
    }
    case 'ARRAY': {
      if (schema.type !== 'array') return undefined
      const element = compile(schema.items, type.element, path)
      return (value, writer) => {
        const elements = value as readonly Value[]
        if (elements.length > 0) {
          writer.writeLong(elements.length)
          for (const item of elements) element(item, writer)
        }
        writer.writeByte(0)
      }
    }
    case 'MAP':
      return compileMap(schema, type.key, type.value, path)
    case 'STRUCT':
      return schema.type === 'record' ? compileRecord(schema.fields, type.fields, path) : undefined
  }
}

function compileRecord(
  schemaFields: readonly AvroField[],
  fields: readonly StructField[],
  path: string,
): ColumnWriter {
  const steps = schemaFields.map((field) => {
    const inner = path === '' ? field.name : `${path}.${field.name}`
    let index = fields.findIndex((candidate) => candidate.name === field.name)
    if (index < 0)
      index = fields.findIndex((candidate) => candidate.name === field.name.toUpperCase())
    if (index >= 0) {
      const write = compile(field.schema, fields[index]!.type, inner)
      return { index, write: orDefault(field, write) }
    }
    if (field.defaultValue === undefined) {
      return {
        index: -1,
        write: (): void => {
          throw new SerializationError(`Avro: field "${inner}" has neither a column nor a default`)
        },
      }
    }
    const { schema, defaultValue } = field
    return {
      index: -1,
      write: (_: Value, writer: AvroWriter): void => writeDefault(schema, defaultValue, writer),
    }
  })
  const used = new Set(steps.map((step) => step.index))
  const missing = fields.find((_, i) => !used.has(i))
  if (missing !== undefined)
    throw new SerializationError(`Avro: the schema has no field for "${missing.name}"`)
  return (value, writer) => {
    const row = value as readonly Value[]
    for (const step of steps) step.write(row[step.index] ?? null, writer)
  }
}

/** A null in a field that has a default of its own is that default. */
function orDefault({ schema, defaultValue }: AvroField, write: ColumnWriter): ColumnWriter {
  if (defaultValue === undefined || defaultValue === null) return write
  return (value, writer) => {
    if (value === null) writeDefault(schema, defaultValue, writer)
    else write(value, writer)
  }
}

function compileMap(
  schema: AvroSchema,
  keyType: SqlType,
  valueType: SqlType,
  path: string,
): ColumnWriter | undefined {
  if (keyType.kind !== 'STRING') return undefined
  const entry = avroMapEntry(schema)
  const valueSchema = schema.type === 'map' ? schema.values : entry?.value
  if (valueSchema === undefined) return undefined
  const writeKey: ColumnWriter =
    entry === undefined
      ? (key, writer) => writer.writeString(key as string)
      : compile(entry.key, keyType, path)
  const writeValue = compile(valueSchema, valueType, path)
  return (value, writer) => {
    const map = value as ReadonlyMap<Value, Value>
    if (map.size > 0) {
      writer.writeLong(map.size)
      for (const [key, member] of map) {
        writeKey(key, writer)
        writeValue(member, writer)
      }
    }
    writer.writeByte(0)
  }
}

/** Writes a default as schemas note it: of a union, a value of its first branch; bytes as Latin-1 text. */
function writeDefault(schema: AvroSchema, json: LosslessJson, writer: AvroWriter): void {
  switch (schema.type) {
    case 'null':
      return
    case 'union':
      writer.writeLong(0)
      writeDefault(schema.branches[0]!, json, writer)
      return
    case 'boolean':
      writer.writeBoolean(json === true)
      return
    case 'int':
    case 'long':
      writer.writeLong(json instanceof JsonNumber ? (BigInt(json.text) as Int64) : 0)
      return
    case 'float':
      writer.writeFloat(json instanceof JsonNumber ? Number(json.text) : Number(json))
      return
    case 'double':
      writer.writeDouble(json instanceof JsonNumber ? Number(json.text) : Number(json))
      return
    case 'string':
      writer.writeString(typeof json === 'string' ? json : '')
      return
    case 'bytes':
      writer.writeBytes(Buffer.from(String(json), 'latin1'))
      return
    case 'fixed':
      writer.writeFixed(requireSize(Buffer.from(String(json), 'latin1'), schema.size, schema.name))
      return
    case 'enum':
      writer.writeLong(Math.max(0, schema.symbols.indexOf(String(json))))
      return
    case 'array':
      if (Array.isArray(json) && json.length > 0) {
        writer.writeLong(json.length)
        for (const element of json as readonly LosslessJson[])
          writeDefault(schema.items, element, writer)
      }
      writer.writeByte(0)
      return
    case 'map':
      if (json instanceof Map && json.size > 0) {
        writer.writeLong(json.size)
        for (const [name, member] of json as ReadonlyMap<string, LosslessJson>) {
          writer.writeString(name)
          writeDefault(schema.values, member, writer)
        }
      }
      writer.writeByte(0)
      return
    case 'record':
      for (const field of schema.fields) {
        const member = json instanceof Map ? (json.get(field.name) as LosslessJson) : undefined
        const value = member ?? field.defaultValue
        if (value === undefined)
          throw new SerializationError(`Avro: field "${field.name}" has no default`)
        writeDefault(field.schema, value, writer)
      }
  }
}

function requireSize(bytes: Uint8Array, size: number, path: string): Uint8Array {
  if (bytes.length !== size)
    throw new SerializationError(`Avro: "${path}" takes ${size} bytes, there are ${bytes.length}`)
  return bytes
}

function signExtend(bytes: Uint8Array, size: number, path: string): Uint8Array {
  if (bytes.length > size) return requireSize(bytes, size, path)
  const extended = new Uint8Array(size).fill(bytes[0]! >= 0x80 ? 0xff : 0)
  extended.set(bytes, size - bytes.length)
  return extended
}
