import { DeserializationError } from '@varve/base'

import { JsonNumber, parseLosslessJson, type LosslessJson } from '../json/lossless-json.ts'

/** Avro's primitive types by name. */
export type AvroPrimitive =
  'null' | 'boolean' | 'int' | 'long' | 'float' | 'double' | 'bytes' | 'string'

/** Attributes of a schema object besides its structure: `logicalType`, `scale`, `connect.name` … */
export type AvroProperties = ReadonlyMap<string, LosslessJson>

/** A field of a record. */
export interface AvroField {
  readonly name: string
  readonly schema: AvroSchema
  /** Undefined when the field has none; null is a default. */
  readonly defaultValue: LosslessJson | undefined
  readonly properties: AvroProperties
}

/** A parsed Avro schema; names are resolved, so a recursive schema is a cyclic graph. */
export type AvroSchema =
  | { readonly type: AvroPrimitive; readonly properties: AvroProperties }
  | {
      readonly type: 'fixed'
      /** With its namespace, as for all named types here. */
      readonly name: string
      readonly size: number
      readonly properties: AvroProperties
    }
  | {
      readonly type: 'enum'
      readonly name: string
      readonly symbols: readonly string[]
      readonly properties: AvroProperties
    }
  | { readonly type: 'array'; readonly items: AvroSchema; readonly properties: AvroProperties }
  | { readonly type: 'map'; readonly values: AvroSchema; readonly properties: AvroProperties }
  | {
      readonly type: 'record'
      readonly name: string
      readonly fields: readonly AvroField[]
      readonly properties: AvroProperties
    }
  | { readonly type: 'union'; readonly branches: readonly AvroSchema[] }

const NO_PROPERTIES: AvroProperties = new Map()
const PRIMITIVES: ReadonlySet<string> = new Set([
  'null',
  'boolean',
  'int',
  'long',
  'float',
  'double',
  'bytes',
  'string',
])

/**
 * Parses a schema. `references` are the texts of schemas it names, each after those it names itself.
 *
 * Source: Apache Avro specification 1.11, "Schema Declaration".
 *
 * @throws DeserializationError when the text is no Avro schema
 */
export function parseAvroSchema(text: string, references: readonly string[] = []): AvroSchema {
  const names = new Map<string, AvroSchema>()
  for (const reference of references) parse(parseLosslessJson(reference), '', names)
  return parse(parseLosslessJson(text), '', names)
}

function parse(json: LosslessJson, namespace: string, names: Map<string, AvroSchema>): AvroSchema {
  if (typeof json === 'string') return named(json, namespace, names, NO_PROPERTIES)
  if (Array.isArray(json)) {
    if (json.some((branch) => Array.isArray(branch))) fail('a union directly inside a union')
    return {
      type: 'union',
      branches: (json as readonly LosslessJson[]).map((branch) => parse(branch, namespace, names)),
    }
  }
  if (!(json instanceof Map)) return fail('a schema is a name, an object or an array')
  const object = json as ReadonlyMap<string, LosslessJson>
  const type = object.get('type')
  if (typeof type !== 'string') {
    if (type === undefined) return fail('a schema object without "type"')
    return parse(type, namespace, names)
  }
  switch (type) {
    case 'array':
      return {
        type,
        items: parse(object.get('items') ?? fail('an array without "items"'), namespace, names),
        properties: object,
      }
    case 'map':
      return {
        type,
        values: parse(object.get('values') ?? fail('a map without "values"'), namespace, names),
        properties: object,
      }
    case 'record':
    case 'error':
      return parseRecord(object, namespace, names)
    case 'enum': {
      const symbols = object.get('symbols')
      if (!Array.isArray(symbols) || symbols.some((symbol) => typeof symbol !== 'string'))
        return fail('an enum without "symbols"')
      const name = fullName(object, namespace)
      return define(names, {
        type,
        name,
        symbols: symbols as readonly string[],
        properties: object,
      })
    }
    case 'fixed': {
      const size = object.get('size')
      const bytes = size instanceof JsonNumber ? Number(size.text) : -1
      if (!Number.isSafeInteger(bytes) || bytes < 0) return fail('a fixed without "size"')
      return define(names, {
        type,
        name: fullName(object, namespace),
        size: bytes,
        properties: object,
      })
    }
    default:
      return named(type, namespace, names, object)
  }
}

function parseRecord(
  object: ReadonlyMap<string, LosslessJson>,
  namespace: string,
  names: Map<string, AvroSchema>,
): AvroSchema {
  const name = fullName(object, namespace)
  const fields: AvroField[] = []
  // Known by its name before its fields are read: they may mention it.
  const record = define(names, { type: 'record', name, fields, properties: object })
  const members = object.get('fields')
  if (!Array.isArray(members)) return fail(`record "${name}" without "fields"`)
  const inner = name.includes('.') ? name.slice(0, name.lastIndexOf('.')) : ''
  for (const member of members as readonly LosslessJson[]) {
    if (!(member instanceof Map)) return fail(`a field of record "${name}" is not an object`)
    const field = member as ReadonlyMap<string, LosslessJson>
    const fieldName = field.get('name')
    const fieldType = field.get('type')
    if (typeof fieldName !== 'string' || fieldType === undefined)
      return fail(`a field of record "${name}" without "name" or "type"`)
    fields.push({
      name: fieldName,
      schema: parse(fieldType, inner, names),
      defaultValue: field.get('default'),
      properties: field,
    })
  }
  return record
}

