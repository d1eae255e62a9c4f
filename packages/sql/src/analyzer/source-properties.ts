import type { FormatName, FormatSpec, ProtobufNullable } from '@varve/serde'

import type { PropertyNode } from '../ast/statement.ts'
import type { TimestampColumn, WindowInfo } from '../catalog/data-source.ts'
import { SqlError } from '../errors.ts'
import { parseWindowSize } from './duration.ts'

/** A WITH clause, checked. */
export interface SourceProperties {
  readonly topic?: string
  readonly partitions?: number
  readonly replicas?: number
  readonly retentionMs?: number
  /** As given; FORMAT fills both. */
  readonly keyFormat?: FormatName
  readonly valueFormat?: FormatName
  /** Properties of the formats, without their names. */
  readonly key: Omit<FormatSpec, 'format'>
  readonly value: Omit<FormatSpec, 'format'>
  readonly timestamp?: TimestampColumn
  readonly window?: WindowInfo
  readonly queryId?: string
}

const formats: readonly FormatName[] = [
  'JSON',
  'JSON_SR',
  'AVRO',
  'PROTOBUF',
  'PROTOBUF_NOSR',
  'DELIMITED',
  'KAFKA',
  'NONE',
  'DEBEZIUM_JSON',
  'DEBEZIUM_AVRO',
]

const createNames = new Set([
  'BEFORE_IS_COMPLETE',
  'DEAD_LETTER_TOPIC',
  'WINDOW_TYPE',
  'WINDOW_SIZE',
  'SOURCE_CONNECTOR',
  'SOURCED_BY_CONNECTOR',
])
const commonNames = new Set(
  `KAFKA_TOPIC PARTITIONS REPLICAS RETENTION_MS FORMAT KEY_FORMAT VALUE_FORMAT KEY_DELIMITER VALUE_DELIMITER KEY_SCHEMA_ID VALUE_SCHEMA_ID
  KEY_SCHEMA_FULL_NAME VALUE_SCHEMA_FULL_NAME VALUE_AVRO_SCHEMA_FULL_NAME KEY_PROTOBUF_NULLABLE_REPRESENTATION
  VALUE_PROTOBUF_NULLABLE_REPRESENTATION WRAP_SINGLE_VALUE TIMESTAMP TIMESTAMP_FORMAT CLEANUP_POLICY`.split(
    /\s+/,
  ),
)

