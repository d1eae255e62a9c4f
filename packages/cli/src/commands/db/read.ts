import { DB } from '@varve/lsm-core'
import type { Command } from 'commander'

import { formatBytes, parseBytes } from '../../render/bytes.ts'
import {
  familyOptions,
  jsonBytes,
  openForReading,
  printLine,
  styleOf,
  wholeNumber,
  type FamilyOptions,
} from './open.ts'

interface ScanOptions extends FamilyOptions {
  readonly from?: string
  readonly to?: string
  readonly prefix?: string
  readonly limit?: number
  readonly reverse?: boolean
  readonly values: boolean
  readonly count?: boolean
}

/** `scan`, `get`, `list-column-families`. */
export function addReadCommands(db: Command): void {
  db.command('list-column-families <dir>')
    .description('names of the column families')
    .action(async (directory: string) => {
      for (const name of await DB.listColumnFamilies(directory)) printLine(name)
    })
  familyOptions(db.command('scan <dir>'))
    .description('entries in the order of the keys, one a line: key ==> value')
    .option('--from <key>', 'first key (0x… for bytes)')
    .option('--to <key>', 'key before which to stop')
    .option('--prefix <key>', 'only keys that begin so')
    .option('--limit <n>', 'entries at most', wholeNumber)
    .option('--reverse', 'from the last key to the first')
    .option('--no-values', 'keys alone')
    .option('--count', 'only how many there are')
    .action(async (directory: string, options: ScanOptions) => {
      await using database = await openForReading(directory, options)
      const style = styleOf(options)
      const prefix = options.prefix === undefined ? undefined : parseBytes(options.prefix)
      const from = options.from === undefined ? prefix : parseBytes(options.from)
      let entries = 0
      for await (const [key, value] of database.range({
        cf: database.columnFamily(options.cf),
        ...(from === undefined ? {} : { gte: from }),
        ...(options.to === undefined ? {} : { lt: parseBytes(options.to) }),
        ...(options.reverse === true ? { reverse: true } : {}),
      })) {
        if (prefix !== undefined && !beginsWith(key, prefix)) {
          if (options.reverse === true && entries === 0) continue
          break
        }
        if (options.limit !== undefined && entries >= options.limit) break
        entries++
        if (options.count === true) continue
        if (options.json === true) {
          const shown = options.values ? { value: jsonBytes(value, style) } : {}
          printLine(JSON.stringify({ key: jsonBytes(key, style), ...shown }))
        } else {
          const shown = options.values ? ` ==> ${formatBytes(value, style)}` : ''
          printLine(`${formatBytes(key, style)}${shown}`)
        }
      }
      if (options.count === true) printLine(String(entries))
    })
  familyOptions(db.command('get <dir> <keys...>'))
    .description('the values of keys, one a line; ends with 1 when one is not there')
    .action(async (directory: string, keys: readonly string[], options: FamilyOptions) => {
      await using database = await openForReading(directory, options)
      const style = styleOf(options)
      for (const key of keys) {
        const value = await database.get(parseBytes(key), {
          cf: database.columnFamily(options.cf),
        })
        if (value === undefined) {
          process.stderr.write(keys.length === 1 ? 'not found\n' : `not found: ${key}\n`)
          process.exitCode = 1
        } else if (options.json === true) {
          printLine(JSON.stringify({ key, value: jsonBytes(value, style) }))
        } else {
          printLine(formatBytes(value, style))
        }
      }
    })
}

function beginsWith(key: Uint8Array, prefix: Uint8Array): boolean {
  if (key.length < prefix.length) return false
  for (let i = 0; i < prefix.length; i++) if (key[i] !== prefix[i]) return false
  return true
}
