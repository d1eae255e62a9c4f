import type { ColumnNode, Statement } from '../ast/statement.ts'
import { parseSourceKind } from './parse-create.ts'
import { parseType } from './parse-type.ts'
import type { TokenStream } from './token-stream.ts'

/** DROP STREAM, TABLE, TYPE and CONNECTOR. */
export function parseDrop(tokens: TokenStream): Statement {
  const first = tokens.peek().span
  tokens.expectWords('DROP')
  if (tokens.takeWords('TYPE')) {
    const ifExists = tokens.takeWords('IF', 'EXISTS')
    const name = tokens.identifier('the name of a type')
    return { kind: 'dropType', name, ifExists, span: tokens.spanFrom(first) }
  }
  if (tokens.takeWords('CONNECTOR')) {
    const ifExists = tokens.takeWords('IF', 'EXISTS')
    const name = tokens.identifier('the name of a connector')
    return { kind: 'dropConnector', name, ifExists, span: tokens.spanFrom(first) }
  }
  const sourceKind = parseSourceKind(tokens)
  const ifExists = tokens.takeWords('IF', 'EXISTS')
  const name = tokens.identifier('the name of a stream or table')
  const deleteTopic = tokens.takeWords('DELETE', 'TOPIC')
  return {
    kind: 'dropSource',
    sourceKind,
    name,
    ifExists,
    deleteTopic,
    span: tokens.spanFrom(first),
  }
}

/** ALTER STREAM, TABLE and SYSTEM. */
export function parseAlter(tokens: TokenStream): Statement {
  const first = tokens.peek().span
  tokens.expectWords('ALTER')
  if (tokens.takeWords('SYSTEM')) {
    const property = tokens.string('the name of a property')
    tokens.expectSymbol('=')
    const value = tokens.string('a value')
    return { kind: 'alterSystem', property, value, span: tokens.spanFrom(first) }
  }
  const sourceKind = parseSourceKind(tokens)
  const name = tokens.identifier('the name of a stream or table')
  const columns = tokens.list((): ColumnNode => {
    tokens.expectWords('ADD')
    const at = tokens.peek().span
    // COLUMN is a word of the clause unless it is the name itself.
    if (tokens.isWord('COLUMN') && tokens.isIdentifier(1) && tokens.isIdentifier(2)) tokens.next()
    const column = tokens.identifier('a column name')
    const type = parseType(tokens)
    return { name: column, type, constraint: undefined, span: tokens.spanFrom(at) }
  })
  return { kind: 'alterSource', sourceKind, name, columns, span: tokens.spanFrom(first) }
}

/** TERMINATE, PAUSE and RESUME, of one query or ALL. */
export function parseQueryControl(tokens: TokenStream): Statement {
  const first = tokens.peek().span
  const word = tokens.next().text
  const kind = word === 'PAUSE' ? 'pause' : word === 'RESUME' ? 'resume' : 'terminate'
  if (kind === 'terminate') tokens.takeWords('QUERY')
  const queryId = tokens.takeWords('ALL') ? undefined : parseQueryId(tokens)
  return { kind, queryId, span: tokens.spanFrom(first) }
}

/** Ids of queries are shown in upper case; transient ones hold lower case and are quoted or written as they are. */
function parseQueryId(tokens: TokenStream): string {
  const token = tokens.peek()
  if (token.kind === 'string') return tokens.next().text
  const id = tokens.identifier('the id of a query')
  return token.kind === 'word' && /^transient_/i.test(token.source) ? token.source : id
}
