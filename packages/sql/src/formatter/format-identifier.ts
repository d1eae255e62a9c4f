import { reservedWords } from '../lexer/keywords.ts'

/** An identifier as it must be written: quoted unless it is all upper case and no reserved word. */
export function formatIdentifier(name: string): string {
  return /^[A-Z_][A-Z0-9_]*$/.test(name) && !reservedWords.has(name)
    ? name
    : quoteIdentifierText(name)
}

/** The name in back quotes. */
export function quoteIdentifierText(name: string): string {
  return '`' + name.replaceAll('`', '``') + '`'
}

/** Text in single quotes. `${` is kept from being read as a variable. */
export function formatString(text: string): string {
  return "'" + text.replaceAll("'", "''").replaceAll(/\$\{(?=\w+\})/g, '$${') + "'"
}
