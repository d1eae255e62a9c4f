import {
  formatSqlType,
  type Column,
  type Columns,
  type FormatName,
  type FormatSpec,
  type SqlType,
} from '@varve/serde'

import type { ColumnNode, CreateSource, ParsedStatement } from '../ast/statement.ts'
import type { Catalog, InferenceRequest } from '../catalog/catalog.ts'
import type { DataSource, HeaderColumn, TimestampColumn } from '../catalog/data-source.ts'
import { SqlError } from '../errors.ts'
import { planSourceTable } from '../plan/plan-source-table.ts'
import type { CreateSourceCommand } from './command.ts'
import type { AnalysisEnvironment, SqlProperties } from './environment.ts'
import { changeColumns } from './change-columns.ts'
import {
  checkFormat,
  checkFormatProperties,
  inferringFormats,
  isChangeFormat,
  withWrapping,
} from './formats.ts'
import { isSystemColumn } from './scope.ts'
import { optional, readProperties, type SourceProperties } from './source-properties.ts'
import { resolveType } from './typing/context.ts'

/** What a CREATE wants from the schema registry. @throws SqlError when its WITH clause is wrong */
export function createInferenceRequests(
  statement: CreateSource,
  properties: SqlProperties,
): InferenceRequest[] {
  const settings = readProperties(statement.properties, 'create')
  const formats = createFormats(statement, settings, properties)
  const requests: InferenceRequest[] = []
  for (const side of ['key', 'value'] as const) {
    const declared = statement.columns.filter((column) => isOnSide(column, side)).length > 0
    const { schemaId } = settings[side]
    if (declared) {
      if (schemaId !== undefined) {
        throw new SqlError(
          `Table elements and ${side.toUpperCase()}_SCHEMA_ID cannot both exist for create statement.`,
          { span: statement.span },
        )
      }
      continue
    }
    const format = formats[side]
    if (!inferringFormats.has(format.format)) {
      if (schemaId !== undefined) {
        throw new SqlError(
          `${side.toUpperCase()}_FORMAT should support schema inference when ${side.toUpperCase()}_SCHEMA_ID is provided. Current format is ${format.format}.`,
          { span: statement.span },
        )
      }
      continue
    }
    requests.push({
      topic: requireTopic(statement, settings),
      side,
      format: format.format,
      ...optional('schemaId', schemaId),
      ...optional('schemaFullName', settings[side].schemaFullName),
      ...(side === 'value' ? optional('wrap', settings.value.wrap) : {}),
    })
  }
  return requests
}

function isOnSide(column: ColumnNode, side: 'key' | 'value'): boolean {
  const kind = column.constraint?.kind
  if (side === 'key') return kind === 'KEY' || kind === 'PRIMARY KEY'
  return kind === undefined
}

function requireTopic(statement: CreateSource, settings: SourceProperties): string {
  if (settings.topic === undefined) {
    throw new SqlError('Missing required property "KAFKA_TOPIC" which has no default value.', {
      span: statement.span,
    })
  }
  return settings.topic
}

/** Declared formats, else the configured ones. @throws SqlError without a value format */
function createFormats(
  statement: CreateSource,
  settings: SourceProperties,
  properties: SqlProperties,
): { readonly key: FormatSpec; readonly value: FormatSpec } {
  const configured = (side: 'key' | 'value'): FormatName | undefined => {
    const name = properties[`ksql.persistence.default.format.${side}`]
    return typeof name === 'string' && name !== '' ? (name.toUpperCase() as FormatName) : undefined
  }
  const valueFormat = settings.valueFormat ?? configured('value')
  // Whoever writes change events writes their keys in the same way.
  const keyFormatFor = (value: FormatName): FormatName =>
    isChangeFormat(value) ? value : (configured('key') ?? 'KAFKA')
  if (valueFormat === undefined) {
    throw new SqlError(
      "Statement is missing the 'VALUE_FORMAT' property from the WITH clause.\nEither provide one or set a default via the 'ksql.persistence.default.format.value' config.",
      { span: statement.span },
    )
  }
  const formats: { readonly key: FormatSpec; readonly value: FormatSpec } = {
    key: { ...settings.key, format: settings.keyFormat ?? keyFormatFor(valueFormat) },
    value: { ...settings.value, format: valueFormat },
  }
  checkFormatProperties(formats.key)
  checkFormatProperties(formats.value)
  return formats
}

