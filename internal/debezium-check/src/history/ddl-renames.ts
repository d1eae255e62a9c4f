/** A column that DDL gave another name. */
export interface ColumnRename {
  readonly from: string
  readonly to: string
}

const NAME = '(`(?:[^`]|``)+`|"(?:[^"]|"")+"|\\w+)'
const RENAME = new RegExp(`\\bRENAME\\s+COLUMN\\s+${NAME}\\s+TO\\s+${NAME}`, 'gi')
const CHANGE = new RegExp(`\\bCHANGE\\s+(?:COLUMN\\s+)?${NAME}\\s+${NAME}\\s`, 'gi')

/** The columns that an ALTER TABLE renames. Definitions before and after do not tell a rename from a drop and an addition; the text does. */
export function columnRenames(ddl: string): readonly ColumnRename[] {
  if (!/^\s*ALTER\s+TABLE\b/i.test(ddl)) return []
  return [RENAME, CHANGE]
    .flatMap((pattern) => [...ddl.matchAll(pattern)])
    .map((match) => ({ from: unquote(match[1]!), to: unquote(match[2]!) }))
    .filter(({ from, to }) => from !== to)
}

function unquote(name: string): string {
  const quote = name[0]!
  return quote === '`' || quote === '"' ? name.slice(1, -1).replaceAll(quote + quote, quote) : name
}
