import { formatSqlType, quoteIdentifier } from '@varve/serde'

import type { QueryHandle, ResultColumn, ResultRow } from '../engine/query-types.ts'
import { valueToJson } from '../result/json-text.ts'
import type { ErrorBody } from './http-error.ts'

/** How the rows of a query are laid out in an answer. Every method returns text to be written as it is. */
export interface ResultFraming {
  readonly contentType: string
  header(query: QueryHandle): string
  row(query: QueryHandle, row: ResultRow): string
  /** An error after the answer began, when its status can no longer say so. */
  error(query: QueryHandle, body: ErrorBody): string
  end(query: QueryHandle): string
  /** What keeps a silent connection alive; empty when the framing has no room for it. */
  readonly keepAlive: string
}

function valuesJson(query: QueryHandle, row: ResultRow): string {
  const { columns } = query
  let text = '['
  for (let i = 0; i < columns.length; i++) {
    if (i > 0) text += ','
    text += valueToJson(columns[i]!.type, row.values[i] ?? null)
  }
  return `${text}]`
}

function metadata(query: QueryHandle): string {
  return JSON.stringify({
    queryId: query.id,
    columnNames: query.columns.map((column) => column.name),
    columnTypes: query.columns.map((column) => formatSqlType(column.type)),
  })
}

/** `/query-stream`, delimited: a line of metadata, then one JSON array a line. Deletions are left out, as ksqlDB does. */
export const delimitedFraming: ResultFraming = {
  contentType: 'application/vnd.ksqlapi.delimited.v1',
  header: (query) => `${metadata(query)}\n`,
  row: (query, row) => (row.tombstone ? '' : `${valuesJson(query, row)}\n`),
  error: (_query, body) => `${JSON.stringify(body)}\n`,
  end: () => '',
  keepAlive: '',
}

/** `/query-stream` as one JSON array of the same values. */
export const jsonArrayFraming: ResultFraming = {
  contentType: 'application/json',
  header: (query) => `[${metadata(query)}`,
  row: (query, row) => (row.tombstone ? '' : `,\n${valuesJson(query, row)}`),
  error: (_query, body) => `,\n${JSON.stringify(body)}`,
  end: () => ']',
  keepAlive: '\n',
}

/**
 * `/query`: a JSON array of elements with `header`, `row`, `errorMessage` or `finalMessage`.
 *
 * Where the end has no message, elements are separated; where it has, which is then the last element, each ends with the separator, so that
 * a client that reads lines has every row when it is sent.
 */
export const elementFraming: ResultFraming = {
  contentType: 'application/vnd.ksql.v1+json',
  header: (query) => {
    const element = JSON.stringify({ header: headerMembers(query) })
    return query.announcesEnd ? `[${element},\n` : `[${element}`
  },
  row: (query, row) => separated(query, rowElement(query, row)),
  error: (query, body) => separated(query, JSON.stringify({ errorMessage: body })),
  end: (query) => {
    if (!query.announcesEnd) return ']\n'
    return `${finalElement(query)}]\n`
  },
  keepAlive: '\n',
}

/** What the first element says of a query. */
export function headerMembers(query: QueryHandle): {
  readonly queryId: string
  readonly schema: string
} {
  return { queryId: query.id, schema: schemaText(query) }
}

/** A row as one element. */
export function rowElement(query: QueryHandle, row: ResultRow): string {
  const columns = valuesJson(query, row)
  return row.tombstone
    ? `{"row":{"columns":${columns},"tombstone":true}}`
    : `{"row":{"columns":${columns}}}`
}

/** The last element of a query that announces its end. */
export function finalElement(query: QueryHandle): string {
  return JSON.stringify({
    finalMessage: query.end === 'limit' ? 'Limit Reached' : 'Query Completed',
  })
}

/** The columns as schema text. It names header columns in front of values, wherever they stand in a row, as ksqlDB does. */
function schemaText(query: QueryHandle): string {
  if (query.kind === 'push') return query.columns.map(columnText).join(', ')
  const first = query.columns.findIndex((column) => !column.key)
  const [keys, rest] =
    first < 0 ? [query.columns, []] : [query.columns.slice(0, first), query.columns.slice(first)]
  return [
    ...keys.map((column) => `${columnText(column)} KEY`),
    ...rest
      .filter((column) => column.header !== undefined)
      .map((column) => `${columnText(column)} ${headerText(column.header?.key)}`),
    ...rest
      .filter((column) => column.header === undefined)
      .map((column) => `${columnText(column)}${column.key ? ' KEY' : ''}`),
  ].join(', ')
}

function columnText(column: ResultColumn): string {
  return `${quoteIdentifier(column.name)} ${formatSqlType(column.type)}`
}

function headerText(key: string | undefined): string {
  return key === undefined ? 'HEADERS' : `HEADER('${key.replaceAll("'", "''")}')`
}

/** An element with what stands between it and its neighbour. */
export function separated(query: QueryHandle, element: string): string {
  return query.announcesEnd ? `${element},\n` : `,\n${element}`
}
