import { join } from 'node:path'

import { AlreadyExistsError, CorruptionError, systemClock } from '@varve/base'
import { CURRENT_FILE_NAME } from '@varve/manifest'
import { nodeFileSystem } from '@varve/vfs'

import { copyFile, copyPace } from '../files/copy-file.ts'
import { destroyDb } from '../files/destroy-db.ts'
import { walDirectoryOf } from '../files/wal-directory.ts'
import { backupOf, readBackupDirectory, type BackupDirectoryOptions } from './backup-directory.ts'
import type { Backup, BackupFile } from './backup-meta.ts'

/** Options of {@link restoreBackup}. */
export interface RestoreBackupOptions extends BackupDirectoryOptions {
  /** Which backup. Default: the newest whole one. */
  readonly id?: number
  /** Where the logs go, when the database is opened with such a directory; relative to the database's. Default: that. */
  readonly walDirectory?: string
  /** Destroy a database that is there first. Default false: it is refused. */
  readonly replace?: boolean
  readonly signal?: AbortSignal
  /** Default: no bound. */
  readonly bytesPerSecond?: number
}

/**
 * Copies a backup of RocksDB's BackupEngine into a directory that has no database yet, checks every checksum, and returns
 * the backup. CURRENT comes last: an interrupted restore leaves no database that opens.
 *
 * @throws NotFoundError when there is no such backup
 * @throws AlreadyExistsError when the directory has a database
 * @throws CorruptionError when a file is missing or is not what was backed up
 *
 * @example
 * ```ts
 * await restoreBackup('/backups/orders', '/data/orders')
 * await using db = await DB.open('/data/orders', { columnFamilies: '*' })
 * ```
 */
export async function restoreBackup(
  backupDirectory: string,
  databaseDirectory: string,
  options: RestoreBackupOptions = {},
): Promise<Backup> {
  const { fileSystem: fs = nodeFileSystem, signal } = options
  const walDirectory = walDirectoryOf(databaseDirectory, options)
  const read = await readBackupDirectory(fs, backupDirectory)
  const backup = backupOf(backupDirectory, read, options.id)
  const current = join(databaseDirectory, CURRENT_FILE_NAME)
  if (await fs.exists(current)) {
    if (options.replace !== true)
      throw new AlreadyExistsError(`a database is in "${databaseDirectory}"`)
    await destroyDb(databaseDirectory, { fileSystem: fs, walDirectory })
  }
  await fs.mkdir(databaseDirectory)
  if (walDirectory !== databaseDirectory) await fs.mkdir(walDirectory)
  const isCurrent = ({ name }: BackupFile): boolean => name === CURRENT_FILE_NAME
  const pointer = backup.files.find(isCurrent)
  if (pointer === undefined) {
    throw new CorruptionError('backup without CURRENT', { file: backupDirectory })
  }
  const pace = copyPace(systemClock, { bytesPerSecond: options.bytesPerSecond, signal })
  const restore = async ({ path, name, checksum }: BackupFile): Promise<void> => {
    const from = join(backupDirectory, path)
    const isLog = name.endsWith('.log')
    const to = join(isLog ? walDirectory : databaseDirectory, name)
    // What an interrupted restore left there goes.
    if (await fs.exists(to)) await fs.remove(to)
    const actual = await copyFile(fs, from, to, pace)
    if (checksum === undefined || actual === checksum) return
    throw new CorruptionError('file of a backup is not what was backed up', {
      file: from,
      expected: checksum,
      actual,
    })
  }
  for (const file of backup.files) if (!isCurrent(file)) await restore(file)
  if (walDirectory !== databaseDirectory) await fs.syncDirectory(walDirectory)
  await fs.syncDirectory(databaseDirectory)
  await restore(pointer)
  await fs.syncDirectory(databaseDirectory)
  return backup
}
