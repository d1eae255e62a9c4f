import type { Columns, SqlType } from '@varve/serde'

import { protobufTextOfColumns, type Nullable } from './protobuf-schema-text.ts'

/**
 * The schemas that ksqlDB itself registers for declared columns, so that a case finds them before its statements run.
 * `undefined`: the format has no schemas, or cannot hold the columns.
 */
export function schemaOfColumns(
  format: string,
  columns: Columns,
  options: {
    readonly side: 'key' | 'value'
    readonly sourceName: string
    readonly wrap: boolean | undefined
    /** Of the Avro record or the Protobuf message, where a statement names it. */
    readonly fullName: string | undefined
    readonly nullable: Nullable
  },
): string | undefined {
  const wrapped = columns.length > 1 || (options.wrap ?? options.side === 'value')
  if (format === 'AVRO') {
    const name =
      options.fullName ??
      `${avroNamespace}.${options.side === 'key' ? `${camelCase(options.sourceName)}Key` : 'KsqlDataSourceSchema'}`
    const schema = wrapped ? avroRecord(name, columns) : avroType(columns[0]!.type, name)
    return JSON.stringify(schema)
  }
  if (format === 'JSON_SR') {
    const schema = wrapped ? jsonObject(columns) : jsonNullable(columns[0]!.type)
    return JSON.stringify(schema)
  }
  return format === 'PROTOBUF' ? protobufTextOfColumns(columns, options) : undefined
}

const avroNamespace = 'io.confluent.ksql.avro_schemas'

interface Named {
  readonly name: string
  readonly type: SqlType
}

function camelCase(name: string): string {
  return name
    .toLowerCase()
    .replaceAll(/(?:^|_)(.?)/g, (_match, letter: string) => letter.toUpperCase())
}

function avroRecord(fullName: string, fields: readonly Named[]): object {
  const dot = fullName.lastIndexOf('.')
  return {
    type: 'record',
    name: fullName.slice(dot + 1),
    ...(dot < 0 ? {} : { namespace: fullName.slice(0, dot) }),
    fields: fields.map(({ name, type }) => ({
      name,
      type: ['null', avroType(type, `${fullName}_${name}`)],
      default: null,
    })),
    'connect.name': fullName,
  }
}

const avroPrimitives: Partial<Record<SqlType['kind'], unknown>> = {
  BOOLEAN: 'boolean',
  INTEGER: 'int',
  BIGINT: 'long',
  DOUBLE: 'double',
  STRING: 'string',
  BYTES: 'bytes',
  DATE: connect('int', 'Date', { logicalType: 'date' }),
  TIME: connect('int', 'Time', { logicalType: 'time-millis' }),
  TIMESTAMP: connect('long', 'Timestamp', { logicalType: 'timestamp-millis' }),
}

function connect(type: string, name: string, more: object): object {
  return {
    type,
    'connect.version': 1,
    'connect.name': `org.apache.kafka.connect.data.${name}`,
    ...more,
  }
}

function avroType(type: SqlType, name: string): unknown {
  switch (type.kind) {
    case 'DECIMAL':
      return connect('bytes', 'Decimal', {
        scale: type.scale,
        precision: type.precision,
        'connect.parameters': decimalParameters(type),
        logicalType: 'decimal',
      })
    case 'ARRAY':
      return { type: 'array', items: ['null', avroType(type.element, name)] }
    case 'MAP': {
      const dot = name.lastIndexOf('.')
      return {
        type: 'array',
        items: {
          type: 'record',
          name: name.slice(dot + 1),
          namespace: name.slice(0, dot),
          fields: [
            { name: 'key', type: ['null', 'string'], default: null },
            {
              name: 'value',
              type: ['null', avroType(type.value, `${name}_MapValue`)],
              default: null,
            },
          ],
          'connect.internal.type': 'MapEntry',
        },
        'connect.name': name,
      }
    }
    case 'STRUCT':
      return avroRecord(name, type.fields)
    default:
      return avroPrimitives[type.kind]
  }
}

function decimalParameters(type: Extract<SqlType, { kind: 'DECIMAL' }>): object {
  return { scale: String(type.scale), 'connect.decimal.precision': String(type.precision) }
}

function jsonObject(fields: readonly Named[]): object {
  return {
    type: 'object',
    properties: Object.fromEntries(
      fields.map(({ name, type }, i) => [name, { 'connect.index': i, ...jsonNullable(type) }]),
    ),
  }
}

function jsonNullable(type: SqlType): object {
  return { oneOf: [{ type: 'null' }, jsonType(type)] }
}

function titled(type: string, name: string, connectType: string): object {
  return {
    type,
    title: `org.apache.kafka.connect.data.${name}`,
    'connect.version': 1,
    'connect.type': connectType,
  }
}

function jsonType(type: SqlType): object {
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
      return titled('integer', 'Date', 'int32')
    case 'TIME':
      return titled('integer', 'Time', 'int32')
    case 'TIMESTAMP':
      return titled('integer', 'Timestamp', 'int64')
    case 'DECIMAL':
      return {
        ...titled('number', 'Decimal', 'bytes'),
        'connect.parameters': decimalParameters(type),
      }
    case 'ARRAY':
      return { type: 'array', items: jsonNullable(type.element) }
    case 'MAP':
      return {
        type: 'object',
        'connect.type': 'map',
        additionalProperties: jsonNullable(type.value),
      }
    case 'STRUCT':
      return jsonObject(type.fields)
  }
}
