import type { Span } from '../ast/position.ts'

/** Kinds of tokens. */
export type TokenKind =
  /** Identifier or keyword, not quoted. */
  | 'word'
  /** An identifier that begins with a digit. */
  | 'digitWord'
  /** Identifier in back quotes or double quotes. */
  | 'quoted'
  | 'string'
  | 'integer'
  | 'decimal'
  | 'double'
  | 'symbol'
  | 'end'

/** A token of a script. */
export interface Token {
  readonly kind: TokenKind
  /**
   * Words: upper case. Quoted identifiers and strings: the content, escapes resolved. Numbers and symbols: as written.
   */
  readonly text: string
  readonly span: Span
  /** A quoted identifier in double quotes, or one that came from a variable: only for messages. */
  readonly source: string
}
