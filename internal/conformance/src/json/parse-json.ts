import { JsonNumber, JsonObject, type Json } from './json-value.ts'

const nestingMax = 500
const numberPattern = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
/** Control characters, which may not stand in a string, are refused when its text is decoded. */
const plainText = /[^"\\]*/y

/** Parses JSON text (RFC 8259) without losing how numbers are written. @throws SyntaxError with the offset */
export function parseJson(text: string): Json {
  const parser = new Parser(text)
  const value = parser.value(0)
  parser.end()
  return value
}

class Parser {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  value(depth: number): Json {
    if (depth > nestingMax) this.#fail('nested too deeply')
    this.#space()
    switch (this.#text[this.#at]) {
      case '{':
        return this.#object(depth)
      case '[':
        return this.#array(depth)
      case '"':
        return this.#string()
      case 't':
        return this.#word('true', true)
      case 'f':
        return this.#word('false', false)
      case 'n':
        return this.#word('null', null)
      default:
        return this.#number()
    }
  }

  end(): void {
    this.#space()
    if (this.#at < this.#text.length) this.#fail('text after the value')
  }

  #object(depth: number): JsonObject {
    const members = new Map<string, Json>()
    this.#at++
    for (let first = true; !this.#closes('}', first); first = false) {
      this.#space()
      if (this.#text[this.#at] !== '"') this.#fail('a member name is missing')
      const name = this.#string()
      this.#space()
      if (this.#text[this.#at] !== ':') this.#fail('":" is missing')
      this.#at++
      members.set(name, this.value(depth + 1))
    }
    return new JsonObject(members)
  }

  #array(depth: number): Json[] {
    const items: Json[] = []
    this.#at++
    for (let first = true; !this.#closes(']', first); first = false) {
      items.push(this.value(depth + 1))
    }
    return items
  }

  /** Whether the bracket comes now; else eats the comma that must separate. */
  #closes(bracket: string, first: boolean): boolean {
    this.#space()
    if (this.#text[this.#at] === bracket) {
      this.#at++
      return true
    }
    if (!first) {
      if (this.#text[this.#at] !== ',') this.#fail(`"," or "${bracket}" is missing`)
      this.#at++
      this.#space()
      if (this.#text[this.#at] === bracket) this.#fail('"," before the end')
    }
    return false
  }

  #string(): string {
    const start = this.#at++
    for (;;) {
      plainText.lastIndex = this.#at
      plainText.test(this.#text)
      this.#at = plainText.lastIndex
      const next = this.#text[this.#at]
      if (next === '"') {
        this.#at++
        return JSON.parse(this.#text.slice(start, this.#at)) as string
      }
      if (next !== '\\') this.#fail('a string does not end')
      this.#at += 2
    }
  }

  #number(): JsonNumber {
    numberPattern.lastIndex = this.#at
    const match = numberPattern.exec(this.#text)
    if (match === null) this.#fail('a value is missing')
    this.#at = numberPattern.lastIndex
    return new JsonNumber(match![0])
  }

  #word<T extends Json>(word: string, value: T): T {
    if (!this.#text.startsWith(word, this.#at)) this.#fail('a value is missing')
    this.#at += word.length
    return value
  }

  #space(): void {
    while (' \t\n\r'.includes(this.#text[this.#at] ?? 'x')) this.#at++
  }

  #fail(why: string): never {
    throw new SyntaxError(`${why} at offset ${this.#at}`)
  }
}
