import type { CaseBranch, ComparisonOperator, Expression, TimeUnit } from '../ast/expression.ts'
import { spanBetween, type Span } from '../ast/position.ts'
import { SqlError } from '../errors.ts'
import { numberLiteral } from './parse-literal.ts'
import { parseType, primitiveOf } from './parse-type.ts'
import type { TokenStream } from './token-stream.ts'

/** Links of a chain such as `a + b + c …` at most: each makes the tree one level deeper. */
const chainMax = 1000

const comparisonOperators: ReadonlySet<string> = new Set(['=', '<>', '<', '<=', '>', '>='])

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

/** Any expression: OR binds loosest, then AND, NOT, predicates, `+ - ||`, `* / %`, signs, subscripts and `->`. */
export function parseExpression(tokens: TokenStream): Expression {
  return tokens.nested(() => parseLogical(tokens, 'OR', () => parseAnd(tokens)))
}

/** An expression without AND, OR, NOT and predicates at its top: what GROUP BY and PARTITION BY take. */
export function parseValueExpression(tokens: TokenStream): Expression {
  return tokens.nested(() => parseAdditive(tokens))
}

function parseAnd(tokens: TokenStream): Expression {
  return parseLogical(tokens, 'AND', () => parseNot(tokens))
}

function parseLogical(
  tokens: TokenStream,
  operator: 'AND' | 'OR',
  parseOperand: () => Expression,
): Expression {
  const operands = [parseOperand()]
  while (tokens.takeWords(operator)) operands.push(parseOperand())
  return balance(operator, operands, 0, operands.length)
}

/**
 * AND and OR are associative, short-circuiting included, so a chain becomes a tree of logarithmic depth: a condition of thousands of terms stays walkable.
 */
function balance(
  operator: 'AND' | 'OR',
  operands: readonly Expression[],
  from: number,
  to: number,
): Expression {
  if (to - from === 1) return operands[from]!
  const middle = from + ((to - from + 1) >> 1)
  const left = balance(operator, operands, from, middle)
  const right = balance(operator, operands, middle, to)
  return { kind: 'logical', operator, left, right, span: spanBetween(left.span, right.span) }
}

function parseNot(tokens: TokenStream): Expression {
  const first = tokens.peek().span
  if (!tokens.takeWords('NOT')) return parsePredicate(tokens)
  const operand = tokens.nested(() => parseNot(tokens))
  return { kind: 'not', operand, span: spanBetween(first, operand.span) }
}

function parsePredicate(tokens: TokenStream): Expression {
  const operand = parseAdditive(tokens)
  const token = tokens.peek()
  if (token.kind === 'symbol' && comparisonOperators.has(token.text)) {
    tokens.next()
    const right = parseAdditive(tokens)
    return {
      kind: 'comparison',
      operator: token.text as ComparisonOperator,
      left: operand,
      right,
      span: spanBetween(operand.span, right.span),
    }
  }
  if (tokens.takeWords('IS')) return parseIs(tokens, operand)
  const negated = tokens.isWord('NOT')
  const word = tokens.peek(negated ? 1 : 0)
  if (word.kind !== 'word' || !['BETWEEN', 'IN', 'LIKE'].includes(word.text)) return operand
  if (negated) tokens.next()
  tokens.next()
  if (word.text === 'BETWEEN') {
    const low = parseAdditive(tokens)
    tokens.expectWords('AND')
    const high = parseAdditive(tokens)
    return { kind: 'between', operand, low, high, negated, span: tokens.spanFrom(operand.span) }
  }
  if (word.text === 'IN') {
    tokens.expectSymbol('(')
    const list = tokens.list(() => parseExpression(tokens))
    tokens.expectSymbol(')')
    return { kind: 'in', operand, list, negated, span: tokens.spanFrom(operand.span) }
  }
  const pattern = parseAdditive(tokens)
  let escape: string | undefined
  if (tokens.takeWords('ESCAPE')) {
    const at = tokens.peek()
    escape = tokens.string('an escape character')
    if (escape.length !== 1) tokens.failAt(at, 'the escape must be one character')
  }
  return { kind: 'like', operand, pattern, escape, negated, span: tokens.spanFrom(operand.span) }
}