/** Reads a WITH clause. @throws SqlError for a name or value that has no place there */
export function readProperties(
  properties: readonly PropertyNode[],
  statement: 'create' | 'as' | 'insert',
): SourceProperties {
  const reader = new PropertyReader(properties, statement)
  const delimiter = (side: 'KEY' | 'VALUE'): { delimiter?: string } => {
    const text = reader.text(`${side}_DELIMITER`)
    return text === undefined ? {} : { delimiter: delimiterOf(text, side, reader) }
  }
  const wrap = reader.flag('WRAP_SINGLE_VALUE')
  const fullName = (...names: readonly string[]): string | undefined => {
    const name = names.find((candidate) => reader.has(candidate))
    const text = name === undefined ? undefined : reader.text(name)!.trim()
    if (text === '') {
      reader.fail(name!, 'fullSchemaName cannot be empty. Format configuration: {fullSchemaName=}')
    }
    return text
  }
  if (reader.has('VALUE_SCHEMA_FULL_NAME') && reader.has('VALUE_AVRO_SCHEMA_FULL_NAME')) {
    reader.fail(
      'VALUE_AVRO_SCHEMA_FULL_NAME',
      "Cannot supply both 'VALUE_AVRO_SCHEMA_FULL_NAME' and 'VALUE_SCHEMA_FULL_NAME' properties. Please only set 'VALUE_SCHEMA_FULL_NAME'.",
    )
  }
  const valueName = fullName('VALUE_SCHEMA_FULL_NAME', 'VALUE_AVRO_SCHEMA_FULL_NAME')
  const both = reader.format('FORMAT')
  if (both !== undefined) {
    for (const name of ['KEY_FORMAT', 'VALUE_FORMAT']) {
      if (reader.has(name)) {
        reader.fail(
          name,
          `Cannot supply both '${name}' and 'FORMAT' properties, as 'FORMAT' sets both key and value formats. Either use just 'FORMAT', or use 'KEY_FORMAT' and 'VALUE_FORMAT'.`,
        )
      }
    }
  }
  if (reader.has('CLEANUP_POLICY')) {
    reader.fail(
      'CLEANUP_POLICY',
      'Invalid config variable in the WITH clause: CLEANUP_POLICY. The CLEANUP_POLICY config is automatically inferred based on the type of source (STREAM or TABLE).',
    )
  }
  const column = reader.text('TIMESTAMP')
  const format = reader.text('TIMESTAMP_FORMAT')
  return {
    ...optional('topic', reader.text('KAFKA_TOPIC')),
    ...optional('partitions', reader.count('PARTITIONS')),
    ...optional('replicas', reader.count('REPLICAS')),
    ...optional('retentionMs', reader.count('RETENTION_MS')),
    ...optional('keyFormat', both ?? reader.format('KEY_FORMAT')),
    ...optional('valueFormat', both ?? reader.format('VALUE_FORMAT')),
    key: {
      ...delimiter('KEY'),
      ...optional('schemaFullName', fullName('KEY_SCHEMA_FULL_NAME')),
      ...optional('schemaId', reader.count('KEY_SCHEMA_ID')),
      ...optional('nullable', nullableOf('KEY', reader)),
    },
    value: {
      ...delimiter('VALUE'),
      ...optional('schemaFullName', valueName),
      ...optional('schemaId', reader.count('VALUE_SCHEMA_ID')),
      ...optional('nullable', nullableOf('VALUE', reader)),
      ...optional('wrap', wrap),
      ...optional('beforeIsComplete', reader.flag('BEFORE_IS_COMPLETE')),
      ...optional('deadLetterTopic', reader.text('DEAD_LETTER_TOPIC')),
    },
    ...(column === undefined
      ? {}
      : { timestamp: { column: foldColumn(column), ...optional('format', format) } }),
    ...optional('window', windowOf(reader)),
    ...optional('queryId', reader.text('QUERY_ID')?.toUpperCase()),
  }
}

/** `{ [name]: value }`, or nothing when there is no value: exact optional properties take no undefined. */
export function optional<K extends string, V>(
  name: K,
  value: V | undefined,
): { readonly [P in K]?: V } {
  return (value === undefined ? {} : { [name]: value }) as { readonly [P in K]?: V }
}

/** A column named in a text follows the rule of identifiers: upper case unless quoted. */
function foldColumn(text: string): string {
  const quoted = /^`(.*)`$|^"(.*)"$/.exec(text)
  return quoted === null ? text.toUpperCase() : (quoted[1] ?? quoted[2])!
}

function delimiterOf(text: string, side: 'KEY' | 'VALUE', reader: PropertyReader): string {
  const named = { SPACE: ' ', TAB: '\t' }[text.toUpperCase()]
  if (named !== undefined) return named
  if (text.length !== 1 || text.trim() === '') {
    const name = `${side}_DELIMITER`
    const reason =
      text.trim() === ''
        ? "Delimiter cannot be empty, if you meant to have a tab or space for delimiter, please use the special values 'TAB' or 'SPACE'"
        : `Invalid delimiter value: '${text}'. Delimiter must be a single character or TAB,SPACE`
    return reader.fail(
      name,
      `Configuration ${name} is invalid: ${reason}\nExample valid value: ';'`,
    )
  }
  return text
}

function nullableOf(side: 'KEY' | 'VALUE', reader: PropertyReader): ProtobufNullable | undefined {
  const name = `${side}_PROTOBUF_NULLABLE_REPRESENTATION`
  const text = reader.text(name)?.toUpperCase()
  if (text === undefined || text === 'OPTIONAL' || text === 'WRAPPER') return text
  return reader.fail(
    name,
    `Invalid value '${text}' for property '${name}': must be OPTIONAL or WRAPPER`,
  )
}

