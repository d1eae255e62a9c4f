import type { Expression } from '../ast/expression.ts'
import { spanBetween } from '../ast/position.ts'
import { numberLiteral } from './parse-literal.ts'
import { parsePostfix } from './parse-primary.ts'
import type { TokenStream } from './token-stream.ts'

/** Links of a chain such as `a + b + c …` at most: each makes the tree one level deeper. */
export const chainMax = 1000

/** `+`, `-` and `||`; below them `*`, `/`, `%` and signs. */
export function parseAdditive(tokens: TokenStream): Expression {
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
