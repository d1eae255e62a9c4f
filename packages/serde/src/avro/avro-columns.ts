import { UnsupportedError } from '@varve/base'

import {
  anonymousSchema,
  ColumnCollector,
  type ColumnInferenceOptions,
  type InferredColumns,
} from '../inference.ts'
import { SqlTypes, type SqlType, type StructField } from '../sql-type.ts'
import { unionMemberName } from './avro-row-reader.ts'
import { avroLogicalType, avroMapEntry, type AvroSchema } from './avro-schema.ts'

/**
 * Columns of an Avro schema, by the dialect's rules: fields of the record in upper case, a bare value as ROWVAL, a bare key as ROWKEY.
 *
 * @throws UnsupportedError when a wrapped side is no record, or no column is left
 */
export function columnsFromAvroSchema(
  schema: AvroSchema,
  options: ColumnInferenceOptions,
): InferredColumns {
  const collector = new ColumnCollector(options)
  const inference = new Inference(collector)
  if (!collector.wrapped) {
    collector.bare((name) => inference.type(schema, name))
    return collector.finish()
  }
  const record = optional(schema)
  if (record.type !== 'record') throw new UnsupportedError(anonymousSchema)
  collector.columns.push(...inference.fields(record, ''))
  return collector.finish()
}

/** What a union of null and one other type is besides null. */
function optional(schema: AvroSchema): AvroSchema {
  if (schema.type !== 'union') return schema
  const others = schema.branches.filter((branch) => branch.type !== 'null')
  return others.length === 1 ? others[0]! : schema
}

class Inference {
  readonly #collector: ColumnCollector
  readonly #open = new Set<AvroSchema>()

  constructor(collector: ColumnCollector) {
    this.#collector = collector
  }

  fields(record: AvroSchema & { readonly type: 'record' }, path: string): StructField[] {
    const fields: StructField[] = []
    this.#open.add(record)
    for (const field of record.fields) {
      const type = this.type(field.schema, path === '' ? field.name : `${path}.${field.name}`)
      if (type !== undefined) fields.push({ name: this.#collector.name(field.name), type })
    }
    this.#open.delete(record)
    return fields
  }

  /** Undefined, and noted, when no SQL type holds the values. */
  type(declared: AvroSchema, path: string): SqlType | undefined {
    const schema = optional(declared)
    const logical = avroLogicalType(schema)
    switch (schema.type) {
      case 'boolean':
        return SqlTypes.BOOLEAN
      case 'int':
        if (logical === undefined) return SqlTypes.INTEGER
        return logical.kind === 'date' ? SqlTypes.DATE : SqlTypes.TIME
      case 'long':
        return logical === undefined ? SqlTypes.BIGINT : SqlTypes.TIMESTAMP
      case 'float':
      case 'double':
        return SqlTypes.DOUBLE
      case 'string':
      case 'enum':
        return SqlTypes.STRING
      case 'bytes':
      case 'fixed':
        if (logical?.kind !== 'decimal') return SqlTypes.BYTES
        return { kind: 'DECIMAL', precision: logical.precision, scale: logical.scale }
      case 'null':
        return this.#collector.skip(path, 'is always null')
      case 'array': {
        const entry = avroMapEntry(schema)
        if (entry !== undefined) return this.#map(entry.key, entry.value, path)
        const element = this.type(schema.items, `${path}[]`)
        return element === undefined ? undefined : { kind: 'ARRAY', element }
      }
      case 'map':
        return this.#map(undefined, schema.values, path)
      case 'record': {
        if (this.#open.has(schema)) return this.#collector.skip(path, 'is recursive')
        const fields = this.fields(schema, path)
        return fields.length === 0
          ? this.#collector.skip(path, 'has no supported fields')
          : { kind: 'STRUCT', fields }
      }
      case 'union': {
        const fields: StructField[] = []
        for (const branch of schema.branches) {
          if (branch.type === 'null') continue
          const name = unionMemberName(branch)
          const type = this.type(branch, `${path}.${name}`)
          if (type !== undefined) fields.push({ name: this.#collector.name(name), type })
        }
        return fields.length === 0
          ? this.#collector.skip(path, 'has no supported branches')
          : { kind: 'STRUCT', fields }
      }
    }
  }

  #map(key: AvroSchema | undefined, value: AvroSchema, path: string): SqlType | undefined {
    if (key !== undefined && optional(key).type !== 'string')
      return this.#collector.skip(path, 'is a map whose keys are not strings')
    const member = this.type(value, `${path}{}`)
    return member === undefined ? undefined : { kind: 'MAP', key: SqlTypes.STRING, value: member }
  }
}
