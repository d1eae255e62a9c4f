import type { AvroWriter } from '@varve/serde'

import type { ConnectSchema } from '../connect/connect-schema.ts'
import type { WireValue } from './wire-value.ts'
import { versionOf } from './write-json.ts'

const PRIMITIVES: Readonly<Record<string, string>> = {
  boolean: 'boolean',
  int8: 'int',
  int16: 'int',
  int32: 'int',
  int64: 'long',
  float: 'float',
  double: 'double',
  bytes: 'bytes',
  string: 'string',
}

/** The Avro schema of a Connect schema, as Confluent's converter writes it: semantic names in `connect.name`, a struct used again by name. */
export function avroSchemaOf(schema: ConnectSchema): unknown {
  return new AvroNames().schemaOf(schema)
}

class AvroNames {
  readonly #written = new Set<string>()
  #unnamed = 0

  schemaOf(schema: ConnectSchema): unknown {
    return schema.optional ? ['null', this.#branch(schema)] : this.#branch(schema)
  }

  #branch(schema: ConnectSchema): unknown {
    const common = {
      ...(schema.parameters.size === 0
        ? {}
        : { 'connect.parameters': Object.fromEntries(schema.parameters) }),
      ...(schema.name === undefined
        ? {}
        : { 'connect.version': versionOf(schema.name), 'connect.name': schema.name }),
    }
    switch (schema.type) {
      case 'array':
        return { type: 'array', items: this.schemaOf(schema.values!), ...common }
      case 'map':
        return { type: 'map', values: this.schemaOf(schema.values!), ...common }
      case 'struct':
        return this.#record(schema, common)
      default:
        return primitive(schema, common)
    }
  }

  #record(schema: ConnectSchema, common: object): unknown {
    const full = avroName(schema.name ?? this.#nextUnnamed())
    if (this.#written.has(full)) return full
    this.#written.add(full)
    const dot = full.lastIndexOf('.')
    return {
      type: 'record',
      name: full.slice(dot + 1),
      ...(dot < 0 ? {} : { namespace: full.slice(0, dot) }),
      fields: schema.fields.map((field) => ({
        name: avroIdentifier(field.name),
        type: this.schemaOf(field.schema!),
        ...(field.schema!.optional ? { default: null } : {}),
      })),
      ...common,
    }
  }

  #nextUnnamed(): string {
    this.#unnamed++
    return `io.confluent.connect.avro.ConnectDefault${this.#unnamed === 1 ? '' : this.#unnamed}`
  }
}

function primitive(schema: ConnectSchema, common: object): unknown {
  const type = PRIMITIVES[schema.type]!
  const decimal =
    schema.name === 'org.apache.kafka.connect.data.Decimal'
      ? {
          scale: Number(schema.parameters.get('scale') ?? 0),
          precision: Number(schema.parameters.get('connect.decimal.precision') ?? 64),
          logicalType: 'decimal',
        }
      : {}
  const narrow =
    schema.type === 'int8' || schema.type === 'int16' ? { 'connect.type': schema.type } : {}
  const all = { type, ...decimal, ...narrow, ...common }
  return Object.keys(all).length === 1 ? type : all
}

/** Each part of a dotted name made a name of Avro. */
function avroName(name: string): string {
  return name.split('.').map(avroIdentifier).join('.')
}

/** What Avro does not allow becomes an underscore, as Debezium's name adjustment does. */
function avroIdentifier(name: string): string {
  const allowed = name.replaceAll(/[^A-Za-z0-9_]/g, '_')
  return /^[A-Za-z_]/.test(allowed) ? allowed : `_${allowed}`
}

/** Writes a value by its schema. */
export function writeAvroValue(writer: AvroWriter, schema: ConnectSchema, value: WireValue): void {
  if (schema.optional) {
    writer.writeLong(value === null ? 0 : 1)
    if (value === null) return
  }
  switch (schema.type) {
    case 'boolean':
      return writer.writeBoolean(value as boolean)
    case 'int8':
    case 'int16':
    case 'int32':
    case 'int64':
      return writer.writeLong(value as number | bigint)
    case 'float':
      return writer.writeFloat(value as number)
    case 'double':
      return writer.writeDouble(value as number)
    case 'string':
      return writer.writeString(value as string)
    case 'bytes':
      return writer.writeBytes(value as Uint8Array)
    case 'array': {
      const list = value as readonly WireValue[]
      if (list.length > 0) writer.writeLong(list.length)
      for (const item of list) writeAvroValue(writer, schema.values!, item)
      return writer.writeLong(0)
    }
    case 'map': {
      const map = value as ReadonlyMap<string, WireValue>
      if (map.size > 0) writer.writeLong(map.size)
      for (const [key, member] of map) {
        writer.writeString(key)
        writeAvroValue(writer, schema.values!, member)
      }
      return writer.writeLong(0)
    }
    case 'struct':
      schema.fields.forEach((field, i) =>
        writeAvroValue(writer, field.schema!, (value as readonly WireValue[])[i]!),
      )
  }
}
