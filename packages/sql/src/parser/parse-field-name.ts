import { SqlError } from '../errors.ts'
import type { TokenStream } from './token-stream.ts'

/** The name of a field of a STRUCT, added to those it already has. @throws SqlError when it has one of that name */
export function parseFieldName(tokens: TokenStream, names: Set<string>): string {
  const span = tokens.peek().span
  const name = tokens.identifier('a field name')
  if (names.has(name)) {
    throw new SqlError(`Duplicate field names found in STRUCT: '${name}'`, { span, phase: 'build' })
  }
  names.add(name)
  return name
}
