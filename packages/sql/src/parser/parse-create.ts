import type { ColumnNode, SourceKind, Statement } from '../ast/statement.ts'
import { SqlError } from '../errors.ts'
import { parseConnector } from './parse-connector.ts'
import { parseProperties } from './parse-literal.ts'
import { parseQuery } from './parse-query.ts'
import { parseType } from './parse-type.ts'
import type { TokenStream } from './token-stream.ts'

/** CREATE STREAM, TABLE (declared or AS SELECT), TYPE and CONNECTOR. */
export function parseCreate(tokens: TokenStream): Statement {
  const first = tokens.peek().span
  tokens.expectWords('CREATE')
  if (tokens.takeWords('TYPE')) {
    const ifNotExists = tokens.takeWords('IF', 'NOT', 'EXISTS')
    const name = tokens.identifier('the name of a type')
    tokens.expectWords('AS')
    const type = parseType(tokens)
    return { kind: 'createType', name, ifNotExists, type, span: tokens.spanFrom(first) }
  }
  if (isConnector(tokens)) return parseConnector(tokens, first)
  const orReplace = tokens.takeWords('OR', 'REPLACE')
  const isSource = tokens.takeWords('SOURCE')
  const sourceKind = parseSourceKind(tokens)
  const ifNotExists = tokens.takeWords('IF', 'NOT', 'EXISTS')
  const name = parseSourceName(tokens)
  const columns = tokens.isSymbol('(') ? parseColumns(tokens, sourceKind) : []
  const properties = tokens.takeWords('WITH') ? parseProperties(tokens) : []
  if (tokens.isWord('AS') && columns.length === 0 && !isSource) {
    tokens.next()
    const query = parseQuery(tokens)
    const span = tokens.spanFrom(first)
    return {
      kind: 'createAsSelect',
      sourceKind,
      name,
      orReplace,
      ifNotExists,
      properties,
      query,
      span,
    }
  }
  const span = tokens.spanFrom(first)
  return {
    kind: 'createSource',
    sourceKind,
    name,
    orReplace,
    isSource,
    ifNotExists,
    columns,
    properties,
    span,
  }
}

function isConnector(tokens: TokenStream): boolean {
  return (
    (tokens.isWord('SOURCE') || tokens.isWord('SINK')) &&
    (tokens.isWord('CONNECTOR', 1) || tokens.isWord('CONNECTORS', 1))
  )
}

/** STREAM or TABLE. */
export function parseSourceKind(tokens: TokenStream): SourceKind {
  if (tokens.takeWords('STREAM')) return 'STREAM'
  if (tokens.takeWords('TABLE')) return 'TABLE'
  return tokens.fail('expected STREAM or TABLE')
}

/** The name of a stream or table that is made: only letters, digits, `_` and `-`. */
function parseSourceName(tokens: TokenStream): string {
  const { span } = tokens.peek()
  const name = tokens.identifier('the name of a stream or table')
  if (!/^[A-Za-z0-9_-]+$/.test(name)) {
    throw new SqlError(`Illegal argument at Line: ${span.line}, Col: ${span.column}`, {
      span,
      detail: `Name "${name}" holds characters that names of streams and tables may not have.`,
      hint: 'Use letters, digits, _ and - only.',
    })
  }
  return name
}

/** `(name type [KEY | PRIMARY KEY | HEADERS | HEADER('k')], …)` */
export function parseColumns(tokens: TokenStream, sourceKind: SourceKind): ColumnNode[] {
  tokens.expectSymbol('(')
  const columns = tokens.list(() => parseColumn(tokens, sourceKind))
  if (!tokens.takeSymbol(')')) tokens.failExpecting("{',', ')'}")
  const names = new Set<string>()
  for (const { name, span } of columns) {
    if (names.has(name))
      throw new SqlError(`Duplicate column names: \`${name}\``, { span, phase: 'build' })
    names.add(name)
  }
  return columns
}

function parseColumn(tokens: TokenStream, sourceKind: SourceKind): ColumnNode {
  const first = tokens.peek().span
  const name = tokens.identifier('a column name')
  const type = parseType(tokens)
  let constraint: ColumnNode['constraint']
  if (tokens.takeWords('PRIMARY', 'KEY')) constraint = { kind: 'PRIMARY KEY' }
  else if (tokens.takeWords('KEY')) constraint = { kind: 'KEY' }
  else if (tokens.takeWords('HEADERS')) constraint = { kind: 'HEADERS' }
  else if (tokens.takeWords('HEADER')) {
    tokens.expectSymbol('(')
    constraint = { kind: 'HEADER', key: tokens.string('a header key') }
    tokens.expectSymbol(')')
  }
  if (constraint?.kind === 'KEY' && sourceKind === 'TABLE') {
    throw new SqlError(
      `Column \`${name}\` is a 'KEY' column: please use 'PRIMARY KEY' for tables.`,
      {
        span: first,
        phase: 'build',
        detail: 'Tables have PRIMARY KEYs, which are unique and not null; streams have KEYs.',
      },
    )
  }
  if (constraint?.kind === 'PRIMARY KEY' && sourceKind === 'STREAM') {
    throw new SqlError(
      `Column \`${name}\` is a 'PRIMARY KEY' column: please use 'KEY' for streams.`,
      {
        span: first,
        phase: 'build',
        detail: 'Tables have PRIMARY KEYs, which are unique and not null; streams have KEYs.',
      },
    )
  }
  return { name, type, constraint, span: tokens.spanFrom(first) }
}
