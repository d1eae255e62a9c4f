import { SerializationError } from '@varve/base'

import { SqlTypes, type PrimitiveKind, type SqlType, type StructField } from './sql-type.ts'

/** Types nested deeper than this are refused when parsed. */
const MAX_DEPTH = 100

/** An identifier in back quotes, quotes inside doubled. */
export function quoteIdentifier(name: string): string {
  return '`' + name.replaceAll('`', '``') + '`'
}

/** The dialect's text of a type: ``STRUCT<`A` INTEGER, `B` ARRAY<DECIMAL(4, 2)>>``. */
export function formatSqlType(type: SqlType): string {
  switch (type.kind) {
    case 'DECIMAL':
      return `DECIMAL(${type.precision}, ${type.scale})`
    case 'ARRAY':
      return `ARRAY<${formatSqlType(type.element)}>`
    case 'MAP':
      return `MAP<${formatSqlType(type.key)}, ${formatSqlType(type.value)}>`
    case 'STRUCT':
      return `STRUCT<${type.fields
        .map((field) => `${quoteIdentifier(field.name)} ${formatSqlType(field.type)}`)
        .join(', ')}>`
    default:
      return type.kind
  }
}

/**
 * Reads a type as SQL writes it, aliases included (`INT`, `VARCHAR(10)`, `T ARRAY`). Unquoted field names become upper case.
 *
 * @throws SerializationError with the position (from 0) where the text is no type
 */
export function parseSqlType(text: string): SqlType {
  const parser = new TypeParser(text)
  const type = parser.type(0)
  parser.end()
  return type
}

const primitives: ReadonlyMap<string, PrimitiveKind> = new Map<string, PrimitiveKind>([
  ['BOOLEAN', 'BOOLEAN'],
  ['INT', 'INTEGER'],
  ['INTEGER', 'INTEGER'],
  ['BIGINT', 'BIGINT'],
  ['DOUBLE', 'DOUBLE'],
  ['STRING', 'STRING'],
  ['VARCHAR', 'STRING'],
  ['BYTES', 'BYTES'],
  ['TIME', 'TIME'],
  ['DATE', 'DATE'],
  ['TIMESTAMP', 'TIMESTAMP'],
])

/** The primitive type of a name in upper case, aliases included (`INT`, `VARCHAR`); `undefined` when it is none. */
export function primitiveKindOf(name: string): PrimitiveKind | undefined {
  return primitives.get(name)
}

class TypeParser {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  type(depth: number): SqlType {
    if (depth > MAX_DEPTH) this.#fail('types nested too deeply')
    let type = this.#base(depth)
    for (let wraps = depth; this.#word('ARRAY'); wraps++) {
      if (wraps > MAX_DEPTH) this.#fail('types nested too deeply')
      type = { kind: 'ARRAY', element: type }
    }
    return type
  }

  end(): void {
    this.#space()
    if (this.#at < this.#text.length) this.#fail('unexpected text after the type')
  }

  #base(depth: number): SqlType {
    const name = this.#identifier('a type').toUpperCase()
    switch (name) {
      case 'DECIMAL': {
        this.#expect('(')
        const precision = this.#number()
        this.#expect(',')
        const scale = this.#number()
        this.#expect(')')
        if (precision < 1 || scale > precision)
          this.#fail(`DECIMAL(${precision}, ${scale}) is no valid decimal`)
        return { kind: 'DECIMAL', precision, scale }
      }
      case 'ARRAY': {
        this.#expect('<')
        const element = this.type(depth + 1)
        this.#expect('>')
        return { kind: 'ARRAY', element }
      }
      case 'MAP': {
        this.#expect('<')
        const key = this.type(depth + 1)
        this.#expect(',')
        const value = this.type(depth + 1)
        this.#expect('>')
        return { kind: 'MAP', key, value }
      }
      case 'STRUCT': {
        this.#expect('<')
        const fields: StructField[] = []
        if (!this.#take('>')) {
          do {
            fields.push({ name: this.#identifier('a field name'), type: this.type(depth + 1) })
          } while (this.#take(','))
          this.#expect('>')
        }
        return { kind: 'STRUCT', fields }
      }
      default: {
        const kind = primitives.get(name)
        if (kind === undefined) return this.#fail(`unknown type "${name}"`)
        if (name === 'VARCHAR' && this.#take('(')) {
          this.#number()
          this.#expect(')')
        }
        return SqlTypes[kind]
      }
    }
  }

  #space(): void {
    while (/\s/.test(this.#text[this.#at] ?? '')) this.#at++
  }

  #take(symbol: string): boolean {
    this.#space()
    if (this.#text[this.#at] !== symbol) return false
    this.#at++
    return true
  }

  #expect(symbol: string): void {
    if (!this.#take(symbol)) this.#fail(`expected "${symbol}"`)
  }

  #number(): number {
    this.#space()
    const digits = /^\d{1,9}/.exec(this.#text.slice(this.#at))
    if (digits === null) return this.#fail('expected a number')
    this.#at += digits[0].length
    return Number(digits[0])
  }

  #word(word: string): boolean {
    this.#space()
    const match = /^[A-Za-z_0-9]+/.exec(this.#text.slice(this.#at))
    if (match?.[0].toUpperCase() !== word) return false
    this.#at += word.length
    return true
  }

  #identifier(what: string): string {
    this.#space()
    const rest = this.#text.slice(this.#at)
    const plain = /^[A-Za-z_0-9@]+/.exec(rest)
    if (plain !== null) {
      this.#at += plain[0].length
      return plain[0].toUpperCase()
    }
    const quoted = /^`((?:[^`]|``)*)`|^"((?:[^"]|"")*)"/.exec(rest)
    if (quoted === null) return this.#fail(`expected ${what}`)
    this.#at += quoted[0].length
    return quoted[1] === undefined
      ? quoted[2]!.replaceAll('""', '"')
      : quoted[1].replaceAll('``', '`')
  }

  #fail(message: string): never {
    throw new SerializationError(`${message} at position ${this.#at} of type "${this.#text}"`)
  }
}