function windowOf(reader: PropertyReader): WindowInfo | undefined {
  const type = reader.text('WINDOW_TYPE')?.toUpperCase()
  const size = reader.text('WINDOW_SIZE')
  if (type === undefined) {
    if (size !== undefined) {
      reader.fail('WINDOW_SIZE', `'WINDOW_SIZE' should only be set if WINDOW_TYPE is set.`)
    }
    return undefined
  }
  if (type === 'SESSION') {
    if (size !== undefined) {
      reader.fail('WINDOW_SIZE', `'WINDOW_SIZE' should not be set for SESSION windows.`)
    }
    return { type }
  }
  if (type !== 'HOPPING' && type !== 'TUMBLING') {
    return reader.fail(
      'WINDOW_TYPE',
      `Invalid value ${type} for configuration WINDOW_TYPE: String must be one of: SESSION, HOPPING, TUMBLING, null`,
    )
  }
  if (size === undefined) {
    return reader.fail(
      'WINDOW_TYPE',
      `${type} windows require 'WINDOW_SIZE' to be provided in the WITH clause. For example: 'WINDOW_SIZE'='10 SECONDS'`,
    )
  }
  const sizeMs = parseWindowSize(size)
  if (sizeMs === undefined) {
    return reader.fail(
      'WINDOW_SIZE',
      `Invalid duration: '${size}'. Expected '10 SECONDS' or the like`,
    )
  }
  return { type, sizeMs }
}

class PropertyReader {
  readonly #byName: ReadonlyMap<string, PropertyNode>
  readonly #statement: 'create' | 'as' | 'insert'

  constructor(properties: readonly PropertyNode[], statement: 'create' | 'as' | 'insert') {
    this.#statement = statement
    for (const property of properties) {
      const known =
        statement === 'insert'
          ? property.name === 'QUERY_ID'
          : commonNames.has(property.name) ||
            (statement === 'create' && createNames.has(property.name))
      if (!known) {
        throw new SqlError(`Invalid config variable(s) in the WITH clause: ${property.name}`, {
          span: property.span,
          unplaced: true,
          phase: 'build',
        })
      }
    }
    this.#byName = new Map(properties.map((property) => [property.name, property]))
  }

  has(name: string): boolean {
    return this.#byName.has(name)
  }

  text(name: string): string | undefined {
    const value = this.#byName.get(name)?.value
    if (value === undefined) return undefined
    if (typeof value !== 'string') {
      return this.fail(
        name,
        `Invalid value ${String(value)} for configuration ${name}: Expected value to be a string`,
      )
    }
    return value
  }

  count(name: string): number | undefined {
    const value = this.#byName.get(name)?.value
    if (value === undefined) return undefined
    const number = Number(value)
    const isCount = typeof value !== 'boolean' && Number.isSafeInteger(number) && number >= 0
    if (!isCount || (name === 'PARTITIONS' && number === 0)) {
      return this.fail(
        name,
        `Invalid value ${String(value)} for configuration ${name}: must be a positive whole number`,
      )
    }
    return number
  }

  flag(name: string): boolean | undefined {
    const value = this.#byName.get(name)?.value
    if (value === undefined || typeof value === 'boolean') return value
    const folded = String(value).toLowerCase()
    if (folded !== 'true' && folded !== 'false') {
      return this.fail(
        name,
        `Invalid value ${String(value)} for configuration ${name}: Expected value to be either true or false`,
      )
    }
    return folded === 'true'
  }

  format(name: string): FormatName | undefined {
    const text = this.text(name)?.toUpperCase()
    const known = formats.find((candidate) => candidate === text)
    if (text !== undefined && known === undefined) {
      return this.fail(name, `Unknown format: ${text}`)
    }
    if (known?.startsWith('DEBEZIUM_') === true && this.#statement !== 'create') {
      return this.fail(name, `The '${known}' format is for reading only`)
    }
    return known
  }

  /** Without the place in the message: the dialect's own texts about properties have none. */
  fail(name: string, message: string): never {
    const { span } = this.#byName.get(name) ?? {}
    throw new SqlError(message, { phase: 'build', span, unplaced: true })
  }
}
