import type { Statement } from '../ast/statement.ts'
import type { TokenStream } from './token-stream.ts'

/** SHOW and LIST, which are the same. */
export function parseShow(tokens: TokenStream): Statement {
  const first = tokens.next().span
  const all = tokens.takeWords('ALL')
  if (all && !tokens.isWord('TOPICS')) tokens.fail('expected TOPICS')
  for (const subject of ['STREAMS', 'TABLES', 'TOPICS', 'QUERIES'] as const) {
    if (tokens.takeWords(subject)) {
      const extended = tokens.takeWords('EXTENDED')
      const span = tokens.spanFrom(first)
      return { kind: 'show', subject, extended, all, connectorKind: undefined, span }
    }
  }
  const rest = { kind: 'show', extended: false, all } as const
  for (const subject of ['FUNCTIONS', 'TYPES', 'PROPERTIES', 'VARIABLES'] as const) {
    if (tokens.takeWords(subject)) {
      return { ...rest, subject, connectorKind: undefined, span: tokens.spanFrom(first) }
    }
  }
  if (tokens.takeWords('CONNECTOR', 'PLUGINS')) {
    const span = tokens.spanFrom(first)
    return { ...rest, subject: 'CONNECTOR PLUGINS', connectorKind: undefined, span }
  }
  const connectorKind = tokens.takeWords('SOURCE')
    ? 'SOURCE'
    : tokens.takeWords('SINK')
      ? 'SINK'
      : undefined
  if (tokens.takeWords('CONNECTORS')) {
    return { ...rest, subject: 'CONNECTORS', connectorKind, span: tokens.spanFrom(first) }
  }
  return tokens.fail(
    'expected what to show',
    'STREAMS, TABLES, TOPICS, QUERIES, FUNCTIONS, TYPES, PROPERTIES, VARIABLES or CONNECTORS.',
  )
}

/** DESCRIBE of a source, of all sources of a kind, of a function or a connector. */
export function parseDescribe(tokens: TokenStream): Statement {
  const first = tokens.next().span
  if (tokens.isWord('FUNCTION') && tokens.isIdentifier(1)) {
    tokens.next()
    const name = tokens.identifier('the name of a function').toUpperCase()
    return { kind: 'describeFunction', name, span: tokens.spanFrom(first) }
  }
  if (tokens.takeWords('CONNECTOR')) {
    const name = tokens.identifier('the name of a connector')
    return { kind: 'describeConnector', name, span: tokens.spanFrom(first) }
  }
  if (tokens.isWord('STREAMS') || tokens.isWord('TABLES')) {
    const sourceKind = tokens.next().text === 'STREAMS' ? 'STREAM' : 'TABLE'
    const extended = tokens.takeWords('EXTENDED')
    return { kind: 'describeAll', sourceKind, extended, span: tokens.spanFrom(first) }
  }
  const name = tokens.identifier('the name of a stream or table')
  const extended = tokens.takeWords('EXTENDED')
  return { kind: 'describe', name, extended, span: tokens.spanFrom(first) }
}

/** PRINT of a topic. */
export function parsePrint(tokens: TokenStream): Statement {
  const first = tokens.next().span
  const token = tokens.peek()
  // Topic names keep their case, quoted or not.
  const topic =
    token.kind === 'string' ? tokens.next().text : tokens.identifier('the name of a topic')
  const fromBeginning = tokens.takeWords('FROM')
  if (fromBeginning) tokens.expectWords('BEGINNING')
  const interval =
    tokens.takeWords('INTERVAL') || tokens.takeWords('SAMPLE')
      ? tokens.wholeNumber('an interval')
      : undefined
  const limit = tokens.takeWords('LIMIT') ? tokens.wholeNumber('a number of records') : undefined
  return {
    kind: 'print',
    topic: token.kind === 'word' ? token.source : topic,
    fromBeginning,
    interval,
    limit,
    span: tokens.spanFrom(first),
  }
}
