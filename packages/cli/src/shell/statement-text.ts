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
