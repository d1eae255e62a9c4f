import type { Position, Span } from '../ast/position.ts'
import { SqlError } from '../errors.ts'
import type { Token, TokenKind } from './token.ts'

/** Variables by upper-case name; values as given to DEFINE, without the outer quotes. */
export type Variables = ReadonlyMap<string, string>

/** The tokens of one statement. */
export interface LexedStatement {
  /** Ends with the `;` token, or with `end` when the script ends. */
  readonly tokens: readonly Token[]
  /** From the first token through the `;`, variables substituted. */
  readonly text: string
}

const twoCharacterSymbols = new Set(['<>', '!=', '<=', '>=', '||', '->', '=>', ':='])
const symbols = new Set([...'()[],.;=<>+-*/%:'])
/** Values of variables may refer to other variables no deeper than this. */
const variableDepthMax = 8

/**
 * Cuts a script into statements and these into tokens, one statement per call, so that a DEFINE can change what the next one means.
 *
 * `${name}` stands for an identifier, a literal or text inside quotes: its value becomes exactly one token (with an optional sign for numbers), never
 * more, so a value cannot smuggle in clauses. `$${name}` gives `${name}`. Names that are not defined stay as they are.
 */
export class Lexer {
  readonly #text: string
  #offset = 0
  #line = 1
  #lineStart = 0
  /** Offset of the next newline; Infinity behind the last. */
  #newline: number

  constructor(text: string) {
    this.#text = text
    this.#newline = this.#newlineFrom(0)
  }