/** Checks CREATE STREAM / TABLE. @throws SqlError */
export function analyzeCreateSource(
  { statement, text }: ParsedStatement & { readonly statement: CreateSource },
  environment: AnalysisEnvironment,
): CreateSourceCommand {
  const { catalog } = environment
  const properties = environment.properties ?? {}
  const settings = readProperties(statement.properties, 'create')
  const formats = createFormats(statement, settings, properties)
  const topic = requireTopic(statement, settings)
  const requests = createInferenceRequests(statement, properties)
  const existing = catalog.source(statement.name)
  const exists = existing !== undefined && statement.ifNotExists
  checkName(statement, existing)
  const columns = declaredColumns(
    statement,
    catalog,
    String(environment.properties?.['ksql.headers.columns.enabled'] ?? true) !== 'false',
  )
  const keyColumns = columns.key.length > 0 ? columns.key : (environment.inferred?.key ?? [])
  const valueColumns = valueColumnsOf(
    statement,
    formats.value,
    keyColumns,
    columns.value.length > 0 ? columns.value : (environment.inferred?.value ?? []),
  )
  if (keyColumns.length + valueColumns.length === 0) failWithoutColumns(statement, requests)
  checkColumns(statement, keyColumns, valueColumns)
  const keyFormat = formats.key
  const configuredWrap = properties['ksql.persistence.wrap.single.values']
  const valueFormat = withWrapping(
    formats.value,
    valueColumns,
    configuredWrap === undefined ? undefined : String(configuredWrap) === 'true',
  )
  checkFormat(keyFormat.format, keyColumns, 'key')
  checkFormat(valueFormat.format, valueColumns, 'value')
  if (settings.window !== undefined && keyColumns.length === 0) {
    throw new SqlError('Windowed sources require a key column.', { span: statement.span })
  }
  checkTimestamp(settings.timestamp, [...keyColumns, ...valueColumns])
  const source: DataSource = {
    name: statement.name,
    kind: statement.sourceKind,
    topic,
    keyFormat,
    valueFormat,
    keyColumns,
    valueColumns,
    headerColumns: columns.headers,
    ...optional('timestamp', settings.timestamp),
    ...optional('window', settings.window),
    isSource: statement.isSource,
    createdByQuery: false,
    sql: text,
  }
  return {
    kind: 'createSource',
    source,
    orReplace: statement.orReplace,
    ifNotExists: statement.ifNotExists,
    exists,
    topic: {
      name: topic,
      ...optional('partitions', settings.partitions),
      ...optional('replicas', settings.replicas),
      ...optional('retentionMs', settings.retentionMs),
    },
    ...(source.isSource && source.kind === 'TABLE' ? { query: planSourceTable(source) } : {}),
  }
}

/** Of change events the row comes whole, key columns included, and a stream has the events' own columns too. */
function valueColumnsOf(
  statement: CreateSource,
  { format }: FormatSpec,
  keyColumns: Columns,
  columns: Columns,
): Columns {
  if (!isChangeFormat(format) || columns.length === 0) return columns
  const keys = new Set(keyColumns.map(({ name }) => name))
  const row = columns.filter(({ name }) => !keys.has(name))
  return statement.sourceKind === 'TABLE' ? row : changeColumns(keyColumns, row)
}

/** @throws SqlError when the name is taken and the statement does not say what then */
export function checkName(
  statement: {
    readonly name: string
    readonly sourceKind: 'STREAM' | 'TABLE'
    readonly orReplace: boolean
    readonly ifNotExists: boolean
    readonly isSource?: boolean
    readonly span: CreateSource['span']
  },
  existing: DataSource | undefined,
): void {
  if (existing === undefined || statement.ifNotExists) return
  const kind = statement.sourceKind.toLowerCase()
  const existingKind = existing.kind.toLowerCase()
  if (!statement.orReplace) {
    throw new SqlError(
      `Cannot add ${kind} '${statement.name}': A ${existingKind} with the same name already exists`,
      { span: statement.span, hint: 'Use IF NOT EXISTS or OR REPLACE.' },
    )
  }
  if (existing.isSource || statement.isSource === true) {
    throw new SqlError(
      `Cannot add ${kind} '${statement.name}': CREATE OR REPLACE is not supported on source ${kind}s.`,
      { span: statement.span },
    )
  }
  if (existing.kind !== statement.sourceKind) {
    throw new SqlError(
      `Cannot upgrade data source: DataSource '${existing.name}' is a ${existingKind}`,
      { span: statement.span },
    )
  }
}

interface DeclaredColumns {
  readonly key: Columns
  readonly value: Columns
  readonly headers: readonly HeaderColumn[]
}

function declaredColumns(
  statement: CreateSource,
  catalog: Catalog,
  headersEnabled: boolean,
): DeclaredColumns {
  const key: Column[] = []
  const value: Column[] = []
  const headers: HeaderColumn[] = []
  for (const node of statement.columns) {
    if (isSystemColumn(node.name)) {
      throw new SqlError(
        `'${node.name}' is a reserved column name. You cannot use it as a name for a column.`,
        { span: node.span },
      )
    }
    const type = resolveType(node.type, (name) => catalog.type(name))
    switch (node.constraint?.kind) {
      case 'KEY':
      case 'PRIMARY KEY':
        key.push({ name: node.name, type })
        break
      case 'HEADERS':
      case 'HEADER':
        if (!headersEnabled) {
          const kind = statement.sourceKind === 'STREAM' ? 'Stream' : 'Table'
          throw new SqlError(
            `Cannot create ${kind} because schema with headers columns is disabled.`,
            { span: node.span },
          )
        }
        headers.push(headerColumn(node, type, headers))
        break
      case undefined:
        value.push({ name: node.name, type })
        break
    }
  }
  return { key, value, headers }
}

