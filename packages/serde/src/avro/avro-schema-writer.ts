import { UnsupportedError } from '@varve/base'

import type { Columns } from '../schema.ts'
import type { SqlType } from '../sql-type.ts'

/** How to name and shape a schema. */
export interface AvroSchemaOptions {
  readonly side: 'key' | 'value'
  /** A record around the columns; a single column may stand bare. Default: only when there are several, or for a value. */
  readonly wrap?: boolean
  /** Full name of the record. Default: the dialect's own, below. */
  readonly fullName?: string
  /** Names a key's record: `LEFT_TABLE` gives `LeftTableKey`. */
  readonly sourceName?: string
}

const NAMESPACE = 'io.confluent.ksql.avro_schemas'

/**
 * The Avro schema that the dialect registers for columns: every field optional with default null, records named
 * `io.confluent.ksql.avro_schemas.KsqlDataSourceSchema` (keys: `…<Source>Key`) with `_<FIELD>` for each level, maps as arrays of entries.
 *
 * @returns JSON text
 * @throws UnsupportedError when a name is no Avro name, or a map's keys are not STRING
 */
export function avroSchemaFromColumns(columns: Columns, options: AvroSchemaOptions): string {
  const fullName =
    options.fullName ??
    `${NAMESPACE}.${options.side === 'key' ? `${camelCase(options.sourceName ?? '')}Key` : 'KsqlDataSourceSchema'}`
  const wrapped = columns.length === 1 ? (options.wrap ?? options.side === 'value') : true
  const schema = wrapped ? recordSchema(fullName, columns) : typeSchema(columns[0]!.type, fullName)
  return JSON.stringify(schema)
}

function camelCase(name: string): string {
  return name
    .split('_')
    .map((part) => part.slice(0, 1).toUpperCase() + part.slice(1).toLowerCase())
    .join('')
}

interface NamedType {
  readonly name: string
  readonly type: SqlType
}

/** A record inside another one is in its namespace, which is not said again: so Avro's own writer of schemas has it. */
function recordSchema(fullName: string, fields: readonly NamedType[], isNested = false): object {
  const dot = fullName.lastIndexOf('.')
  return {
    type: 'record',
    name: fullName.slice(dot + 1),
    ...(dot < 0 || isNested ? {} : { namespace: fullName.slice(0, dot) }),
    fields: fields.map((field) => ({
      name: checkName(field.name),
      type: ['null', typeSchema(field.type, `${fullName}_${field.name}`, true)],
      default: null,
    })),
    'connect.name': fullName,
  }
}

function checkName(name: string): string {
  if (!/^[\p{L}_][\p{L}\p{N}_]*$/u.test(name))
    throw new UnsupportedError(
      `"${name}" is no valid Avro name: letters, digits and underscores only, not starting with a digit`,
    )
  return name
}

function connectType(type: string, name: string, logicalType: string, more: object = {}): object {
  return {
    type,
    ...more,
    'connect.version': 1,
    ...('scale' in more && 'precision' in more
      ? {
          'connect.parameters': {
            scale: String(more.scale),
            'connect.decimal.precision': String(more.precision),
          },
        }
      : {}),
    'connect.name': `org.apache.kafka.connect.data.${name}`,
    logicalType,
  }
}

/** @param isNested - Whether a record stands around it. */
function typeSchema(type: SqlType, name: string, isNested = false): unknown {
  switch (type.kind) {
    case 'BOOLEAN':
      return 'boolean'
    case 'INTEGER':
      return 'int'
    case 'BIGINT':
      return 'long'
    case 'DOUBLE':
      return 'double'
    case 'STRING':
      return 'string'
    case 'BYTES':
      return 'bytes'
    case 'DATE':
      return connectType('int', 'Date', 'date')
    case 'TIME':
      return connectType('int', 'Time', 'time-millis')
    case 'TIMESTAMP':
      return connectType('long', 'Timestamp', 'timestamp-millis')
    case 'DECIMAL':
      return connectType('bytes', 'Decimal', 'decimal', {
        scale: type.scale,
        precision: type.precision,
      })
    case 'ARRAY':
      return { type: 'array', items: ['null', typeSchema(type.element, name, isNested)] }
    case 'MAP': {
      if (type.key.kind !== 'STRING')
        throw new UnsupportedError('Avro only supports MAP types with STRING keys')
      const dot = name.lastIndexOf('.')
      return {
        type: 'array',
        items: {
          type: 'record',
          name: name.slice(dot + 1),
          ...(dot < 0 || isNested ? {} : { namespace: name.slice(0, dot) }),
          fields: [
            { name: 'key', type: ['null', 'string'], default: null },
            {
              name: 'value',
              type: ['null', typeSchema(type.value, `${name}_MapValue`, true)],
              default: null,
            },
          ],
          'connect.internal.type': 'MapEntry',
        },
        'connect.name': name,
      }
    }
    case 'STRUCT':
      return recordSchema(name, type.fields, isNested)
  }
}
