import { InvalidOptionError } from '@varve/base'
import type { SqlType } from '@varve/serde'

import { connectSchema, isConnectType, type ConnectSchema } from '../connect/connect-schema.ts'
import { logicalTypes } from '../logical/logical-types.ts'

/** A column of the rows to write. */
export interface EnvelopeColumn {
  readonly name: string
  /** An SQL type, a Connect type (`int64`) or one of Debezium's semantic names (`io.debezium.time.MicroTimestamp`). */
  readonly type: SqlType | string
  /** Default true, false for key columns. */
  readonly nullable?: boolean
}

/** The Connect schema that a column is written with. @throws InvalidOptionError for an unknown type */
export function schemaOfColumn(column: EnvelopeColumn, optional: boolean): ConnectSchema {
  const { type } = column
  if (typeof type !== 'string') return schemaOfType(type, optional)
  if (isConnectType(type) && type !== 'array' && type !== 'map' && type !== 'struct')
    return connectSchema(type, { optional })
  const logical = logicalTypes.get(type)
  if (logical === undefined)
    throw new InvalidOptionError('columns', `column "${column.name}": unknown type "${type}"`)
  return { ...logical.base, name: type, optional }
}

/** Connect's form of an SQL type: dates and times by Debezium's names, in milliseconds. */
function schemaOfType(type: SqlType, optional: boolean): ConnectSchema {
  switch (type.kind) {
    case 'BOOLEAN':
      return connectSchema('boolean', { optional })
    case 'INTEGER':
      return connectSchema('int32', { optional })
    case 'BIGINT':
      return connectSchema('int64', { optional })
    case 'DOUBLE':
      return connectSchema('double', { optional })
    case 'STRING':
      return connectSchema('string', { optional })
    case 'BYTES':
      return connectSchema('bytes', { optional })
    case 'DATE':
      return connectSchema('int32', { optional, name: 'io.debezium.time.Date' })
    case 'TIME':
      return connectSchema('int32', { optional, name: 'io.debezium.time.Time' })
    case 'TIMESTAMP':
      return connectSchema('int64', { optional, name: 'io.debezium.time.Timestamp' })
    case 'DECIMAL':
      return connectSchema('bytes', {
        optional,
        name: 'org.apache.kafka.connect.data.Decimal',
        parameters: new Map([
          ['scale', String(type.scale)],
          ['connect.decimal.precision', String(type.precision)],
        ]),
      })
    case 'ARRAY':
      return connectSchema('array', { optional, values: schemaOfType(type.element, true) })
    case 'MAP':
      return connectSchema('map', {
        optional,
        keys: connectSchema('string', { optional: false }),
        values: schemaOfType(type.value, true),
      })
    case 'STRUCT':
      return connectSchema('struct', {
        optional,
        fields: type.fields.map((field) => ({
          name: field.name,
          schema: schemaOfType(field.type, true),
        })),
      })
  }
}
