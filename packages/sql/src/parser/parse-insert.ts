import type { Expression } from '../ast/expression.ts'
import type { Statement } from '../ast/statement.ts'
import { SqlError } from '../errors.ts'
import { parseExpression } from './parse-expression.ts'
import { parseProperties } from './parse-literal.ts'
import { parseQuery } from './parse-query.ts'
import type { TokenStream } from './token-stream.ts'

/** INSERT INTO … VALUES and INSERT INTO … SELECT. */
export function parseInsert(tokens: TokenStream): Statement {
  const first = tokens.peek().span
  tokens.expectWords('INSERT', 'INTO')
  const targetSpan = tokens.peek().span
  const target = tokens.identifier('the name of a stream or table')
  if (tokens.isWord('WITH') || tokens.isWord('SELECT')) {
    const properties = tokens.takeWords('WITH') ? parseProperties(tokens) : []
    const query = parseQuery(tokens)
    const span = tokens.spanFrom(first)
    return { kind: 'insertIntoSelect', target, targetSpan, properties, query, span }
  }
  const columns = parseColumnNames(tokens)
  tokens.expectWords('VALUES')
  const values = parseValues(tokens)
  if (tokens.isSymbol(',')) {
    tokens.fail('expected the end of the statement', 'One statement inserts one row.')
  }
  if (columns !== undefined && columns.length !== values.length) {
    throw new SqlError(
      `Expected number columns and values to match: ${columns.length}, ${values.length}`,
      {
        phase: 'build',
        span: tokens.spanFrom(first),
        unplaced: true,
        hint: 'Give one value for each column named.',
      },
    )
  }
  return { kind: 'insertValues', target, columns, values, span: tokens.spanFrom(first) }
}

/** `(a, b)`, if it is there. */
export function parseColumnNames(tokens: TokenStream): string[] | undefined {
  if (!tokens.takeSymbol('(')) return undefined
  const names = tokens.list(() => tokens.identifier('a column name'))
  tokens.expectSymbol(')')
  return names
}

/** `(e, …)`. */
export function parseValues(tokens: TokenStream): Expression[] {
  tokens.expectSymbol('(')
  const values = tokens.list(() => parseExpression(tokens))
  tokens.expectSymbol(')')
  return values
}
