import {
  collectBackupGarbage,
  deleteBackup,
  listBackups,
  listCorruptBackups,
  purgeOldBackups,
  restoreBackup,
  verifyBackup,
} from '@varve/lsm-core'
import { InvalidArgumentError, type Command } from 'commander'

import { formatBytes, parseBytes } from '../../render/bytes.ts'
import { formatTable } from '../../render/table.ts'
import { openForWriting, openOptions, printLine, wholeNumber, type OpenOptions } from './open.ts'

interface BackupOptions extends OpenOptions {
  readonly flush?: boolean
  readonly schema: 1 | 2
  readonly metadata?: string
  readonly rate?: number
}

interface RestoreOptions {
  readonly id?: number
  readonly replace?: boolean
  readonly walDir?: string
}

/** `backup`, `restore`, `list-backups`, `verify-backup`, `delete-backup`, `purge-backups`. */
export function addBackupCommands(db: Command): void {
  openOptions(db.command('backup <dir> <backup-dir>'))
    .description("add a backup to a directory of backups, which RocksDB's BackupEngine reads, too")
    .option('--flush', 'write memtables to tables first')
    .option('--schema <n>', 'layout of the description: 1, or 2 with sizes', schema, 1)
    .option('--metadata <text>', 'a note')
    .option('--rate <bytes>', 'bytes a second at most', wholeNumber)
    .action(async (directory: string, backups: string, options: BackupOptions) => {
      await using database = await openForWriting(directory, options)
      const { id, files } = await database.backup(backups, {
        schemaVersion: options.schema,
        ...(options.flush === true ? { flushBeforeBackup: true } : {}),
        ...(options.metadata === undefined ? {} : { metadata: parseBytes(options.metadata) }),
        ...(options.rate === undefined ? {} : { bytesPerSecond: options.rate }),
      })
      printLine(`backup ${id} with ${files.length} files`)
    })
  db.command('restore <backup-dir> <dir>')
    .description('restore a backup into a directory without a database')
    .option('--id <n>', 'which; default: the newest', wholeNumber)
    .option('--replace', 'destroy a database that is there')
    .option('--wal-dir <dir>', 'where the logs go')
    .action(async (backups: string, directory: string, options: RestoreOptions) => {
      const { id, files } = await restoreBackup(backups, directory, {
        ...(options.id === undefined ? {} : { id: options.id }),
        ...(options.replace === true ? { replace: true } : {}),
        ...(options.walDir === undefined ? {} : { walDirectory: options.walDir }),
      })
      printLine(`restored backup ${id}: ${files.length} files`)
    })
  db.command('list-backups <backup-dir>')
    .description('the backups of a directory; ends with 1 when one is corrupt')
    .option('--json', 'one JSON object a line')
    .action(async (backups: string, options: { readonly json?: boolean }) => {
      const rows = (await listBackups(backups)).map((backup) => ({
        id: backup.id,
        made: new Date(backup.timestampS * 1000).toISOString(),
        sequence: backup.sequence,
        files: backup.files.length,
        note: formatBytes(backup.metadata, 'text'),
      }))
      if (options.json === true) for (const row of rows) printLine(JSON.stringify(row))
      else
        printLine(
          formatTable(
            ['Id', 'Made', 'Sequence', 'Files', 'Note'],
            rows.map((row) => Object.values(row).map(String)),
          ),
        )
      for (const { id, error } of await listCorruptBackups(backups)) {
        process.stderr.write(`backup ${id} is corrupt: ${error.message}\n`)
        process.exitCode = 1
      }
    })
  db.command('verify-backup <backup-dir>')
    .description('read every file of a backup and compare its checksum')
    .option('--id <n>', 'which; default: the newest', wholeNumber)
    .option('--sizes-only', 'do not read the files')
    .action(
      async (backups: string, options: { readonly id?: number; readonly sizesOnly?: boolean }) => {
        const { id, files } = await verifyBackup(backups, {
          ...(options.id === undefined ? {} : { id: options.id }),
          checksums: options.sizesOnly !== true,
        })
        printLine(`backup ${id}: ${files.length} files are good`)
      },
    )
  db.command('delete-backup <backup-dir> <id>')
    .description('remove a backup and what no other needs')
    .action(async (backups: string, id: string) => {
      await deleteBackup(backups, wholeNumber(id))
      printLine('OK')
    })
  db.command('purge-backups <backup-dir> <keep>')
    .description('remove all but the newest backups, and files that none needs')
    .action(async (backups: string, keep: string) => {
      const purged = await purgeOldBackups(backups, wholeNumber(keep))
      const garbage = await collectBackupGarbage(backups)
      printLine(`removed ${purged.length} backups and ${garbage.length} stray files`)
    })
}

function schema(text: string): 1 | 2 {
  if (text === '1') return 1
  if (text === '2') return 2
  throw new InvalidArgumentError('write 1 or 2')
}
