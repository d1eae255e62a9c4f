import type { DB, PutOptions } from '@varve/lsm-core'
import { Option, type Command } from 'commander'

import { parseBytes } from '../../render/bytes.ts'
import { openForWriting, openOptions, printLine, type OpenOptions } from './open.ts'

interface WriteOptions extends OpenOptions {
  readonly cf: string
  readonly createIfMissing?: boolean
}

/** `put`, `merge`, `delete`, `delete-range`, `create-column-family`, `drop-column-family`: each synced. */
export function addWriteCommands(db: Command): void {
  const change = (
    usage: string,
    description: string,
    run: (database: DB, words: readonly string[], options: PutOptions) => Promise<void>,
  ): void => {
    openOptions(db.command(usage))
      .description(description)
      .option('--cf <name>', 'column family', 'default')
      .addOption(new Option('--create-if-missing', 'make the database when there is none'))
      .action(async (directory: string, ...rest: unknown[]) => {
        const words = rest.filter((word) => typeof word === 'string')
        const options = rest.find((one) => typeof one === 'object') as WriteOptions
        await using database = await openForWriting(directory, options)
        await run(database, words, { cf: database.columnFamily(options.cf), sync: true })
        printLine('OK')
      })
  }
  change('put <dir> <key> <value>', 'write one entry', (database, [key, value], options) =>
    database.put(parseBytes(key!), parseBytes(value!), options),
  )
  change(
    'merge <dir> <key> <operand>',
    "add an operand for the family's merge operator",
    (database, [key, operand], options) =>
      database.merge(parseBytes(key!), parseBytes(operand!), options),
  )
  change('delete <dir> <key>', 'delete one entry', (database, [key], options) =>
    database.delete(parseBytes(key!), options),
  )
  change(
    'delete-range <dir> <from> <to>',
    'delete all keys from one (inclusive) to another (exclusive)',
    (database, [from, to], options) =>
      database.deleteRange(parseBytes(from!), parseBytes(to!), options),
  )
  openOptions(db.command('create-column-family <dir> <name>'))
    .description('add an empty column family')
    .action(async (directory: string, name: string, options: OpenOptions) => {
      await using database = await openForWriting(directory, options)
      await database.createColumnFamily(name)
      printLine('OK')
    })
  openOptions(db.command('drop-column-family <dir> <name>'))
    .description('forget a column family with all that is in it')
    .action(async (directory: string, name: string, options: OpenOptions) => {
      await using database = await openForWriting(directory, options)
      await database.dropColumnFamily(database.columnFamily(name))
      printLine('OK')
    })
}
