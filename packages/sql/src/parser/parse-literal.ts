import type { Expression } from '../ast/expression.ts'
import type { PropertyNode, PropertyValue } from '../ast/statement.ts'
import { SqlError } from '../errors.ts'
import type { Token } from '../lexer/token.ts'
import type { TokenStream } from './token-stream.ts'

const int64Max = 2n ** 63n - 1n
/** Digits of a number literal at most. */
const digitsMax = 1000

/** A number token as an expression. @throws SqlError for a value out of range */
export function numberLiteral(token: Token, sign: '' | '-' = ''): Expression {
  const { span } = token
  const text = sign + token.text
  if (text.length > digitsMax) {
    throw new SqlError('number literal is too long', { span, phase: 'syntax' })
  }
  switch (token.kind) {
    case 'integer': {
      const value = BigInt(text)
      if (value > int64Max || value < -int64Max - 1n) {
        throw new SqlError(`Invalid numeric literal: ${text}`, {
          span,
          phase: 'literal',
          hint: 'Whole numbers have 64 bits; write a point behind it for a DECIMAL.',
        })
      }
      return { kind: 'integer', value, span }
    }
    case 'decimal':
      return { kind: 'decimal', text, span }
    default: {
      const value = Number(text)
      if (!Number.isFinite(value)) {
        throw new SqlError(`Number overflows DOUBLE: ${text}`, { span, phase: 'literal' })
      }
      return { kind: 'double', value, span }
    }
  }
}

/** `WITH (NAME = value, …)` behind the word WITH. Names of the dialect's own properties are folded, connectors' are not. */
export function parseProperties(
  tokens: TokenStream,
  names: 'folded' | 'as written' = 'folded',
): PropertyNode[] {
  tokens.expectSymbol('(')
  if (tokens.takeSymbol(')')) return []
  const seen = new Set<string>()
  const properties = tokens.list((): PropertyNode => {
    const token = tokens.next()
    if (token.kind !== 'word' && token.kind !== 'quoted' && token.kind !== 'string') {
      tokens.failAt(token, 'expected the name of a property')
    }
    const name = names === 'folded' ? token.text.toUpperCase() : token.text
    if (seen.has(name)) {
      throw new SqlError(`Duplicate property "${name}"`, { span: token.span, phase: 'syntax' })
    }
    seen.add(name)
    tokens.expectSymbol('=')
    const value = propertyValue(tokens)
    return { name, value, span: tokens.spanFrom(token.span) }
  })
  tokens.expectSymbol(')')
  return properties
}

function propertyValue(tokens: TokenStream): PropertyValue {
  const token = tokens.peek()
  if (token.kind === 'string') return tokens.next().text
  if (token.kind === 'word' && (token.text === 'TRUE' || token.text === 'FALSE')) {
    return tokens.next().text === 'TRUE'
  }
  const negative = tokens.takeSymbol('-')
  if (!negative) tokens.takeSymbol('+')
  const number = tokens.peek()
  if (!['integer', 'decimal', 'double'].includes(number.kind)) {
    return tokens.fail('expected a literal')
  }
  const literal = numberLiteral(tokens.next(), negative ? '-' : '')
  if (literal.kind === 'integer') {
    return Number.isSafeInteger(Number(literal.value)) ? Number(literal.value) : literal.value
  }
  return Number(number.text) * (negative ? -1 : 1)
}