function named(
  name: string,
  namespace: string,
  names: Map<string, AvroSchema>,
  properties: AvroProperties,
): AvroSchema {
  if (PRIMITIVES.has(name)) return { type: name as AvroPrimitive, properties }
  const qualified = name.includes('.') || namespace === '' ? name : `${namespace}.${name}`
  return names.get(qualified) ?? names.get(name) ?? fail(`unknown type "${name}"`)
}

function define<T extends AvroSchema & { readonly name: string }>(
  names: Map<string, AvroSchema>,
  schema: T,
): T {
  if (names.has(schema.name)) return fail(`type "${schema.name}" is defined twice`)
  names.set(schema.name, schema)
  return schema
}

function fullName(object: ReadonlyMap<string, LosslessJson>, enclosing: string): string {
  const name = object.get('name')
  if (typeof name !== 'string' || name === '') return fail('a named type without "name"')
  if (name.includes('.')) return name
  const own = object.get('namespace')
  const namespace = typeof own === 'string' ? own : enclosing
  return namespace === '' ? name : `${namespace}.${name}`
}

function fail(message: string): never {
  throw new DeserializationError(`Avro schema: ${message}`)
}

/** A property that is text, else undefined. */
export function textProperty(properties: AvroProperties, name: string): string | undefined {
  const value = properties.get(name)
  return typeof value === 'string' ? value : undefined
}

/** A property that is a number or a number's text, else undefined. */
function numberProperty(properties: AvroProperties, name: string): number | undefined {
  const value = properties.get(name)
  const text = value instanceof JsonNumber ? value.text : value
  return typeof text === 'string' && /^-?\d{1,9}$/.test(text) ? Number(text) : undefined
}

/** The schema's meaning beyond its type, from Avro's `logicalType` or Connect's `connect.name`; undefined for none. */
export type AvroLogicalType =
  | { readonly kind: 'decimal'; readonly precision: number; readonly scale: number }
  | { readonly kind: 'date' | 'time-millis' | 'timestamp-millis' }

/** Precision of a Connect Decimal that does not tell its own. */
const DEFAULT_DECIMAL_PRECISION = 64

/** See {@link AvroLogicalType}. A logical type that does not fit its base type counts as none, as the specification says. */
export function avroLogicalType(schema: AvroSchema): AvroLogicalType | undefined {
  if (schema.type === 'union') return undefined
  const { properties } = schema
  const logical = textProperty(properties, 'logicalType')
  const connect = textProperty(properties, 'connect.name')
  switch (schema.type) {
    case 'bytes':
    case 'fixed': {
      if (logical !== 'decimal' && connect !== 'org.apache.kafka.connect.data.Decimal')
        return undefined
      const parameters = properties.get('connect.parameters')
      const connectParameters: AvroProperties =
        parameters instanceof Map ? parameters : NO_PROPERTIES
      const scale =
        numberProperty(properties, 'scale') ?? numberProperty(connectParameters, 'scale') ?? 0
      const precision =
        numberProperty(properties, 'precision') ??
        numberProperty(connectParameters, 'connect.decimal.precision') ??
        DEFAULT_DECIMAL_PRECISION
      return { kind: 'decimal', precision: Math.max(precision, scale, 1), scale }
    }
    case 'int':
      if (logical === 'date' || connect === 'org.apache.kafka.connect.data.Date')
        return { kind: 'date' }
      if (logical === 'time-millis' || connect === 'org.apache.kafka.connect.data.Time')
        return { kind: 'time-millis' }
      return undefined
    case 'long':
      if (logical === 'timestamp-millis' || connect === 'org.apache.kafka.connect.data.Timestamp')
        return { kind: 'timestamp-millis' }
      return undefined
    default:
      return undefined
  }
}

/** Key and value schemas of an array whose elements are Connect's map entries; undefined for any other schema. */
export function avroMapEntry(
  schema: AvroSchema,
): { readonly key: AvroSchema; readonly value: AvroSchema } | undefined {
  if (schema.type !== 'array' || schema.items.type !== 'record') return undefined
  const { fields, properties, name } = schema.items
  if (
    textProperty(properties, 'connect.internal.type') !== 'MapEntry' &&
    name !== 'io.confluent.connect.avro.MapEntry'
  )
    return undefined
  const key = fields[0]
  const value = fields[1]
  if (fields.length !== 2 || key?.name !== 'key' || value?.name !== 'value') return undefined
  return { key: key.schema, value: value.schema }
}
