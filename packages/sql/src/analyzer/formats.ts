import {
  formatSqlType,
  type Column,
  type Columns,
  type FormatName,
  type FormatSpec,
  type SqlType,
} from '@varve/serde'

import type { Span } from '../ast/position.ts'
import { SqlError } from '../errors.ts'

const kafkaTypes = new Set(['INTEGER', 'BIGINT', 'DOUBLE', 'STRING', 'BYTES'])
const nestedTypes = new Set(['ARRAY', 'MAP', 'STRUCT'])

/** Formats that read schemas from a registry. */
export const inferringFormats: ReadonlySet<FormatName> = new Set<FormatName>([
  'AVRO',
  'PROTOBUF',
  'JSON_SR',
  'DEBEZIUM_JSON',
  'DEBEZIUM_AVRO',
])

/** Formats of change events, and what their rows are written in. */
const rowFormats: ReadonlyMap<FormatName, FormatName> = new Map([
  ['DEBEZIUM_JSON', 'JSON'],
  ['DEBEZIUM_AVRO', 'AVRO'],
])

/** Whether records are change events rather than rows. */
export function isChangeFormat(format: FormatName): boolean {
  return rowFormats.has(format)
}

/** Why a format cannot carry these columns; `undefined` when it can. */
function formatRefusal(
  format: FormatName,
  columns: Columns,
  side: 'key' | 'value',
): string | undefined {
  if (side === 'key') {
    const map = columns.find((column) => containsMap(column.type))
    if (map !== undefined) return mapKeysRefusal(map)
  }
  const refusal = columns
    .map((column) => typeRefusal(format, column))
    .find((text) => text !== undefined)
  const listed = formatColumns(columns, side)
  switch (format) {
    case 'NONE':
      return columns.length === 0
        ? undefined
        : `The 'NONE' format can only be used when no columns are defined. Got: [${listed}]`
    case 'KAFKA':
      if (columns.length > 1) {
        return `The 'KAFKA' format only supports a single field. Got: [${listed}]`
      }
      return refusal
    default:
      return refusal
  }
}

function formatColumns(columns: Columns, side: 'key' | 'value'): string {
  return columns
    .map((c) => `\`${c.name}\` ${formatSqlType(c.type)}${side === 'key' ? ' KEY' : ''}`)
    .join(', ')
}

/** Why a column that contains a map cannot be in a key, whatever the format. */
function mapKeysRefusal(column: Column): string {
  return `Map keys, including types that contain maps, are not supported as they may lead to unexpected behavior due to inconsistent serialization. Key column name: \`${column.name}\`. Column type: ${formatSqlType(column.type)}. See https://github.com/confluentinc/ksql/issues/6621 for more.`
}

/** Whether a format can carry these value columns. */
export function canCarryValue(format: FormatName, columns: Columns): boolean {
  return formatRefusal(format, columns, 'value') === undefined
}

/** Refuses maps in keys. @throws SqlError */
export function checkKeyType(column: Column, span?: Span): void {
  if (containsMap(column.type)) throw new SqlError(mapKeysRefusal(column), { span })
}

function typeRefusal(format: FormatName, { name, type }: Column): string | undefined {
  switch (format) {
    case 'KAFKA':
      return kafkaTypes.has(type.kind)
        ? undefined
        : `The 'KAFKA' format does not support type '${type.kind}'`
    case 'DELIMITED':
      return nestedTypes.has(type.kind)
        ? `The 'DELIMITED' format does not support type '${type.kind}', column: \`${name}\``
        : undefined
    case 'NONE':
      return undefined
    case 'AVRO':
      return mapKeyRefusal(format, type) ?? avroNameRefusal(name, type)
    default:
      return mapKeyRefusal(format, type)
  }
}

/** Names of columns and of fields in them must be names of Avro: the reason is told in the words of Avro's own parser. */
function avroNameRefusal(name: string, type: SqlType): string | undefined {
  const prefix = 'Schema is not compatible with Avro:'
  if (name === '') return `${prefix} Empty name`
  if (!/^[\p{L}_]/u.test(name)) return `${prefix} Illegal initial character: ${name}`
  if (!/^[\p{L}\p{N}_]+$/u.test(name)) return `${prefix} Illegal character in: ${name}`
  return avroFieldRefusal(type)
}

function avroFieldRefusal(type: SqlType): string | undefined {
  switch (type.kind) {
    case 'MAP':
      return avroFieldRefusal(type.value)
    case 'ARRAY':
      return avroFieldRefusal(type.element)
    case 'STRUCT':
      return type.fields
        .map((field) => avroNameRefusal(field.name, field.type))
        .find((text) => text !== undefined)
    default:
      return undefined
  }
}

function mapKeysRule(format: FormatName): string {
  if (format === 'AVRO') return 'Avro only supports MAPs with STRING keys'
  const name = format.startsWith('PROTOBUF') ? 'PROTOBUF format' : 'JSON'
  return `${name} only supports MAP types with STRING keys`
}

