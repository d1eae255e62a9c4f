import type { Span } from '../ast/position.ts'
import { SqlError } from '../errors.ts'
import { reservedWords } from '../lexer/keywords.ts'
import type { Token } from '../lexer/token.ts'

/** Nested expressions, types and statements deeper than this are refused: the tree is walked recursively. */
const nestingMax = 200

/** The tokens of one statement with a cursor: what all statement parsers share. */
export class TokenStream {
  readonly #tokens: readonly Token[]
  #at = 0
  #depth = 0

  /** `tokens` end with `;` or `end`. */
  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens
  }

  /** The token `ahead` places from here; the last one when there are fewer. */
  peek(ahead = 0): Token {
    return this.#tokens[this.#at + ahead] ?? this.#tokens.at(-1)!
  }

  next(): Token {
    const token = this.peek()
    if (this.#at < this.#tokens.length) this.#at += 1
    return token
  }

  /** The token before the cursor. */
  get previous(): Token {
    return this.#tokens[this.#at - 1] ?? this.#tokens[0]!
  }

  /** From `first` to the token before the cursor. */
  spanFrom(first: Span): Span {
    const end = Math.max(first.end, this.previous.span.end)
    return { offset: first.offset, line: first.line, column: first.column, end }
  }

  isWord(word: string, ahead = 0): boolean {
    const token = this.peek(ahead)
    return token.kind === 'word' && token.text === word
  }

  /** Whether these words come next, in this order. */
  areWords(...words: readonly string[]): boolean {
    return words.every((word, i) => this.isWord(word, i))
  }

  isSymbol(symbol: string, ahead = 0): boolean {
    const token = this.peek(ahead)
    return token.kind === 'symbol' && token.text === symbol
  }

  /** Takes these words if they come next. */
  takeWords(...words: readonly string[]): boolean {
    if (!this.areWords(...words)) return false
    this.#at += words.length
    return true
  }

  takeSymbol(symbol: string): boolean {
    if (!this.isSymbol(symbol)) return false
    this.#at += 1
    return true
  }

  expectWords(...words: readonly string[]): void {
    for (const word of words) {
      if (!this.takeWords(word)) this.failExpecting(word)
    }
  }

  expectSymbol(symbol: string): void {
    if (!this.takeSymbol(symbol)) this.failExpecting(`'${symbol}'`)
  }

  /** Whether an identifier stands `ahead` places from here. */
  isIdentifier(ahead = 0): boolean {
    const token = this.peek(ahead)
    if (token.kind === 'quoted' || token.kind === 'digitWord') return true
    return token.kind === 'word' && !reservedWords.has(token.text)
  }

  /** An identifier, folded. */
  identifier(what: string): string {
    if (this.isIdentifier()) return this.next().text
    const token = this.peek()
    return this.fail(
      `expected ${what}`,
      token.kind === 'word'
        ? `"${token.source}" is a reserved word: put it in back quotes to use it as a name.`
        : token.kind === 'string'
          ? 'Names stand in back quotes or double quotes; single quotes make a text.'
          : undefined,
    )
  }

  string(what: string): string {
    if (this.peek().kind === 'string') return this.next().text
    return this.fail(`expected ${what} in single quotes`)
  }

  /** A whole number of at most 15 digits. */
  wholeNumber(what: string): number {
    const token = this.peek()
    if (token.kind !== 'integer') return this.fail(`expected ${what}`)
    const value = Number(token.text)
    if (!Number.isSafeInteger(value)) return this.fail(`${what} is out of range`)
    this.next()
    return value
  }

  /** `parse, parse, …` */
  list<T>(parse: () => T): T[] {
    const items = [parse()]
    while (this.takeSymbol(',')) items.push(parse())
    return items
  }

  /** Runs `parse` one level deeper. @throws SqlError when that is too deep */
  nested<T>(parse: () => T): T {
    this.#depth += 1
    if (this.#depth > nestingMax) {
      throw new SqlError(`statement is nested more than ${nestingMax} levels deep`, {
        span: this.peek().span,
        phase: 'syntax',
      })
    }
    try {
      return parse()
    } finally {
      this.#depth -= 1
    }
  }

  /** Throws a syntax error at the cursor, where one of these tokens must stand: `';'`, `FROM`, `{',', ')'}`. */
  failExpecting(expected: string, hint?: string): never {
    const token = this.peek()
    throw new SqlError(`Syntax Error\nExpecting ${expected}`, {
      span: token.span,
      phase: 'syntax',
      detail: `There is ${described(token)}.`,
      hint,
    })
  }

  /** Throws a syntax error at the cursor, where none of several ways on fits. */
  fail(expectation: string, hint?: string): never {
    return this.failAt(this.peek(), expectation, hint)
  }

  failAt(token: Token, expectation: string, hint?: string): never {
    const { line, column } = token.span
    throw new SqlError(
      `Syntax Error\nSyntax error at or near '${token.kind === 'end' ? '<EOF>' : token.source}' at line ${line}:${column}: ${expectation}`,
      { span: token.span, phase: 'syntax', hint },
    )
  }
}

function described(token: Token): string {
  return token.kind === 'end' ? 'the end of the script' : `"${token.source}"`
}
