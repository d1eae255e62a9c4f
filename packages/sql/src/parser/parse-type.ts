import { primitiveKindOf } from '@varve/serde'

import type { Span } from '../ast/position.ts'
import type { FieldNode, TypeNode } from '../ast/type.ts'
import { SqlError } from '../errors.ts'
import { parseFieldName } from './parse-field-name.ts'
import type { TokenStream } from './token-stream.ts'

/** `INT`, `DECIMAL(4, 2)`, `ARRAY<T>`, `T ARRAY`, `MAP<K, V>`, `STRUCT<f T, …>` or the name of a custom type. */
export function parseType(tokens: TokenStream): TypeNode {
  return tokens.nested(() => {
    const first = tokens.peek().span
    let type = parseBaseType(tokens)
    for (let wraps = 0; tokens.takeWords('ARRAY'); wraps++) {
      if (wraps >= 50) tokens.fail('an array of arrays may be 50 levels deep at most')
      type = { kind: 'ARRAY', element: type, span: tokens.spanFrom(first) }
    }
    return type
  })
}

function parseBaseType(tokens: TokenStream): TypeNode {
  const token = tokens.peek()
  const first = token.span
  if (token.kind !== 'word') return parseCustomType(tokens, first)
  if (token.text === 'DECIMAL' && tokens.isSymbol('(', 1)) return parseDecimalType(tokens)
  if (tokens.isSymbol('<', 1) || tokens.isSymbol('<>', 1)) {
    if (token.text === 'ARRAY') {
      tokens.next()
      tokens.expectSymbol('<')
      const element = parseType(tokens)
      tokens.expectSymbol('>')
      return { kind: 'ARRAY', element, span: tokens.spanFrom(first) }
    }
    if (token.text === 'MAP') {
      tokens.next()
      tokens.expectSymbol('<')
      const key = parseType(tokens)
      tokens.expectSymbol(',')
      const value = parseType(tokens)
      tokens.expectSymbol('>')
      return { kind: 'MAP', key, value, span: tokens.spanFrom(first) }
    }
    if (token.text === 'STRUCT') return parseStructType(tokens)
  }
  const primitive = primitiveKindOf(token.text)
  if (primitive === undefined) return parseCustomType(tokens, first)
  tokens.next()
  skipTypeParameters(tokens)
  return { kind: primitive, span: tokens.spanFrom(first) }
}

function parseCustomType(tokens: TokenStream, first: Span): TypeNode {
  const name = tokens.identifier('a type')
  skipTypeParameters(tokens)
  return { kind: 'CUSTOM', name, span: tokens.spanFrom(first) }
}

/** `(5)`, `(STRING)` or `(10, 2)` behind a type's name: the grammar has it behind every name, and it means nothing. */
function skipTypeParameters(tokens: TokenStream): void {
  if (!tokens.takeSymbol('(')) return
  do {
    if (!tokens.isWord('STRING') && tokens.peek().kind !== 'integer') {
      tokens.failExpecting("{'STRING', INTEGER_VALUE}")
    }
    tokens.next()
  } while (tokens.takeSymbol(','))
  if (!tokens.takeSymbol(')')) tokens.failExpecting("{',', ')'}")
}

function parseDecimalType(tokens: TokenStream): TypeNode {
  const first = tokens.next().span
  tokens.expectSymbol('(')
  const precision = tokens.wholeNumber('a precision')
  tokens.expectSymbol(',')
  const scale = tokens.wholeNumber('a scale')
  tokens.expectSymbol(')')
  const span = tokens.spanFrom(first)
  if (precision < 1) {
    throw new SqlError(`DECIMAL precision must be >= 1: DECIMAL(${precision},${scale})`, {
      span,
      phase: 'build',
    })
  }
  if (scale > precision) {
    throw new SqlError(`DECIMAL precision must be >= scale: DECIMAL(${precision},${scale})`, {
      span,
      phase: 'build',
    })
  }
  return { kind: 'DECIMAL', precision, scale, span }
}

function parseStructType(tokens: TokenStream): TypeNode {
  const first = tokens.next().span
  const fields: FieldNode[] = []
  if (!tokens.takeSymbol('<>')) {
    tokens.expectSymbol('<')
    if (!tokens.isSymbol('>')) {
      const names = new Set<string>()
      do {
        const name = parseFieldName(tokens, names)
        fields.push({ name, type: parseType(tokens) })
      } while (tokens.takeSymbol(','))
    }
    tokens.expectSymbol('>')
  }
  return { kind: 'STRUCT', fields, span: tokens.spanFrom(first) }
}