function mapKeyRefusal(format: FormatName, type: SqlType): string | undefined {
  switch (type.kind) {
    case 'MAP':
      return type.key.kind === 'STRING' ? mapKeyRefusal(format, type.value) : mapKeysRule(format)
    case 'ARRAY':
      return mapKeyRefusal(format, type.element)
    case 'STRUCT':
      return type.fields
        .map((f) => mapKeyRefusal(format, f.type))
        .find((text) => text !== undefined)
    default:
      return undefined
  }
}

function containsMap(type: SqlType): boolean {
  switch (type.kind) {
    case 'MAP':
      return true
    case 'ARRAY':
      return containsMap(type.element)
    case 'STRUCT':
      return type.fields.some((field) => containsMap(field.type))
    default:
      return false
  }
}

/** @throws SqlError when the format cannot carry the columns */
export function checkFormat(format: FormatName, columns: Columns, side: 'key' | 'value'): void {
  const refusal = formatRefusal(format, columns, side)
  if (refusal === undefined) return
  throw new SqlError(
    format === 'NONE' || refusal.startsWith('Map keys')
      ? refusal
      : `${side === 'key' ? 'Key' : 'Value'} format does not support schema.\nformat: ${format}\nschema: Persistence{columns=[${formatColumns(columns, side)}], features=[]}\nreason: ${refusal}`,
  )
}

/** Properties of formats by their names in messages, and the formats that have them. */
const formatProperties: readonly {
  readonly property: 'delimiter' | 'schemaFullName' | 'nullable'
  readonly shownAs: string
  readonly formats: ReadonlySet<FormatName>
}[] = [
  { property: 'delimiter', shownAs: 'delimiter', formats: new Set<FormatName>(['DELIMITED']) },
  {
    property: 'schemaFullName',
    shownAs: 'fullSchemaName',
    formats: new Set<FormatName>(['AVRO', 'JSON_SR', 'PROTOBUF']),
  },
  {
    property: 'nullable',
    shownAs: 'nullableRepresentation',
    formats: new Set<FormatName>(['PROTOBUF', 'PROTOBUF_NOSR']),
  },
]

/** @throws SqlError for properties that the format does not have */
export function checkFormatProperties(spec: FormatSpec): void {
  const odd = formatProperties.filter(
    ({ property, formats }) => spec[property] !== undefined && !formats.has(spec.format),
  )
  if (odd.length === 0) return
  throw new SqlError(
    `${spec.format} does not support the following configs: [${odd.map(({ shownAs }) => shownAs).join(', ')}]`,
  )
}

const singleValueFormats: ReadonlyMap<FormatName, 'both' | 'wrap' | 'unwrap'> = new Map([
  ['JSON', 'both'],
  ['JSON_SR', 'both'],
  ['AVRO', 'both'],
  ['PROTOBUF', 'wrap'],
  ['PROTOBUF_NOSR', 'both'],
  ['DELIMITED', 'unwrap'],
  ['KAFKA', 'unwrap'],
  ['NONE', 'unwrap'],
  ['DEBEZIUM_JSON', 'unwrap'],
  ['DEBEZIUM_AVRO', 'unwrap'],
])

/**
 * The value format with its wrapping decided: an explicit setting, else the configured one where the format and the columns allow it.
 *
 * @throws SqlError for an explicit setting that the format or the columns do not allow
 */
export function withWrapping(
  spec: FormatSpec,
  columns: Columns,
  configured: boolean | undefined,
): FormatSpec {
  const ability = singleValueFormats.get(spec.format)!
  if (spec.wrap !== undefined) {
    if (columns.length > 1) {
      throw new SqlError("'WRAP_SINGLE_VALUE' is only valid for single-field value schemas")
    }
    if (ability === (spec.wrap ? 'unwrap' : 'wrap')) {
      throw new SqlError(
        `Format '${spec.format}' does not support 'WRAP_SINGLE_VALUE' set to '${spec.wrap}'.`,
      )
    }
    return spec
  }
  return configured === undefined || columns.length !== 1 || ability !== 'both'
    ? spec
    : { ...spec, wrap: configured }
}

/** A source's format for other columns than the source's own: the schema it names by id does not have them, and rows are no change events. */
export function withoutSchemaId(spec: FormatSpec): FormatSpec {
  const { schemaId: _, ...rest } = spec
  const format = rowFormats.get(spec.format)
  return format === undefined ? rest : { format }
}

/** The key format of an internal step: the source's, or JSON where it cannot hold the new key. */
export function internalKeyFormat(
  source: FormatSpec,
  columns: Columns,
  fallback: FormatSpec,
): FormatSpec {
  const base = source.format === 'NONE' ? fallback : withoutSchemaId(source)
  return formatRefusal(base.format, columns, 'key') === undefined ? base : { format: 'JSON' }
}
