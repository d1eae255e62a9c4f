import { assert } from '@varve/base'

/** What a generated piece of code left its result in: a name or a literal, and whether it can be null. */
export interface Operand {
  readonly text: string
  readonly nullable: boolean
}

/**
 * Writes the body of a generated function.
 *
 * Nothing that a statement, a plan or a record says is ever part of the text: names are made here, numbers pass {@link SourceWriter.index} or
 * {@link SourceWriter.integer}, and every other value is handed to the function as a constant, by its place in a list. So no text of a user can become code.
 */
export class SourceWriter {
  readonly constants: unknown[] = []
  readonly #places = new Map<unknown, string>()
  readonly #lines: string[] = []
  #next = 0

  get text(): string {
    return this.#lines.join('\n')
  }

  line(text: string): void {
    this.#lines.push(text)
  }

  /** A name that nothing else has. */
  fresh(prefix: 't' | 'l' = 't'): string {
    return `${prefix}${this.#next++}`
  }

  /** Declares a name for an expression. */
  define(expression: string, nullable: boolean): Operand {
    const name = this.fresh()
    this.line(`const ${name} = ${expression};`)
    return { text: name, nullable }
  }

  /** A value by its place in {@link constants}. */
  constant(value: unknown): string {
    // Numbers each stand for themselves: a map takes 0 and -0 for one key.
    const known = typeof value === 'number' ? undefined : this.#places.get(value)
    if (known !== undefined) return known
    const name = `c${this.constants.length}`
    this.constants.push(value)
    this.#places.set(value, name)
    return name
  }

  /** A place in a row or a frame. */
  index(value: number): string {
    assert(Number.isSafeInteger(value) && value >= 0, 'a place in a row is a whole number')
    return String(value)
  }

  /** A whole number as source. */
  integer(value: number): string {
    assert(Number.isSafeInteger(value), 'an INTEGER is a whole number')
    return value < 0 ? `(${value})` : String(value + 0)
  }

  /** Throws when one of these is null. */
  requireValues(error: string, ...operands: readonly Operand[]): void {
    const checks = operands.flatMap(({ text, nullable }) => (nullable ? [`${text} === null`] : []))
    if (checks.length > 0) this.line(`if (${checks.join(' || ')}) throw ${error};`)
  }
}