function parseIs(tokens: TokenStream, operand: Expression): Expression {
  const negated = tokens.takeWords('NOT')
  if (tokens.takeWords('DISTINCT', 'FROM')) {
    const right = parseAdditive(tokens)
    return {
      kind: 'comparison',
      operator: negated ? 'IS NOT DISTINCT FROM' : 'IS DISTINCT FROM',
      left: operand,
      right,
      span: spanBetween(operand.span, right.span),
    }
  }
  tokens.expectWords('NULL')
  return { kind: 'isNull', operand, negated, span: tokens.spanFrom(operand.span) }
}

function parseAdditive(tokens: TokenStream): Expression {
  let left = parseMultiplicative(tokens)
  for (let links = 0; ; links++) {
    const token = tokens.peek()
    if (token.kind !== 'symbol' || !['+', '-', '||'].includes(token.text)) return left
    if (links >= chainMax) tokens.fail(`more than ${chainMax} operators in a row`)
    tokens.next()
    const right = parseMultiplicative(tokens)
    const span = spanBetween(left.span, right.span)
    left =
      token.text === '||'
        ? { kind: 'call', name: 'CONCAT', arguments: [left, right], star: false, span }
        : { kind: 'arithmetic', operator: token.text as '+' | '-', left, right, span }
  }
}

function parseMultiplicative(tokens: TokenStream): Expression {
  let left = parseSign(tokens)
  for (let links = 0; ; links++) {
    const token = tokens.peek()
    if (token.kind !== 'symbol' || !['*', '/', '%'].includes(token.text)) return left
    if (links >= chainMax) tokens.fail(`more than ${chainMax} operators in a row`)
    tokens.next()
    const right = parseSign(tokens)
    left = {
      kind: 'arithmetic',
      operator: token.text as '*' | '/' | '%',
      left,
      right,
      span: spanBetween(left.span, right.span),
    }
  }
}

function parseSign(tokens: TokenStream): Expression {
  const token = tokens.peek()
  if (token.kind !== 'symbol' || (token.text !== '-' && token.text !== '+')) {
    return parsePostfix(tokens)
  }
  tokens.next()
  const number = tokens.peek()
  const bindsTighter = tokens.isSymbol('->', 1) || tokens.isSymbol('[', 1)
  if (
    token.text === '-' &&
    !bindsTighter &&
    ['integer', 'decimal', 'double'].includes(number.kind)
  ) {
    tokens.next()
    const literal = numberLiteral(number, '-')
    return { ...literal, span: spanBetween(token.span, literal.span) }
  }
  const operand = tokens.nested(() => parseSign(tokens))
  return {
    kind: 'sign',
    operator: token.text,
    operand,
    span: spanBetween(token.span, operand.span),
  }
}

function parsePostfix(tokens: TokenStream): Expression {
  let base = parsePrimary(tokens)
  for (let links = 0; ; links++) {
    if (links >= chainMax) tokens.fail(`more than ${chainMax} operators in a row`)
    if (tokens.takeSymbol('[')) {
      const index = parseExpression(tokens)
      tokens.expectSymbol(']')
      base = { kind: 'subscript', base, index, span: tokens.spanFrom(base.span) }
    } else if (tokens.isSymbol('->') && !tokens.isSymbol('*', 1)) {
      tokens.next()
      // Behind the arrow nothing but a name can stand, so reserved words need no quotes there.
      const token = tokens.next()
      if (token.kind !== 'word' && token.kind !== 'quoted' && token.kind !== 'digitWord') {
        tokens.failAt(token, 'expected a field name')
      }
      base = { kind: 'dereference', base, field: token.text, span: tokens.spanFrom(base.span) }
    } else {
      return base
    }
  }
}

function parsePrimary(tokens: TokenStream): Expression {
  const token = tokens.peek()
  const { span } = token
  switch (token.kind) {
    case 'string':
      tokens.next()
      return { kind: 'string', value: token.text, span }
    case 'integer':
    case 'decimal':
    case 'double':
      tokens.next()
      return numberLiteral(token)
    case 'symbol':
      if (tokens.takeSymbol('(')) {
        const inner = parseExpression(tokens)
        tokens.expectSymbol(')')
        return inner
      }
      return tokens.fail('expected an expression')
    case 'word':
      return parseWord(tokens)
    case 'quoted':
    case 'digitWord':
      return parseName(tokens)
    default:
      return tokens.fail('expected an expression')
  }
}

