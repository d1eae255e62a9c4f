import { destroyDb, loadLatestOptions, repairDb } from '@varve/lsm-core'
import type { Command } from 'commander'

import { openForReading, openForWriting, openOptions, printLine, type OpenOptions } from './open.ts'

/** `repair`, `checkpoint`, `ingest`, `destroy`, `options`, `property`. */
export function addMaintenanceCommands(db: Command): void {
  db.command('repair <dir>')
    .description('make a database that opens of what is left of one; damaged files go to lost/')
    .option('--wal-dir <dir>', 'directory of the logs, when it is another one')
    .option('--json', 'the report as JSON')
    .action(
      async (directory: string, options: { readonly walDir?: string; readonly json?: boolean }) => {
        const report = await repairDb(
          directory,
          options.walDir === undefined ? {} : { walDirectory: options.walDir },
        )
        if (options.json === true) {
          printLine(JSON.stringify(report))
          return
        }
        for (const { name, tables, entries } of report.columnFamilies)
          printLine(`column family "${name}": ${tables} tables, ${entries} entries`)
        for (const name of report.merged)
          printLine(`merged the tables of "${name}": nothing told their order of age`)
        for (const { name, reason } of report.damaged) printLine(`lost ${name}: ${reason}`)
        printLine(
          `${report.logs.length} logs became tables, ${report.damaged.length} files are damaged, last sequence ${report.lastSequence}`,
        )
      },
    )
  openOptions(db.command('checkpoint <dir> <target>'))
    .description('make a database of the present state in a new directory, by links')
    .action(async (directory: string, target: string, options: OpenOptions) => {
      await using database = await openForWriting(directory, options)
      await database.checkpoint(target)
      printLine('OK')
    })
  openOptions(db.command('ingest <dir> <files...>'))
    .description('take tables of an SstFileWriter into a column family')
    .option('--cf <name>', 'column family', 'default')
    .action(
      async (
        directory: string,
        files: readonly string[],
        options: OpenOptions & { readonly cf: string },
      ) => {
        await using database = await openForWriting(directory, options)
        await database.ingestExternalFile(files, { cf: database.columnFamily(options.cf) })
        printLine('OK')
      },
    )
  db.command('destroy <dir>')
    .description('delete a database')
    .requiredOption('--yes', 'this is meant')
    .action(async (directory: string) => {
      await destroyDb(directory)
      printLine('OK')
    })
  db.command('options <dir>')
    .description('what the newest OPTIONS file says, as JSON')
    .action(async (directory: string) => {
      const latest = await loadLatestOptions(directory)
      const text = JSON.stringify(
        latest,
        (name, value: unknown) =>
          name === 'comparator' ? (value as { readonly name: string }).name : value,
        2,
      )
      printLine(text)
    })
  openOptions(db.command('property <dir> <name>'))
    .description("a property by RocksDB's name, such as rocksdb.stats")
    .option('--cf <name>', 'column family', 'default')
    .action(
      async (directory: string, name: string, options: OpenOptions & { readonly cf: string }) => {
        await using database = await openForReading(directory, options)
        const value = database.getProperty(name, { cf: database.columnFamily(options.cf) })
        if (value === undefined) throw new Error(`property "${name}" is not known`)
        printLine(value)
      },
    )
}