const hasHeaders = 'Schema already contains a HEADERS column.'

function headerColumn(
  node: ColumnNode,
  type: SqlType,
  others: readonly HeaderColumn[],
): HeaderColumn {
  const fail = (message: string): never => {
    throw new SqlError(message, { span: node.span })
  }
  if (node.constraint?.kind === 'HEADER') {
    const { key } = node.constraint
    if (type.kind !== 'BYTES') {
      return fail(`Invalid type for HEADER('${key}') column: expected BYTES, got ${type.kind}`)
    }
    if (others.some((other) => other.headerKey === undefined)) return fail(hasHeaders)
    if (others.some((other) => other.headerKey === key)) {
      return fail(`Schema already contains a HEADER('${key}') column.`)
    }
    return { name: node.name, headerKey: key }
  }
  const isHeaders =
    type.kind === 'ARRAY' &&
    type.element.kind === 'STRUCT' &&
    type.element.fields.map((f) => `${f.name} ${f.type.kind}`).join() === 'KEY STRING,VALUE BYTES'
  if (!isHeaders) {
    return fail(
      `Invalid type for HEADERS column: expected ARRAY<STRUCT<\`KEY\` STRING, \`VALUE\` BYTES>>, got ${formatSqlType(type)}`,
    )
  }
  if (others.length > 0) return fail(hasHeaders)
  return { name: node.name }
}

/** No columns: none are declared, and no schema of the registry has them. */
function failWithoutColumns({ span }: CreateSource, requests: readonly InferenceRequest[]): never {
  const asked = requests.find((request) => request.side === 'value')
  if (asked?.format === 'DEBEZIUM_JSON') {
    throw new SqlError(`No record on topic '${asked.topic}' carries the schema of its columns.`, {
      span,
      hint: 'Declare the columns, or let the converter write schemas (schemas.enable=true).',
    })
  }
  if (asked !== undefined) {
    throw new SqlError(
      `Schema for message values on topic '${asked.topic}' does not exist in the Schema Registry.`,
      { span, hint: 'Declare the columns, or register a schema that has them.' },
    )
  }
  throw new SqlError(`The statement does not define any columns.`, {
    span,
    hint: 'Declare columns, or use a format whose schema is in the registry (AVRO, JSON_SR, PROTOBUF).',
  })
}

function checkColumns(statement: CreateSource, key: Columns, value: Columns): void {
  const { span } = statement
  if (statement.sourceKind === 'TABLE' && key.length === 0) {
    throw new SqlError('Tables require a PRIMARY KEY. Please define the PRIMARY KEY.', {
      span,
      hint:
        value[0] === undefined
          ? undefined
          : `For example: CREATE TABLE ${statement.name} (${value[0].name} ${value[0].type.kind} PRIMARY KEY, …) ….`,
    })
  }
  const names = [...key, ...value].map((column) => column.name)
  const system = names.find((name) => isSystemColumn(name))
  if (system !== undefined) {
    throw new SqlError(
      `'${system}' is a reserved column name. You cannot use it as a name for a column.`,
      { span },
    )
  }
  const twice = names.find((name, i) => names.indexOf(name) !== i)
  if (twice !== undefined) {
    throw new SqlError(`Duplicate column names: \`${twice}\``, { span })
  }
}

/** The TIMESTAMP property names one of these columns. @throws SqlError */
export function requireTimestampColumn(timestamp: TimestampColumn, names: readonly string[]): void {
  if (names.includes(timestamp.column)) return
  throw new SqlError(
    `The TIMESTAMP column set in the WITH clause does not exist in the schema: '${timestamp.column}'`,
  )
}

/** The TIMESTAMP property names a column of the right type. @throws SqlError */
export function checkTimestamp(timestamp: TimestampColumn | undefined, columns: Columns): void {
  if (timestamp === undefined) return
  requireTimestampColumn(
    timestamp,
    columns.map((column) => column.name),
  )
  const column = columns.find((candidate) => candidate.name === timestamp.column)!
  const { kind } = column.type
  if (kind === 'STRING') {
    if (timestamp.format === undefined) {
      throw new SqlError(
        `A String timestamp field has been specified without also specifying the timestamp_format`,
      )
    }
    return
  }
  if (kind !== 'BIGINT' && kind !== 'TIMESTAMP') {
    throw new SqlError(
      `Timestamp column, \`${column.name}\`, should be LONG(INT64), TIMESTAMP, or a String with a timestamp_format specified`,
    )
  }
  if (timestamp.format !== undefined) {
    throw new SqlError(
      `'TIMESTAMP_FORMAT' set in the WITH clause can only be used when the timestamp column is of type STRING.`,
    )
  }
}
