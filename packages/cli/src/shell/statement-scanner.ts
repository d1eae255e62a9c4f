/** Statements found in a text, and what is left after the last `;`. */
export interface ScannedText {
  /** Each with its final `;`, trimmed. */
  readonly statements: readonly string[]
  /** Text that has not met its `;` yet. */
  readonly rest: string
}

/**
 * Cuts text at the semicolons that end statements: those outside of strings (`'`, doubled inside), quoted identifiers (`"` and
 * back-quote) and comments (`-- …` and the bracketed kind). Knows nothing else of the language, so a wrong statement still reaches the
 * server, which has the better message.
 */
export function scanStatements(text: string): ScannedText {
  const statements: string[] = []
  let start = 0
  let i = 0
  while (i < text.length) {
    const c = text[i]!
    if (c === "'" || c === '"' || c === '`') {
      i = endOfQuoted(text, i)
    } else if (c === '-' && text[i + 1] === '-') {
      const end = text.indexOf('\n', i)
      i = end < 0 ? text.length : end + 1
    } else if (c === '/' && text[i + 1] === '*') {
      const end = text.indexOf('*/', i + 2)
      i = end < 0 ? text.length : end + 2
    } else {
      i++
      if (c === ';') {
        const statement = text.slice(start, i).trim()
        if (statement !== ';') statements.push(statement)
        start = i
      }
    }
  }
  return { statements, rest: text.slice(start) }
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

/** Whether nothing but blanks and comments is left. */
export function isBlank(rest: string): boolean {
  return (
    rest
      .replace(/--[^\n]*(\n|$)/g, '')
      .replace(/\/\*[\s\S]*?\*\//g, '')
      .trim() === ''
  )
}

/** First word of a statement in upper case, past comments. */
export function firstWord(statement: string): string {
  return (
    /^(?:\s|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)*([A-Za-z]+)/.exec(statement)?.[1]?.toUpperCase() ??
    ''
  )
}