  /** The next statement, or `undefined` when only space and comments are left. @throws SqlError */
  nextStatement(variables: Variables): LexedStatement | undefined {
    const tokens: Token[] = []
    const replacements: { readonly start: number; readonly end: number; readonly by: string }[] = []
    for (;;) {
      this.#skipSpace()
      if (this.#offset >= this.#text.length) {
        if (tokens.length === 0) return undefined
        tokens.push(this.#token('end', '', this.#here()))
        break
      }
      const start = this.#here()
      const found = this.#lex(variables)
      if (found.replacement !== undefined) {
        replacements.push({ start: start.offset, end: this.#offset, by: found.replacement })
      }
      tokens.push(...found.tokens)
      if (found.tokens.length === 1 && isSemicolon(found.tokens[0]!)) {
        if (tokens.length > 1) break
        tokens.length = 0
      }
    }
    return { tokens, text: this.#substitutedText(tokens, replacements) }
  }

  #substitutedText(
    tokens: readonly Token[],
    replacements: readonly { readonly start: number; readonly end: number; readonly by: string }[],
  ): string {
    let at = tokens[0]!.span.offset
    let text = ''
    for (const { start, end, by } of replacements) {
      text += this.#text.slice(at, start) + by
      at = end
    }
    return text + this.#text.slice(at, tokens.at(-1)!.span.end).trimEnd()
  }

  #here(): Position {
    return { offset: this.#offset, line: this.#line, column: this.#offset - this.#lineStart + 1 }
  }

  /** Moves on, counting lines. */
  #advanceTo(offset: number): void {
    while (this.#newline < offset) {
      this.#line += 1
      this.#lineStart = this.#newline + 1
      this.#newline = this.#newlineFrom(this.#lineStart)
    }
    this.#offset = offset
  }

  /** Kept until it is passed: to look for it at every token would take the square of a long line's length. */
  #newlineFrom(offset: number): number {
    const newline = this.#text.indexOf('\n', offset)
    return newline === -1 ? Infinity : newline
  }

  #skipSpace(): void {
    const text = this.#text
    for (;;) {
      const rest = /[^\s\uFEFF]|$/g
      rest.lastIndex = this.#offset
      const next = rest.exec(text)?.index ?? text.length
      this.#advanceTo(next)
      if (text.startsWith('--', next)) {
        const newline = text.indexOf('\n', next)
        this.#advanceTo(newline === -1 ? text.length : newline)
      } else if (text.startsWith('/*', next)) {
        const close = text.indexOf('*/', next + 2)
        if (close === -1) {
          throw new SqlError('unterminated comment', {
            span: { ...this.#here(), end: next + 2 },
            phase: 'syntax',
            hint: 'Close it with */.',
          })
        }
        this.#advanceTo(close + 2)
      } else {
        return
      }
    }
  }

  #token(kind: TokenKind, text: string, start: Position): Token {
    const span: Span = {
      offset: start.offset,
      line: start.line,
      column: start.column,
      end: this.#offset,
    }
    return { kind, text, span, source: this.#text.slice(start.offset, this.#offset) }
  }

  #lex(variables: Variables): {
    readonly tokens: readonly Token[]
    readonly replacement?: string
  } {
    const text = this.#text
    const start = this.#here()
    const at = start.offset
    const first = text[at]!
    const name = match(/\$\{(\w+)\}/y, text, at)
    if (name !== undefined) {
      this.#advanceTo(at + name.length)
      return this.#lexVariable(name.slice(2, -1), start, variables)
    }
    const word = match(/[A-Za-z_][A-Za-z0-9_@]*/y, text, at)
    if (word !== undefined) {
      this.#advanceTo(at + word.length)
      return { tokens: [this.#token('word', word.toUpperCase(), start)] }
    }
    const number = lexNumber(text, at)
    if (number !== undefined) {
      this.#advanceTo(at + number.text.length)
      const content = number.kind === 'digitWord' ? number.text.toUpperCase() : number.text
      return { tokens: [this.#token(number.kind, content, start)] }
    }
    if (first === "'" || first === '`' || first === '"') return this.#lexQuoted(first, variables)
    const pair = text.slice(at, at + 2)
    const symbol = twoCharacterSymbols.has(pair) ? pair : symbols.has(first) ? first : undefined
    if (symbol === undefined) {
      const character = String.fromCodePoint(text.codePointAt(at)!)
      throw new SqlError(`unexpected character "${character}"`, {
        span: { ...start, end: at + character.length },
        phase: 'syntax',
        ...(/\p{L}/u.test(character)
          ? { hint: 'Names with letters beyond a to z must stand in back quotes.' }
          : {}),
      })
    }
    this.#advanceTo(at + symbol.length)
    return { tokens: [this.#token('symbol', symbol === '!=' ? '<>' : symbol, start)] }
  }

  #lexQuoted(
    quote: "'" | '`' | '"',
    variables: Variables,
  ): { readonly tokens: readonly Token[]; readonly replacement?: string } {
    const text = this.#text
    const start = this.#here()
    let at = start.offset + 1
    let content = ''
    for (;;) {
      const close = text.indexOf(quote, at)
      if (close === -1) {
        throw new SqlError(
          quote === "'" ? 'unterminated text literal' : 'unterminated quoted identifier',
          {
            span: { ...start, end: start.offset + 1 },
            phase: 'syntax',
            hint: `Close it with ${quote}; a ${quote} inside is written twice.`,
          },
        )
      }
      content += text.slice(at, close)
      at = close + 1
      if (text[at] !== quote) break
      content += quote
      at += 1
    }
    this.#advanceTo(at)
    const substituted = substituteInText(content, variables)
    if (quote !== "'" && substituted === '') {
      throw new SqlError('empty identifier', { span: { ...start, end: at }, phase: 'syntax' })
    }
    const token = this.#token(quote === "'" ? 'string' : 'quoted', substituted, start)
    return substituted === content
      ? { tokens: [token] }
      : {
          tokens: [token],
          replacement: quote + substituted.replaceAll(quote, quote + quote) + quote,
        }
  }

  #lexVariable(
    name: string,
    start: Position,
    variables: Variables,
  ): { readonly tokens: readonly Token[]; readonly replacement?: string } {
    const span: Span = { ...start, end: this.#offset }
    let value = variables.get(name.toUpperCase())
    for (let depth = 0; value !== undefined && depth < variableDepthMax; depth++) {
      const inner: string | undefined = /^\$\{(\w+)\}$/.exec(value)?.[1]
      if (inner === undefined) break
      value = variables.get(inner.toUpperCase())
    }
    if (value === undefined) {
      throw new SqlError(`variable "${name}" is not defined`, {
        span,
        phase: 'syntax',
        hint: `Define it with DEFINE ${name} = '…'.`,
      })
    }
    const tokens: Token[] = []
    try {
      const lexer = new Lexer(value)
      for (;;) {
        lexer.#skipSpace()
        if (lexer.#offset >= value.length) break
        tokens.push(...lexer.#lex(new Map()).tokens)
      }
    } catch (error) {
      throw new SqlError(`variable "${name}" holds text that is no identifier or literal`, {
        span,
        phase: 'syntax',
        cause: error,
      })
    }
    const last = tokens.at(-1)
    const signed =
      tokens.length === 2 &&
      (tokens[0]!.text === '-' || tokens[0]!.text === '+') &&
      ['integer', 'decimal', 'double'].includes(last!.kind)
    if (last === undefined || last.kind === 'symbol' || (tokens.length > 1 && !signed)) {
      throw new SqlError(`variable "${name}" must hold one identifier or literal`, {
        span,
        phase: 'syntax',
        detail: `It holds ${JSON.stringify(value)}.`,
      })
    }
    return { tokens: tokens.map((token) => ({ ...token, span })), replacement: value }
  }
}

function isSemicolon(token: Token): boolean {
  return token.kind === 'symbol' && token.text === ';'
}

function match(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at
  return pattern.exec(text)?.[0]
}

/** Longest match wins: `1e3` is a number, `1e3x` an identifier. */
function lexNumber(
  text: string,
  at: number,
): { readonly kind: TokenKind; readonly text: string } | undefined {
  const number =
    match(/(?:\d+(?:\.\d*)?|\.\d+)[eE][+-]?\d+/y, text, at) ??
    match(/\d+\.\d*|\.\d+/y, text, at) ??
    match(/\d+/y, text, at)
  if (number === undefined) return undefined
  const word = match(/\d[A-Za-z0-9_@]+/y, text, at)
  if (word !== undefined && word.length > number.length && /[A-Za-z_@]/.test(word)) {
    return { kind: 'digitWord', text: word }
  }
  const kind = /[eE]/.test(number) ? 'double' : number.includes('.') ? 'decimal' : 'integer'
  return { kind, text: number }
}

function substituteInText(content: string, variables: Variables): string {
  if (!content.includes('${')) return content
  return content.replaceAll(/\$?\$\{(\w+)\}/g, (found, name: string) =>
    found.startsWith('$$') ? found.slice(1) : (variables.get(name.toUpperCase()) ?? found),
  )
}
