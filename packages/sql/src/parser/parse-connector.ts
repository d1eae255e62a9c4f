import type { Span } from '../ast/position.ts'
import type { Statement } from '../ast/statement.ts'
import { parseProperties } from './parse-literal.ts'
import type { TokenStream } from './token-stream.ts'

/** `{SOURCE|SINK} CONNECTOR [IF NOT EXISTS] name WITH (…)` behind CREATE. */
export function parseConnector(tokens: TokenStream, first: Span): Statement {
  const connectorKind = tokens.next().text === 'SOURCE' ? 'SOURCE' : 'SINK'
  tokens.expectWords('CONNECTOR')
  const ifNotExists = tokens.takeWords('IF', 'NOT', 'EXISTS')
  const name = tokens.identifier('the name of a connector')
  tokens.expectWords('WITH')
  const properties = parseProperties(tokens, 'as written')
  const span = tokens.spanFrom(first)
  return { kind: 'createConnector', connectorKind, name, ifNotExists, properties, span }
}
