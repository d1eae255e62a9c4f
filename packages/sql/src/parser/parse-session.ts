import type { Statement } from '../ast/statement.ts'
import type { TokenStream } from './token-stream.ts'

/** SET, UNSET, DEFINE, UNDEFINE and RUN SCRIPT. */
export function parseSession(tokens: TokenStream): Statement {
  const token = tokens.next()
  const first = token.span
  switch (token.text) {
    case 'SET': {
      const property = tokens.string('the name of a property')
      tokens.expectSymbol('=')
      const value = tokens.string('a value')
      return { kind: 'set', property, value, span: tokens.spanFrom(first) }
    }
    case 'UNSET': {
      const property = tokens.string('the name of a property')
      return { kind: 'unset', property, span: tokens.spanFrom(first) }
    }
    case 'DEFINE': {
      const name = variableName(tokens)
      tokens.expectSymbol('=')
      const value = tokens.string('a value')
      return { kind: 'define', name, value, span: tokens.spanFrom(first) }
    }
    case 'UNDEFINE':
      return { kind: 'undefine', name: variableName(tokens), span: tokens.spanFrom(first) }
    default: {
      tokens.expectWords('SCRIPT')
      const path = tokens.string('the path of a file')
      return { kind: 'runScript', path, span: tokens.spanFrom(first) }
    }
  }
}

function variableName(tokens: TokenStream): string {
  const token = tokens.peek()
  if (token.kind !== 'word' || token.text.includes('@')) {
    return tokens.fail('expected the name of a variable', 'Letters, digits and _.')
  }
  return tokens.next().text
}
