import { DB } from '@varve/lsm-core'
import type { Command } from 'commander'

/** `compact`: rewrites every family into its last level. */
export function addCompactCommand(db: Command): void {
  db.command('compact <dir>')
    .description('rewrite every column family into its last level')
    .action(async (directory: string) => {
      await using database = await DB.open(directory, {
        createIfMissing: false,
        columnFamilies: '*',
      })
      for (const cf of database.columnFamilies) {
        process.stdout.write(`compacting "${cf.name}"\n`)
        await database.compactRange({ cf })
      }
    })
}
