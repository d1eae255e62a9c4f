import { DB } from '@varve/lsm-core'
import { InvalidArgumentError, type Command } from 'commander'

import { formatBytes, parseBytes, type ByteStyle } from '../../render/bytes.ts'

interface FamilyOptions {
  readonly cf: string
  readonly hex?: boolean
}

interface ScanOptions extends FamilyOptions {
  readonly from?: string
  readonly to?: string
  readonly limit?: number
  readonly reverse?: boolean
}

const style = (options: FamilyOptions): ByteStyle => (options.hex === true ? 'hex' : 'text')
const print = (line: string): void => void process.stdout.write(`${line}\n`)

/** `scan`, `get`, `put`, `delete`, `list-column-families`. */
export function addReadCommands(db: Command): void {
  db.command('list-column-families <dir>')
    .description('names of the column families')
    .action(async (directory: string) => {
      for (const name of await DB.listColumnFamilies(directory)) print(name)
    })
  family(db.command('scan <dir>'))
    .description('entries in the order of the keys, one a line: key ==> value')
    .option('--from <key>', 'first key (0x… for bytes)')
    .option('--to <key>', 'key before which to stop')
    .option('--limit <n>', 'entries at most', wholeNumber)
    .option('--reverse', 'from the last key to the first')
    .action(async (directory: string, options: ScanOptions) => {
      await using database = await DB.openReadOnly(directory, { columnFamilies: '*' })
      const entries = database.range({
        cf: database.columnFamily(options.cf),
        ...(options.from === undefined ? {} : { gte: parseBytes(options.from) }),
        ...(options.to === undefined ? {} : { lt: parseBytes(options.to) }),
        ...(options.limit === undefined ? {} : { limit: options.limit }),
        ...(options.reverse === true ? { reverse: true } : {}),
      })
      for await (const [key, value] of entries) {
        print(`${formatBytes(key, style(options))} ==> ${formatBytes(value, style(options))}`)
      }
    })
  family(db.command('get <dir> <key>'))
    .description('the value of a key; ends with 1 when there is none')
    .action(async (directory: string, key: string, options: FamilyOptions) => {
      await using database = await DB.openReadOnly(directory, { columnFamilies: '*' })
      const value = await database.get(parseBytes(key), { cf: database.columnFamily(options.cf) })
      if (value === undefined) {
        process.stderr.write('not found\n')
        process.exitCode = 1
      } else print(formatBytes(value, style(options)))
    })
  family(db.command('put <dir> <key> <value>'))
    .description('write one entry, synced')
    .action(async (directory: string, key: string, value: string, options: FamilyOptions) => {
      await using database = await DB.open(directory, {
        createIfMissing: false,
        columnFamilies: '*',
      })
      await database.put(parseBytes(key), parseBytes(value), {
        cf: database.columnFamily(options.cf),
        sync: true,
      })
      print('OK')
    })
  family(db.command('delete <dir> <key>'))
    .description('delete one entry, synced')
    .action(async (directory: string, key: string, options: FamilyOptions) => {
      await using database = await DB.open(directory, {
        createIfMissing: false,
        columnFamilies: '*',
      })
      await database.delete(parseBytes(key), { cf: database.columnFamily(options.cf), sync: true })
      print('OK')
    })
}

function family(command: Command): Command {
  return command
    .option('--cf <name>', 'column family', 'default')
    .option('--hex', 'show all bytes in hexadecimal')
}

function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('write a whole number')
  return Number(text)
}
