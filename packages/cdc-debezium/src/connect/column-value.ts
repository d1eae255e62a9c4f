import { SqlTypes, type SqlType, type StructField } from '@varve/serde'

import { logicalTypes } from '../logical/logical-types.ts'
import { createStruct, ExactDecimal, type ColumnValue } from '../values/values.ts'
import {
  ConnectPairs,
  invalid,
  plainData,
  rawEntries,
  toConnectData,
  type ConnectData,
} from './connect-data.ts'
import type { ConnectSchema } from './connect-schema.ts'
import { isObject, type Raw, type RawObject } from './raw.ts'

/** Says, where propagated, what the database calls the column's type. */
const SOURCE_TYPE = '__debezium.source.column.type'

/**
 * Gives a raw value its meaning: base type and semantic type of the schema, structs and lists member by member. Without schema, what it looks
 * like.
 *
 * @throws ChangeDecodeError `invalid-value` with the path
 */
export function decodeValue(
  schema: ConnectSchema | undefined,
  raw: Raw,
  path: string,
): ColumnValue {
  if (raw === null) return null
  if (schema === undefined)
    return typeof raw === 'object' ? plainValue(plainData(raw)) : (raw as ColumnValue)
  const logical = schema.name === undefined ? undefined : logicalTypes.get(schema.name)
  if (logical !== undefined) return logical.decode(toConnectData(schema, raw, path), schema, path)
  switch (schema.type) {
    case 'struct': {
      if (!isObject(raw)) return invalid(path, 'no struct')
      return decodeStruct(schema, raw, path)
    }
    case 'array':
      if (!Array.isArray(raw)) return invalid(path, 'no array')
      return (raw as readonly Raw[]).map((element, i) =>
        decodeValue(schema.values, element, `${path}[${i}]`),
      )
    case 'int64': {
      const value = toConnectData(schema, raw, path) as bigint
      return value < 0n && isUnsigned(schema) ? value + (1n << 64n) : value
    }
    case 'map':
      return decodeMap(schema, raw, path)
    default:
      return plainValue(toConnectData(schema, raw, path))
  }
}

/** Members of a struct under their own names; members that were not sent are absent. */
export function decodeStruct(
  schema: ConnectSchema | undefined,
  raw: RawObject,
  path: string,
  decodeMember: (
    schema: ConnectSchema | undefined,
    raw: Raw,
    path: string,
    name: string,
  ) => ColumnValue = decodeValue,
): { [name: string]: ColumnValue } {
  const struct = createStruct(schema?.fields.length ?? raw.size)
  if (schema === undefined) {
    raw.forEach((member, name) => {
      struct[name] = decodeMember(undefined, member, `${path}.${name}`, name)
    })
    return struct
  }
  for (const field of schema.fields) {
    const member = raw.get(field.name)
    if (member !== undefined)
      struct[field.name] = decodeMember(field.schema, member, `${path}.${field.name}`, field.name)
  }
  return struct
}

/** Keys and values with their own meanings. */
function decodeMap(
  schema: ConnectSchema,
  raw: Raw,
  path: string,
): ReadonlyMap<ColumnValue, ColumnValue> {
  const map = new Map<ColumnValue, ColumnValue>()
  for (const { key, value, at } of rawEntries(raw, path))
    map.set(decodeValue(schema.keys, key, path), decodeValue(schema.values, value, at))
  return map
}

/** Whether the database calls the column unsigned. */
export function isUnsigned(schema: ConnectSchema): boolean {
  return schema.parameters.get(SOURCE_TYPE)?.toUpperCase().includes('UNSIGNED') === true
}

/** A value of Connect's model without a meaning beyond its type. */
function plainValue(data: ConnectData): ColumnValue {
  if (typeof data !== 'object' || data === null) return data
  if (data instanceof Uint8Array) return data
  if (data instanceof ConnectPairs) {
    const map = new Map<ColumnValue, ColumnValue>()
    for (const [key, member] of data.pairs) map.set(plainValue(key), plainValue(member))
    return map
  }
  if (Array.isArray(data)) return (data as readonly ConnectData[]).map(plainValue)
  if (data instanceof Map) {
    const struct = createStruct()
    for (const [name, member] of data as ReadonlyMap<string, ConnectData>)
      struct[name] = plainValue(member)
    return struct
  }
  const decimal = data as { readonly unscaled: bigint; readonly scale: number }
  return new ExactDecimal(decimal.unscaled, decimal.scale)
}

/** SQL type of a column of this schema; undefined where the schema is unknown in part. Names of struct fields become upper case. */
export function sqlTypeOf(schema: ConnectSchema | undefined): SqlType | undefined {
  if (schema === undefined) return undefined
  const logical = schema.name === undefined ? undefined : logicalTypes.get(schema.name)
  if (logical !== undefined) return logical.sqlType(schema)
  switch (schema.type) {
    case 'boolean':
      return SqlTypes.BOOLEAN
    case 'int8':
    case 'int16':
    case 'int32':
      return SqlTypes.INTEGER
    case 'int64': {
      const declared = schema.parameters.get(SOURCE_TYPE)?.toUpperCase()
      return declared !== undefined && declared.includes('BIGINT') && declared.includes('UNSIGNED')
        ? { kind: 'DECIMAL', precision: 20, scale: 0 }
        : SqlTypes.BIGINT
    }
    case 'float':
    case 'double':
      return SqlTypes.DOUBLE
    case 'string':
      return SqlTypes.STRING
    case 'bytes':
      return SqlTypes.BYTES
    case 'array': {
      const element = sqlTypeOf(schema.values)
      return element === undefined ? undefined : { kind: 'ARRAY', element }
    }
    case 'map': {
      const value = sqlTypeOf(schema.values)
      return value === undefined ? undefined : { kind: 'MAP', key: SqlTypes.STRING, value }
    }
    case 'struct': {
      const fields: StructField[] = []
      for (const field of schema.fields) {
        const type = sqlTypeOf(field.schema)
        if (type === undefined) return undefined
        fields.push({ name: field.name.toUpperCase(), type })
      }
      return { kind: 'STRUCT', fields }
    }
  }
}
