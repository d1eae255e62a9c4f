import { UnsupportedError } from '@varve/base'

/** A piece of a pattern: a field of so many letters, or text. */
export type PatternPart =
  | { readonly kind: 'field'; readonly letter: string; readonly width: number }
  | { readonly kind: 'text'; readonly text: string }

const known = 'yuMLdDHhkKmsSnaeEXxZzVGQ'

/** Cuts a pattern of Java's DateTimeFormatter: letters are fields, text stands in single quotes. @throws RangeError, UnsupportedError for a letter not handled */
export function parsePattern(pattern: string): PatternPart[] {
  const parts: PatternPart[] = []
  const text = (content: string): void => {
    parts.push({ kind: 'text', text: content })
  }
  for (let at = 0; at < pattern.length;) {
    const character = pattern[at]!
    if (character === "'") {
      const close = pattern.indexOf("'", at + 1)
      if (close === -1) throw new RangeError(`pattern ends with an incomplete text: ${pattern}`)
      text(close === at + 1 ? "'" : pattern.slice(at + 1, close))
      at = close + 1
    } else if (/[A-Za-z]/.test(character)) {
      if (!known.includes(character)) {
        throw new UnsupportedError(`letter "${character}" of the time pattern "${pattern}"`)
      }
      let end = at
      while (pattern[end] === character) end += 1
      parts.push({ kind: 'field', letter: character, width: end - at })
      at = end
    } else {
      if (character !== '[' && character !== ']') text(character)
      at += 1
    }
  }
  return parts
}
