/**
 * Parses JSON without losing digits: a whole number beyond 2^53 becomes a bigint, a number with more digits than a double holds the
 * text it was written as ({@link NumberText}). Members named `__proto__` are plain members.
 *
 * @throws SyntaxError
 */
export function parseExactJson(text: string): unknown {
  return (JSON.parse as ExactParse)(text, (_name, value, context) => {
    if (typeof value !== 'number' || context.source === undefined) return value
    if (Number.isSafeInteger(value)) return value
    if (/^-?\d+$/.test(context.source)) return BigInt(context.source)
    return String(value) === context.source || digits(context.source) <= 15
      ? value
      : new NumberText(context.source)
  })
}

/** A number that a double cannot hold exactly, as it was written. */
export class NumberText {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/** `JSON.parse` with the source text of values (ECMAScript proposal "JSON.parse source text access", in Node since 21). */
type ExactParse = (
  text: string,
  reviver: (name: string, value: unknown, context: { readonly source?: string }) => unknown,
) => unknown

function digits(source: string): number {
  return source
    .replace(/[eE].*$/, '')
    .replace(/[^0-9]/g, '')
    .replace(/^0+/, '').length
}
