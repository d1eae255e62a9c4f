import type { Expression, TimeUnit } from '../ast/expression.ts'
import type { Span } from '../ast/position.ts'
import { parseExpression } from './parse-expression.ts'
import type { TokenStream } from './token-stream.ts'

/** Units whose names are reserved, so that they cannot be columns. */
const reservedUnits: ReadonlyMap<string, TimeUnit> = new Map([
  ['DAYS', 'DAYS'],
  ['HOURS', 'HOURS'],
  ['MINUTES', 'MINUTES'],
  ['SECONDS', 'SECONDS'],
  ['MILLISECOND', 'MILLISECONDS'],
  ['MILLISECONDS', 'MILLISECONDS'],
  ['MONTHS', 'MONTHS'],
  ['YEARS', 'YEARS'],
])

/** A column, a qualified column or a call. */
export function parseName(tokens: TokenStream): Expression {
  const first = tokens.peek().span
  // A reserved word in front of a parenthesis is still a function: there is no other reading.
  const name =
    tokens.peek().kind === 'word' && tokens.isSymbol('(', 1) && !isClauseWord(tokens.peek().text)
      ? tokens.next().text
      : tokens.identifier('an expression')
  if (tokens.takeSymbol('(')) return parseCallRest(tokens, name, first)
  if (tokens.isSymbol('.') && tokens.isIdentifier(1)) {
    tokens.next()
    const column = tokens.identifier('a column')
    return { kind: 'column', qualifier: name, name: column, span: tokens.spanFrom(first) }
  }
  return { kind: 'column', qualifier: undefined, name, span: first }
}

function isClauseWord(word: string): boolean {
  return ['SELECT', 'FROM', 'WHERE', 'IN', 'AND', 'OR', 'NOT', 'WITHIN', 'VALUES', 'ON'].includes(
    word,
  )
}

function parseCallRest(tokens: TokenStream, name: string, first: Span): Expression {
  const upper = name.toUpperCase()
  if (tokens.isSymbol('*') && tokens.isSymbol(')', 1)) {
    tokens.next()
    tokens.next()
    return { kind: 'call', name: upper, arguments: [], star: true, span: tokens.spanFrom(first) }
  }
  const args = tokens.isSymbol(')') ? [] : tokens.list(() => parseArgument(tokens))
  tokens.expectSymbol(')')
  return { kind: 'call', name: upper, arguments: args, star: false, span: tokens.spanFrom(first) }
}

function parseArgument(tokens: TokenStream): Expression {
  const token = tokens.peek()
  if (token.kind === 'word') {
    const unit = reservedUnits.get(token.text)
    if (unit !== undefined && (tokens.isSymbol(',', 1) || tokens.isSymbol(')', 1))) {
      tokens.next()
      return { kind: 'unit', unit, span: token.span }
    }
  }
  const parameters = lambdaParameters(tokens)
  if (parameters === undefined) return parseExpression(tokens)
  const body = parseExpression(tokens)
  return { kind: 'lambda', parameters, body, span: tokens.spanFrom(token.span) }
}

/** Takes `x =>` or `(x, y) =>` if that comes next. */
function lambdaParameters(tokens: TokenStream): string[] | undefined {
  if (tokens.isIdentifier() && tokens.isSymbol('=>', 1)) {
    const name = tokens.next().text
    tokens.next()
    return [name]
  }
  if (!tokens.isSymbol('(')) return undefined
  let ahead = 1
  const names: string[] = []
  while (tokens.isIdentifier(ahead)) {
    names.push(tokens.peek(ahead).text)
    ahead += 1
    if (!tokens.isSymbol(',', ahead)) break
    ahead += 1
  }
  if (names.length === 0 || !tokens.isSymbol(')', ahead) || !tokens.isSymbol('=>', ahead + 1)) {
    return undefined
  }
  for (let i = 0; i < ahead + 2; i++) tokens.next()
  return names
}
