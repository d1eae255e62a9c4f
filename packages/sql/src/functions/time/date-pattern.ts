import { UnsupportedError } from '@varve/base'

/** A piece of a pattern: a field of so many letters, text, or what may be missing. */
export type PatternPart =
  | { readonly kind: 'field'; readonly letter: string; readonly width: number }
  | { readonly kind: 'text'; readonly text: string }
  /** `[…]`: a text may leave it out. */
  | { readonly kind: 'optional'; readonly parts: readonly PatternPart[] }

const known = 'yuYMLdDFHhkKmsSAnNaeEcwWqQXxZzVOG'

/** Cuts a pattern of Java's DateTimeFormatter: letters are fields, text stands in single quotes. @throws RangeError, UnsupportedError for a letter not handled */
export function parsePattern(pattern: string): PatternPart[] {
  const open: PatternPart[][] = [[]]
  const add = (part: PatternPart): void => {
    open.at(-1)!.push(part)
  }
  const text = (content: string): void => {
    add({ kind: 'text', text: content })
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
      add({ kind: 'field', letter: character, width: end - at })
      at = end
    } else {
      if (character === '[') {
        open.push([])
      } else if (character === ']') {
        if (open.length === 1)
          throw new RangeError(`pattern closes what it did not open: ${pattern}`)
        add({ kind: 'optional', parts: open.pop()! })
      } else {
        text(character)
      }
      at += 1
    }
  }
  // What is not closed ends with the pattern.
  while (open.length > 1) {
    const parts = open.pop()!
    add({ kind: 'optional', parts })
  }
  return open[0]!
}
