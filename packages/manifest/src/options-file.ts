import { CorruptionError } from '@varve/base'

import { unescapeOption } from './option-struct.ts'

/** Options of one column family, by RocksDB's names, values as text. */
export interface FamilyOptionsSection {
  readonly name: string
  readonly options: ReadonlyMap<string, string>
  /** Section `TableOptions/…`; absent when the file has none for the family. */
  readonly table: ReadonlyMap<string, string> | undefined
  /** What that section is of. Default `BlockBasedTable`, the only kind of table that is read. */
  readonly tableFactory?: string
}

/** An OPTIONS file: names and values as they stand, values unescaped. */
export interface OptionsFile {
  readonly version: ReadonlyMap<string, string>
  readonly database: ReadonlyMap<string, string>
  /** `default` first. */
  readonly families: readonly FamilyOptionsSection[]
}

const DEFAULT_TABLE_FACTORY = 'BlockBasedTable'
const SECTION = /^\[\s*([A-Za-z/]+)\s*(?:"((?:[^"\\]|\\.)*)")?\s*\]$/

/** Escapes a string for use as, or inside, an option value: `= : # \` and line breaks. */
export function escapeOptionString(text: string): string {
  return text
    .replace(/[\\#:=]/g, '\\$&')
    .replace(/\n/g, '\\n')
    .replace(/\r/g, '\\r')
}

function stripComment(line: string): string {
  for (let i = 0; i < line.length; i++) {
    if (line[i] === '\\') i++
    else if (line[i] === '#') return line.slice(0, i)
  }
  return line
}

/**
 * Parses the text of an OPTIONS file. Values keep their escapes when they are structured (`{a=b;c=d;}`), since these mean
 * something inside; others are unescaped.
 *
 * @throws CorruptionError naming the line that is no section and no `name=value`, or breaks the order of sections
 */
export function parseOptionsFile(text: string, file: string = 'OPTIONS'): OptionsFile {
  const version = new Map<string, string>()
  let database: Map<string, string> | undefined
  const families: {
    name: string
    options: Map<string, string>
    table: Map<string, string> | undefined
    tableFactory?: string
  }[] = []
  let section: Map<string, string> | undefined
  text.split('\n').forEach((raw, i) => {
    const fail = (what: string): CorruptionError =>
      new CorruptionError(`line ${i + 1}: ${what}`, { file })
    const line = stripComment(raw).trim()
    if (line === '') return
    if (line.startsWith('[')) {
      const match = SECTION.exec(line)
      if (match === null) throw fail('not a section title')
      const [, kind, quoted] = match
      const name = unescapeOption(quoted ?? '')
      if (kind === 'Version') {
        section = version
      } else if (kind === 'DBOptions') {
        if (database !== undefined) throw fail('second DBOptions section')
        section = database = new Map()
      } else if (kind === 'CFOptions') {
        if (families.length === 0 && name !== 'default') throw fail('first family is not "default"')
        if (families.some((family) => family.name === name)) throw fail('family given twice')
        section = new Map()
        families.push({ name, options: section, table: undefined })
      } else if (kind?.startsWith('TableOptions/') === true) {
        const family = families.find((candidate) => candidate.name === name)
        if (family === undefined) throw fail('table options before their family')
        section = family.table = new Map()
        const factory = kind.slice('TableOptions/'.length)
        if (factory !== DEFAULT_TABLE_FACTORY) family.tableFactory = factory
      } else {
        throw fail('unknown section')
      }
      return
    }
    const equals = line.indexOf('=')
    if (equals <= 0 || section === undefined) throw fail('not a "name=value" line')
    const value = line.slice(equals + 1).trim()
    section.set(line.slice(0, equals).trim(), value.startsWith('{') ? value : unescapeOption(value))
  })
  if (database === undefined) throw new CorruptionError('no DBOptions section', { file })
  return { version, database, families }
}

/** Formats an OPTIONS file; what {@link parseOptionsFile} gives formats to an equal file. */
export function formatOptionsFile(options: OptionsFile): string {
  const lines: string[] = []
  const section = (title: string, values: ReadonlyMap<string, string>): void => {
    lines.push(`[${title}]`)
    for (const [name, value] of values) {
      lines.push(`  ${name}=${value.startsWith('{') ? value : escapeValue(value)}`)
    }
    lines.push('')
  }
  section('Version', options.version)
  section('DBOptions', options.database)
  for (const { name, options: values, table, tableFactory } of options.families) {
    const quoted = escapeOptionString(name)
    section(`CFOptions "${quoted}"`, values)
    if (table !== undefined)
      section(`TableOptions/${tableFactory ?? DEFAULT_TABLE_FACTORY} "${quoted}"`, table)
  }
  return lines.join('\n')
}

/** Outside structured values a colon needs no escape: `bloomfilter:10:false` stands as it is. */
function escapeValue(value: string): string {
  return value.replace(/[\\#]/g, '\\$&').replace(/\n/g, '\\n').replace(/\r/g, '\\r')
}
