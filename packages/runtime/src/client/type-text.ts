/** A type as the server names it, as far as values need converting. */
export type ClientType =
  | { readonly kind: string }
  | { readonly kind: 'DECIMAL'; readonly scale: number }
  | { readonly kind: 'ARRAY'; readonly element: ClientType }
  | { readonly kind: 'MAP'; readonly value: ClientType }
  | {
      readonly kind: 'STRUCT'
      readonly fields: readonly { readonly name: string; readonly type: ClientType }[]
    }

/** Parses ``STRUCT<`A` ARRAY<INTEGER>>`` and the like. @throws SyntaxError */
export function parseTypeText(text: string): ClientType {
  const parser = new TypeParser(text)
  const type = parser.type()
  parser.end()
  return type
}

class TypeParser {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  type(): ClientType {
    const kind = this.#match(/\s*([A-Z]+)/y)[1]!
    switch (kind) {
      case 'DECIMAL': {
        const [, , scale] = this.#match(/\((\d+),\s*(\d+)\)/y)
        return { kind, scale: Number(scale) }
      }
      case 'ARRAY': {
        this.#match(/</y)
        const element = this.type()
        this.#match(/\s*>/y)
        return { kind, element }
      }
      case 'MAP': {
        this.#match(/</y)
        this.type()
        this.#match(/,/y)
        const value = this.type()
        this.#match(/\s*>/y)
        return { kind, value }
      }
      case 'STRUCT': {
        this.#match(/</y)
        const fields: { name: string; type: ClientType }[] = []
        while (!this.#try(/\s*>/y)) {
          if (fields.length > 0) this.#match(/,/y)
          const name = this.#match(/\s*`((?:[^`]|``)*)`/y)[1]!.replaceAll('``', '`')
          fields.push({ name, type: this.type() })
        }
        return { kind, fields }
      }
      default:
        return { kind }
    }
  }

  end(): void {
    if (this.#at < this.#text.trimEnd().length) this.#fail()
  }

  #try(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text)
    if (found !== null) this.#at += found[0].length
    return found
  }

  #match(pattern: RegExp): RegExpExecArray {
    return this.#try(pattern) ?? this.#fail()
  }

  #fail(): never {
    throw new SyntaxError(`type "${this.#text}" is not understood at offset ${this.#at}`)
  }
}
