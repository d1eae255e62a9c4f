import { UnsupportedError } from '@varve/base'

import type { Columns } from '../schema.ts'
import type { SqlType } from '../sql-type.ts'

/** The JSON Schema that the dialect registers for columns: every member nullable, Connect's types beside JSON's. @returns JSON text */
export function jsonSchemaFromColumns(columns: Columns, wrapped: boolean): string {
  return JSON.stringify(wrapped ? objectSchema(columns) : nullable(columns[0]!.type))
}

function objectSchema(
  fields: readonly { readonly name: string; readonly type: SqlType }[],
): object {
  return {
    type: 'object',
    // From entries, so that no member name has a meaning of its own.
    properties: Object.fromEntries(
      fields.map((field, i) => [field.name, { 'connect.index': i, ...nullable(field.type) }]),
    ),
  }
}

function nullable(type: SqlType): object {
  return { oneOf: [{ type: 'null' }, typeSchema(type)] }
}

function logical(type: string, name: string, connectType: string, more: object = {}): object {
  return {
    type,
    title: `org.apache.kafka.connect.data.${name}`,
    'connect.version': 1,
    'connect.type': connectType,
    ...more,
  }
}

function typeSchema(type: SqlType): object {
  switch (type.kind) {
    case 'BOOLEAN':
      return { type: 'boolean' }
    case 'INTEGER':
      return { type: 'integer', 'connect.type': 'int32' }
    case 'BIGINT':
      return { type: 'integer', 'connect.type': 'int64' }
    case 'DOUBLE':
      return { type: 'number', 'connect.type': 'float64' }
    case 'STRING':
      return { type: 'string' }
    case 'BYTES':
      return { type: 'string', 'connect.type': 'bytes' }
    case 'DATE':
      return logical('integer', 'Date', 'int32')
    case 'TIME':
      return logical('integer', 'Time', 'int32')
    case 'TIMESTAMP':
      return logical('integer', 'Timestamp', 'int64')
    case 'DECIMAL':
      return logical('number', 'Decimal', 'bytes', {
        'connect.parameters': {
          scale: String(type.scale),
          'connect.decimal.precision': String(type.precision),
        },
      })
    case 'ARRAY':
      return { type: 'array', items: nullable(type.element) }
    case 'MAP':
      if (type.key.kind !== 'STRING')
        throw new UnsupportedError('JSON_SR only supports MAP types with STRING keys')
      return {
        type: 'object',
        'connect.type': 'map',
        additionalProperties: nullable(type.value),
      }
    case 'STRUCT':
      return objectSchema(type.fields)
  }
}
