import type { ComparisonOperator, Expression } from '../ast/expression.ts'
import { spanBetween } from '../ast/position.ts'
import { parseAdditive } from './parse-arithmetic.ts'
import { parseExpression } from './parse-expression.ts'
import type { TokenStream } from './token-stream.ts'

const comparisonOperators: ReadonlySet<string> = new Set(['=', '<>', '<', '<=', '>', '>='])

/** Comparisons, IS, BETWEEN, IN and LIKE. */
export function parsePredicate(tokens: TokenStream): Expression {
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
