import { primitiveKindOf } from '@varve/serde'

import type { CaseBranch, Expression } from '../ast/expression.ts'
import { chainMax } from './parse-arithmetic.ts'
import { parseName } from './parse-call.ts'
import { parseExpression } from './parse-expression.ts'
import { numberLiteral } from './parse-literal.ts'
import { parseType } from './parse-type.ts'
import { parseFieldName } from './parse-field-name.ts'
import type { TokenStream } from './token-stream.ts'

/** Literals, names, constructors, CASE and CAST, with subscripts and `->` behind them. */
export function parsePostfix(tokens: TokenStream): Expression {
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
  const primitive = primitiveKindOf(token.text)
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
        const name = parseFieldName(tokens, names)
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
