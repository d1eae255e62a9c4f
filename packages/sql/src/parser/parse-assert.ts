import type { Statement } from '../ast/statement.ts'
import { parseColumns, parseSourceKind } from './parse-create.ts'
import { parseColumnNames, parseValues } from './parse-insert.ts'
import { parseProperties } from './parse-literal.ts'
import { parseDuration } from './parse-query.ts'
import type { TokenStream } from './token-stream.ts'

/** ASSERT TOPIC and SCHEMA; of tests also ASSERT VALUES, NULL VALUES, STREAM and TABLE. */
export function parseAssert(tokens: TokenStream, testStatements: boolean): Statement {
  const first = tokens.peek().span
  tokens.expectWords('ASSERT')
  const exists = !tokens.takeWords('NOT', 'EXISTS')
  if (tokens.takeWords('TOPIC')) {
    const token = tokens.peek()
    const name =
      token.kind === 'string' ? tokens.next().text : tokens.identifier('the name of a topic')
    const topic = token.kind === 'word' ? token.source : name
    const properties = tokens.takeWords('WITH') ? parseProperties(tokens) : []
    const timeout = tokens.takeWords('TIMEOUT') ? parseDuration(tokens) : undefined
    return { kind: 'assertTopic', topic, exists, properties, timeout, span: tokens.spanFrom(first) }
  }
  if (tokens.takeWords('SCHEMA')) {
    const subject = tokens.takeWords('SUBJECT') ? parseSubject(tokens) : undefined
    const id = tokens.takeWords('ID') ? tokens.wholeNumber('a schema id') : undefined
    const timeout = tokens.takeWords('TIMEOUT') ? parseDuration(tokens) : undefined
    return { kind: 'assertSchema', subject, id, exists, timeout, span: tokens.spanFrom(first) }
  }
  if (!exists || !testStatements) tokens.fail('expected TOPIC or SCHEMA')
  const tombstone = tokens.takeWords('NULL', 'VALUES')
  if (tombstone || tokens.takeWords('VALUES')) {
    const target = tokens.identifier('the name of a stream or table')
    const columns = parseColumnNames(tokens)
    tokens.expectWords(tombstone ? 'KEY' : 'VALUES')
    const values = parseValues(tokens)
    const span = tokens.spanFrom(first)
    return { kind: 'assertValues', target, columns, values, tombstone, span }
  }
  const sourceKind = parseSourceKind(tokens)
  const name = tokens.identifier('the name of a stream or table')
  const columns = tokens.isSymbol('(') ? parseColumns(tokens, sourceKind) : []
  const properties = tokens.takeWords('WITH') ? parseProperties(tokens) : []
  const span = tokens.spanFrom(first)
  return { kind: 'assertSource', sourceKind, name, columns, properties, span }
}

function parseSubject(tokens: TokenStream): string {
  const token = tokens.peek()
  if (token.kind === 'string') return tokens.next().text
  const name = tokens.identifier('the name of a subject')
  return token.kind === 'word' ? token.source : name
}