function parseWord(tokens: TokenStream): Expression {
  const token = tokens.peek()
  const { span } = token
  switch (token.text) {
    case 'NULL':
      tokens.next()
      return { kind: 'null', span }
    case 'TRUE':
    case 'FALSE':
      tokens.next()
      return { kind: 'boolean', value: token.text === 'TRUE', span }
    case 'CASE':
      return parseCase(tokens)
    case 'CAST': {
      tokens.next()
      tokens.expectSymbol('(')
      const operand = parseExpression(tokens)
      tokens.expectWords('AS')
      const type = parseType(tokens)
      tokens.expectSymbol(')')
      return { kind: 'cast', operand, type, span: tokens.spanFrom(span) }
    }
    case 'ARRAY':
      if (tokens.isSymbol('[', 1)) return parseArray(tokens)
      break
    case 'MAP':
      if (tokens.isSymbol('(', 1)) return parseMap(tokens)
      break
    case 'STRUCT':
      if (tokens.isSymbol('(', 1)) return parseStruct(tokens)
      break
    default:
      break
  }
  const primitive = primitiveOf(token.text)
  if (primitive !== undefined && tokens.peek(1).kind === 'string') {
    tokens.next()
    const value = tokens.next()
    return {
      kind: 'cast',
      operand: { kind: 'string', value: value.text, span: value.span },
      type: { kind: primitive, span },
      span: tokens.spanFrom(span),
    }
  }
  return parseName(tokens)
}

function parseArray(tokens: TokenStream): Expression {
  const first = tokens.next().span
  tokens.expectSymbol('[')
  const elements = tokens.isSymbol(']') ? [] : tokens.list(() => parseExpression(tokens))
  tokens.expectSymbol(']')
  return { kind: 'array', elements, span: tokens.spanFrom(first) }
}

function parseMap(tokens: TokenStream): Expression {
  const first = tokens.next().span
  tokens.expectSymbol('(')
  const entries = tokens.isSymbol(')')
    ? []
    : tokens.list(() => {
        const key = parseExpression(tokens)
        tokens.expectSymbol(':=')
        return { key, value: parseExpression(tokens) }
      })
  tokens.expectSymbol(')')
  return { kind: 'map', entries, span: tokens.spanFrom(first) }
}

function parseStruct(tokens: TokenStream): Expression {
  const first = tokens.next().span
  tokens.expectSymbol('(')
  const names = new Set<string>()
  const fields = tokens.isSymbol(')')
    ? []
    : tokens.list(() => {
        const at = tokens.peek().span
        const name = tokens.identifier('a field name')
        if (names.has(name)) {
          throw new SqlError(`Duplicate field names found in STRUCT: '${name}'`, {
            span: at,
            phase: 'build',
          })
        }
        names.add(name)
        tokens.expectSymbol(':=')
        return { name, value: parseExpression(tokens) }
      })
  tokens.expectSymbol(')')
  return { kind: 'struct', fields, span: tokens.spanFrom(first) }
}

function parseCase(tokens: TokenStream): Expression {
  const first = tokens.next().span
  const operand = tokens.isWord('WHEN') ? undefined : parseExpression(tokens)
  const branches: CaseBranch[] = []
  while (tokens.takeWords('WHEN')) {
    const when = parseExpression(tokens)
    tokens.expectWords('THEN')
    branches.push({ when, then: parseExpression(tokens) })
  }
  if (branches.length === 0) tokens.fail('expected WHEN')
  const otherwise = tokens.takeWords('ELSE') ? parseExpression(tokens) : undefined
  tokens.expectWords('END')
  return { kind: 'case', operand, branches, otherwise, span: tokens.spanFrom(first) }
}

/** A column, a qualified column or a call. */
function parseName(tokens: TokenStream): Expression {
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
