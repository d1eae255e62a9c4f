import { formatSqlType, type Columns } from '@varve/serde'
import {
  parseWindowSize,
  resolveType,
  SqlError,
  type DataSource,
  type PropertyNode,
  type Statement,
} from '@varve/sql'

import type { Metastore } from '../../catalog/metastore.ts'
import { AssertionFailure } from './assertion-failure.ts'

type AssertSource = Extract<Statement, { readonly kind: 'assertSource' }>

/** Compares a stream or table with what ASSERT STREAM or ASSERT TABLE says of it: its kind, and columns and properties where named. @throws AssertionFailure */
export function checkSource(statement: AssertSource, metastore: Metastore): void {
  const { name, sourceKind } = statement
  const source = metastore.source(name)
  if (source === undefined) throw new AssertionFailure(`There is no stream or table ${name}.`)
  if (source.kind !== sourceKind) {
    throw new AssertionFailure(`${name} is a ${source.kind}, not a ${sourceKind}.`)
  }
  checkColumns(statement, source, metastore)
  for (const property of statement.properties) checkProperty(property, source)
}

function checkColumns({ columns }: AssertSource, source: DataSource, metastore: Metastore): void {
  if (columns.length === 0) return
  const suffix = source.kind === 'TABLE' ? ' PRIMARY KEY' : ' KEY'
  const expected = columns.map(({ name, type, constraint }) => {
    const text = formatSqlType(resolveType(type, (custom) => metastore.type(custom)))
    switch (constraint?.kind) {
      case undefined:
        return `${name} ${text}`
      case 'HEADERS':
        return `${name} HEADERS`
      case 'HEADER':
        return `${name} HEADER('${constraint.key}')`
      default:
        return `${name} ${text}${suffix}`
    }
  })
  const texts = (side: Columns, ending: string): readonly string[] =>
    side.map(({ name, type }) => `${name} ${formatSqlType(type)}${ending}`)
  const actual = [
    ...texts(source.keyColumns, suffix),
    ...texts(source.valueColumns, ''),
    ...source.headerColumns.map(({ name, headerKey }) =>
      headerKey === undefined ? `${name} HEADERS` : `${name} HEADER('${headerKey}')`,
    ),
  ]
  // Where keys and headers stand among the other columns carries no meaning; the order within each kind does.
  const ordered = [...actual].sort(byKind)
  const isSame =
    expected.length === actual.length &&
    [...expected].sort(byKind).every((text, i) => text === ordered[i])
  if (isSame) return
  throw new AssertionFailure(`${source.name} has other columns.`, {
    columns: ['columns'],
    expected: [expected.join(', ')],
    actual: [actual.join(', ')],
  })
}

function byKind(a: string, b: string): number {
  return kindOf(a) - kindOf(b)
}

function kindOf(column: string): number {
  if (column.endsWith(' KEY')) return 0
  return / HEADERS?(\('.*'\))?$/.test(column) ? 2 : 1
}

/** The property's value as the source has it; `undefined` for one that says nothing of a source. */
function propertyOf(source: DataSource, name: string): string | null | undefined {
  const { window } = source
  switch (name) {
    case 'KAFKA_TOPIC':
      return source.topic
    case 'KEY_FORMAT':
      return source.keyFormat.format
    case 'VALUE_FORMAT':
      return source.valueFormat.format
    case 'FORMAT':
      return source.keyFormat.format === source.valueFormat.format
        ? source.valueFormat.format
        : `${source.keyFormat.format} and ${source.valueFormat.format}`
    case 'WRAP_SINGLE_VALUE':
      return source.valueFormat.wrap === undefined ? null : String(source.valueFormat.wrap)
    case 'VALUE_DELIMITER':
      return source.valueFormat.delimiter ?? null
    case 'KEY_DELIMITER':
      return source.keyFormat.delimiter ?? null
    case 'TIMESTAMP':
      return source.timestamp?.column ?? null
    case 'TIMESTAMP_FORMAT':
      return source.timestamp?.format ?? null
    case 'WINDOW_TYPE':
      return window?.type ?? null
    case 'WINDOW_SIZE':
      return window === undefined || window.type === 'SESSION' ? null : `${window.sizeMs} ms`
    default:
      return undefined
  }
}

/** As {@link propertyOf} says it. */
function canonical({ name, value }: PropertyNode): string {
  const text = String(value)
  if (name === 'WINDOW_SIZE') {
    const ms = parseWindowSize(text)
    return ms === undefined ? text : `${ms} ms`
  }
  return /FORMAT$|^WINDOW_TYPE$|^TIMESTAMP$/.test(name) && name !== 'TIMESTAMP_FORMAT'
    ? text.toUpperCase()
    : text
}

function checkProperty(property: PropertyNode, source: DataSource): void {
  const actual = propertyOf(source, property.name)
  if (actual === undefined) {
    throw new SqlError(`Property ${property.name} cannot be asserted.`, { span: property.span })
  }
  const expected = canonical(property)
  const found = property.name === 'TIMESTAMP' ? actual?.toUpperCase() : actual
  if (expected === found) return
  throw new AssertionFailure(`${source.name} has another ${property.name}.`, {
    columns: [property.name],
    expected: [expected],
    actual: [String(actual)],
  })
}
