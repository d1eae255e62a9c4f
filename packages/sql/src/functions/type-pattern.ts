import { formatSqlType, SqlTypes, type PrimitiveKind, type SqlType } from '@varve/serde'

/** A parameter type of a function: a type, or a shape with type variables. */
export type TypePattern =
  | { readonly kind: 'primitive'; readonly type: PrimitiveKind }
  /** Any DECIMAL. */
  | { readonly kind: 'decimal' }
  | { readonly kind: 'exactDecimal'; readonly precision: number; readonly scale: number }
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'any' }
  | { readonly kind: 'unit' }
  | { readonly kind: 'array'; readonly element: TypePattern }
  | { readonly kind: 'map'; readonly key: TypePattern; readonly value: TypePattern }
  | {
      readonly kind: 'struct'
      readonly fields: readonly { readonly name: string; readonly type: TypePattern }[]
    }
  | {
      readonly kind: 'lambda'
      readonly parameters: readonly TypePattern[]
      readonly result: TypePattern
    }

/** A parsed parameter. */
export interface ParameterPattern {
  readonly pattern: TypePattern
  readonly variadic: boolean
}

/** Types of variables found so far. */
export type TypeBindings = Map<string, SqlType>

const cache = new Map<string, ParameterPattern>()

/** Reads a pattern as functions declare it: `ARRAY<T>`, `STRING...`, `(K, V) => BOOLEAN`. @throws TypeError when it is none: an error of the function's author */
export function parseTypePattern(text: string): ParameterPattern {
  const known = cache.get(text)
  if (known !== undefined) return known
  const variadic = text.endsWith('...')
  const reader = new PatternReader(variadic ? text.slice(0, -3) : text)
  const parsed = { pattern: reader.read(), variadic }
  reader.end()
  cache.set(text, parsed)
  return parsed
}

class PatternReader {
  readonly #tokens: readonly string[]
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
    this.#tokens = text.match(/[A-Za-z_0-9]+|=>|[<>(),]/g) ?? []
  }

  read(): TypePattern {
    if (this.#take('(')) {
      const parameters: TypePattern[] = []
      do parameters.push(this.read())
      while (this.#take(','))
      this.#expect(')')
      this.#expect('=>')
      return { kind: 'lambda', parameters, result: this.read() }
    }
    const word = this.#tokens[this.#at++]
    switch (word) {
      case 'ARRAY': {
        this.#expect('<')
        const element = this.read()
        this.#expect('>')
        return { kind: 'array', element }
      }
      case 'MAP': {
        this.#expect('<')
        const key = this.read()
        this.#expect(',')
        const value = this.read()
        this.#expect('>')
        return { kind: 'map', key, value }
      }
      case 'STRUCT': {
        this.#expect('<')
        const fields: { name: string; type: TypePattern }[] = []
        do fields.push({ name: this.#tokens[this.#at++]!, type: this.read() })
        while (this.#take(','))
        this.#expect('>')
        return { kind: 'struct', fields }
      }
      case 'DECIMAL': {
        if (!this.#take('(')) return { kind: 'decimal' }
        const precision = Number(this.#tokens[this.#at++])
        this.#expect(',')
        const scale = Number(this.#tokens[this.#at++])
        this.#expect(')')
        return { kind: 'exactDecimal', precision, scale }
      }
      case 'ANY':
        return { kind: 'any' }
      case 'UNIT':
        return { kind: 'unit' }
      case 'INT':
        return { kind: 'primitive', type: 'INTEGER' }
      default:
        if (word !== undefined && word in SqlTypes) {
          return { kind: 'primitive', type: word as PrimitiveKind }
        }
        if (word !== undefined && /^[A-Z]$/.test(word)) return { kind: 'variable', name: word }
        return this.#fail()
    }
  }

  end(): void {
    if (this.#at < this.#tokens.length) this.#fail()
  }

  #take(token: string): boolean {
    if (this.#tokens[this.#at] !== token) return false
    this.#at += 1
    return true
  }

  #expect(token: string): void {
    if (!this.#take(token)) this.#fail()
  }

  #fail(): never {
    throw new TypeError(`"${this.#text}" is no type pattern`)
  }
}

/** The type that a pattern stands for, its variables bound. @throws TypeError for a pattern that needs a value to know */
export function instantiatePattern(pattern: TypePattern, bindings: TypeBindings): SqlType {
  switch (pattern.kind) {
    case 'primitive':
      return SqlTypes[pattern.type]
    case 'exactDecimal':
      return { kind: 'DECIMAL', precision: pattern.precision, scale: pattern.scale }
    case 'variable': {
      const bound = bindings.get(pattern.name)
      if (bound === undefined) throw new TypeError(`type variable ${pattern.name} is not bound`)
      return bound
    }
    case 'array':
      return { kind: 'ARRAY', element: instantiatePattern(pattern.element, bindings) }
    case 'map':
      return {
        kind: 'MAP',
        key: instantiatePattern(pattern.key, bindings),
        value: instantiatePattern(pattern.value, bindings),
      }
    case 'struct':
      return {
        kind: 'STRUCT',
        fields: pattern.fields.map((field) => ({
          name: field.name,
          type: instantiatePattern(field.type, bindings),
        })),
      }
    case 'decimal':
    case 'any':
    case 'unit':
    case 'lambda':
      throw new TypeError(`a ${pattern.kind} pattern is no type`)
  }
}

/** A pattern in the words of messages. */
export function formatPattern(pattern: TypePattern): string {
  switch (pattern.kind) {
    case 'primitive':
      return pattern.type
    case 'decimal':
      return 'DECIMAL'
    case 'exactDecimal':
      return `DECIMAL(${pattern.precision}, ${pattern.scale})`
    case 'variable':
      return pattern.name
    case 'any':
      return 'ANY'
    case 'unit':
      return 'INTERVALUNIT'
    case 'array':
      return `ARRAY<${formatPattern(pattern.element)}>`
    case 'map':
      return `MAP<${formatPattern(pattern.key)}, ${formatPattern(pattern.value)}>`
    case 'struct':
      return `STRUCT<${pattern.fields.map((f) => `${f.name} ${formatPattern(f.type)}`).join(', ')}>`
    case 'lambda':
      return `LAMBDA (${pattern.parameters.map(formatPattern).join(', ')}) => ${formatPattern(pattern.result)}`
  }
}

/** An argument type in the words of messages; `null` is an untyped NULL. */
export function formatArgumentType(type: SqlType | null): string {
  return type === null ? 'null' : formatSqlType(type)
}
