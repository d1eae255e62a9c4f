import type { Command } from 'commander'

import { parseBytes } from '../../render/bytes.ts'
import { openForWriting, openOptions, printLine, type OpenOptions } from './open.ts'

interface CompactOptions extends OpenOptions {
  readonly cf?: string
  readonly from?: string
  readonly to?: string
}

/** `compact`: rewrites families, or a range of one, into their last level. */
export function addCompactCommand(db: Command): void {
  openOptions(db.command('compact <dir>'))
    .description('rewrite every column family (or one, or a range of it) into its last level')
    .option('--cf <name>', 'only this column family')
    .option('--from <key>', 'first key (0x… for bytes)')
    .option('--to <key>', 'last key')
    .action(async (directory: string, options: CompactOptions) => {
      await using database = await openForWriting(directory, options)
      const families =
        options.cf === undefined ? database.columnFamilies : [database.columnFamily(options.cf)]
      for (const cf of families) {
        printLine(`compacting "${cf.name}"`)
        await database.compactRange({
          cf,
          ...(options.from === undefined ? {} : { begin: parseBytes(options.from) }),
          ...(options.to === undefined ? {} : { end: parseBytes(options.to) }),
        })
      }
    })
}
