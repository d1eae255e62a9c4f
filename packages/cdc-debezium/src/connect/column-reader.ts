import { logicalTypes } from '../logical/logical-types.ts'
import type { ColumnValue } from '../values/values.ts'
import { decodeValue, isUnsigned } from './column-value.ts'
import { toConnectData } from './connect-data.ts'
import type { ConnectSchema } from './connect-schema.ts'
import type { Raw } from './raw.ts'

/** Gives a raw value its meaning. `path` is for errors. @throws ChangeDecodeError `invalid-value` */
export type ColumnReader = (raw: Raw, path: string) => ColumnValue

const readPlain: ColumnReader = (raw, path) => decodeValue(undefined, raw, path)

/**
 * `decodeValue` with its schema looked at once: each reader takes the values that converters write the short way, and leaves all others to the
 * long one. (Hot.)
 */
export function compileColumnReader(schema: ConnectSchema | undefined): ColumnReader {
  if (schema === undefined) return readPlain
  const logical = schema.name === undefined ? undefined : logicalTypes.get(schema.name)
  if (logical !== undefined) {
    const long: ColumnReader = (raw, path) =>
      raw === null ? null : logical.decode(toConnectData(schema, raw, path), schema, path)
    const short = logical.short?.(schema)
    return short === undefined ? long : (raw, path) => short(raw) ?? long(raw, path)
  }
  switch (schema.type) {
    case 'boolean':
      return (raw, path) => (typeof raw === 'boolean' ? raw : decodeValue(schema, raw, path))
    case 'string':
      return (raw, path) => (typeof raw === 'string' ? raw : decodeValue(schema, raw, path))
    case 'float':
    case 'double':
      return (raw, path) => (typeof raw === 'number' ? raw : decodeValue(schema, raw, path))
    case 'int32':
      return (raw, path) =>
        typeof raw === 'number' && raw === (raw | 0) ? raw : decodeValue(schema, raw, path)
    case 'int64':
      if (isUnsigned(schema)) break
      return (raw, path) =>
        typeof raw === 'number' && Number.isSafeInteger(raw)
          ? BigInt(raw)
          : decodeValue(schema, raw, path)
    default:
  }
  return (raw, path) => decodeValue(schema, raw, path)
}
