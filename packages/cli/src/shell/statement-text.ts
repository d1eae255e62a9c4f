import { skipBlanks } from '@varve/sql'

/** Whether nothing but blanks and comments is left. */
export function isBlank(rest: string): boolean {
  return skipBlanks(rest) === rest.length
}

/** First word of a statement in upper case, past comments. */
export function firstWord(statement: string): string {
  return /^[A-Za-z]*/.exec(statement.slice(skipBlanks(statement)))![0].toUpperCase()
}
