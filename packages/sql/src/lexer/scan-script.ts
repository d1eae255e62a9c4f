/** A piece of a text with its place there. */
export interface ScannedPiece {
  readonly text: string
  /** Of its first character in the whole text. */
  readonly offset: number
}

/** What {@link scanScript} finds. */
export interface ScannedScript {
  /** Each with its final `;`, without the space around it. Comments before a statement belong to it. */
  readonly statements: readonly ScannedPiece[]
  /** Comments of the kind `-- …`, without their line end. */
  readonly lineComments: readonly ScannedPiece[]
  /** Text that has not met its `;` yet. */
  readonly rest: string
}

/**
 * Cuts text at the semicolons that end statements: those outside of strings (`'`, doubled inside), quoted identifiers (`"` and
 * back-quote) and comments (`-- …` and the bracketed kind). Knows nothing else of the language: a wrong statement is cut out whole, for
 * the parser to say what is wrong with it.
 */
export function scanScript(text: string): ScannedScript {
  const statements: ScannedPiece[] = []
  const lineComments: ScannedPiece[] = []
  let start = 0
  let i = 0
  while (i < text.length) {
    const c = text[i]!
    if (c === "'" || c === '"' || c === '`') {
      i = endOfQuoted(text, i)
    } else if (c === '-' && text[i + 1] === '-') {
      const lineEnd = text.indexOf('\n', i)
      const end = lineEnd < 0 ? text.length : lineEnd
      lineComments.push({ text: text.slice(i, end).trimEnd(), offset: i })
      i = end
    } else if (c === '/' && text[i + 1] === '*') {
      const end = text.indexOf('*/', i + 2)
      i = end < 0 ? text.length : end + 2
    } else {
      i++
      if (c === ';') {
        const piece = trimmed(text, start, i)
        if (piece.text !== ';') statements.push(piece)
        start = i
      }
    }
  }
  return { statements, lineComments, rest: text.slice(start) }
}

function trimmed(text: string, start: number, end: number): ScannedPiece {
  const piece = text.slice(start, end).trimStart()
  return { text: piece, offset: end - piece.length }
}

/** Position after the closing quote, or the end of the text when it never closes; a doubled quote stands for itself. */
function endOfQuoted(text: string, open: number): number {
  const quote = text[open]!
  let i = open + 1
  for (;;) {
    const end = text.indexOf(quote, i)
    if (end < 0) return text.length
    if (text[end + 1] !== quote) return end + 1
    i = end + 2
  }
}

/** Offset of the first character from `offset` on that is neither space nor in a comment; the text's length when there is none. */
export function skipBlanks(text: string, offset = 0): number {
  blanks.lastIndex = offset
  blanks.test(text)
  return blanks.lastIndex
}

const blanks = /(?:\s|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)*/y
