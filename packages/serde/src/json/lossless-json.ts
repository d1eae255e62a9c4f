import { DeserializationError } from '@varve/base'

/** A number as its text stood in the document. */
export class JsonNumber {
  /** Valid JSON number text. */
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/** A document read by {@link parseLosslessJson}: objects are maps, so no member name can disturb anything. */
export type LosslessJson =
  null | boolean | string | JsonNumber | readonly LosslessJson[] | ReadonlyMap<string, LosslessJson>

/** Bounds of {@link parseLosslessJson}. */
export interface LosslessJsonOptions {
  /** Greatest nesting of arrays and objects. Default 1000. */
  readonly maxDepth?: number
}

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y

/**
 * Reads JSON without losing digits or member order; of a member given twice the last wins.
 *
 * @throws DeserializationError with the offset in UTF-16 units where the text is no JSON, or nests too deeply
 */
export function parseLosslessJson(text: string, options: LosslessJsonOptions = {}): LosslessJson {
  const parser = new Parser(text, options.maxDepth ?? 1000)
  return parser.document()
}

class Parser {
  readonly #text: string
  readonly #maxDepth: number
  #at = 0

  constructor(text: string, maxDepth: number) {
    this.#text = text
    this.#maxDepth = maxDepth
  }

  document(): LosslessJson {
    const value = this.#value(0)
    this.#space()
    if (this.#at < this.#text.length) this.#fail('unexpected text after the document')
    return value
  }

  #value(depth: number): LosslessJson {
    this.#space()
    switch (this.#text.charCodeAt(this.#at)) {
      case 0x22:
        return this.#string()
      case 0x7b:
        return this.#object(depth + 1)
      case 0x5b:
        return this.#array(depth + 1)
      case 0x74:
        return this.#literal('true', true)
      case 0x66:
        return this.#literal('false', false)
      case 0x6e:
        return this.#literal('null', null)
      default: {
        NUMBER.lastIndex = this.#at
        const match = NUMBER.exec(this.#text)
        if (match === null)
          return this.#fail(
            this.#at >= this.#text.length ? 'unexpected end of JSON' : 'unexpected character',
          )
        this.#at = NUMBER.lastIndex
        return new JsonNumber(match[0])
      }
    }
  }

  #object(depth: number): ReadonlyMap<string, LosslessJson> {
    if (depth > this.#maxDepth) this.#fail('JSON nested too deeply')
    const members = new Map<string, LosslessJson>()
    this.#at++
    this.#space()
    if (this.#take(0x7d)) return members
    do {
      this.#space()
      if (this.#text.charCodeAt(this.#at) !== 0x22) this.#fail('expected a member name')
      const name = this.#string()
      this.#space()
      if (!this.#take(0x3a)) this.#fail('expected ":"')
      members.set(name, this.#value(depth))
      this.#space()
    } while (this.#take(0x2c))
    if (!this.#take(0x7d)) this.#fail('expected "," or "}"')
    return members
  }

  #array(depth: number): readonly LosslessJson[] {
    if (depth > this.#maxDepth) this.#fail('JSON nested too deeply')
    const elements: LosslessJson[] = []
    this.#at++
    this.#space()
    if (this.#take(0x5d)) return elements
    do {
      elements.push(this.#value(depth))
      this.#space()
    } while (this.#take(0x2c))
    if (!this.#take(0x5d)) this.#fail('expected "," or "]"')
    return elements
  }

  #string(): string {
    const start = this.#at
    const text = this.#text
    let at = start + 1
    let escaped = false
    for (;;) {
      const code = text.charCodeAt(at)
      if (code === 0x22) break
      if (code === 0x5c) {
        escaped = true
        at += 2
      } else if (code >= 0x20) {
        at++
      } else {
        this.#at = Math.min(at, text.length)
        this.#fail(at >= text.length ? 'unexpected end of JSON' : 'control character in a string')
      }
      if (at > text.length) {
        this.#at = text.length
        this.#fail('unexpected end of JSON')
      }
    }
    this.#at = at + 1
    if (!escaped) return text.slice(start + 1, at)
    try {
      return JSON.parse(text.slice(start, at + 1)) as string
    } catch (cause) {
      this.#at = start
      throw new DeserializationError(`bad escape in JSON string at offset ${start}`, { cause })
    }
  }

  #literal<T>(word: string, value: T): T {
    if (!this.#text.startsWith(word, this.#at)) this.#fail('unexpected character')
    this.#at += word.length
    return value
  }

  #take(code: number): boolean {
    if (this.#text.charCodeAt(this.#at) !== code) return false
    this.#at++
    return true
  }

  #space(): void {
    for (;;) {
      const code = this.#text.charCodeAt(this.#at)
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return
      this.#at++
    }
  }

  #fail(message: string): never {
    throw new DeserializationError(`${message} at offset ${this.#at}`)
  }
}

/** Compact JSON of a lossless document: numbers and member order as they were read. */
export function formatLosslessJson(value: LosslessJson): string {
  if (value === null || typeof value === 'boolean') return String(value)
  if (typeof value === 'string') return JSON.stringify(value)
  if (value instanceof JsonNumber) return value.text
  if (Array.isArray(value)) return `[${value.map(formatLosslessJson).join(',')}]`
  const members: string[] = []
  for (const [name, member] of value as ReadonlyMap<string, LosslessJson>)
    members.push(`${JSON.stringify(name)}:${formatLosslessJson(member)}`)
  return `{${members.join(',')}}`
}
