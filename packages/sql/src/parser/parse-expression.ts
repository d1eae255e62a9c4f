import type { Expression } from '../ast/expression.ts'
import { spanBetween } from '../ast/position.ts'
import { parseAdditive } from './parse-arithmetic.ts'
import { parsePredicate } from './parse-predicate.ts'
import type { TokenStream } from './token-stream.ts'

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
