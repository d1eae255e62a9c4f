import { join } from 'node:path'

import { AlreadyExistsError, CorruptionError, NotFoundError } from '@varve/base'
import { CURRENT_FILE_NAME } from '@varve/manifest'
import { nodeFileSystem, type FileSystem } from '@varve/vfs'

import { copyFile } from '../files/copy-file.ts'
import { parseBackupMeta, type Backup, type BackupFile } from './backup-meta.ts'

/** Options of {@link restoreBackup}. */
export interface RestoreBackupOptions {
  /** Which backup. Default: the newest. */
  readonly id?: number
  /** Default: the host's disk. */
  readonly fileSystem?: FileSystem
}

/**
 * The backups in a directory of RocksDB's BackupEngine, oldest first.
 *
 * @throws NotFoundError when the directory has no backups
 */
export async function listBackups(
  backupDirectory: string,
  options: { readonly fileSystem?: FileSystem } = {},
): Promise<Backup[]> {
  const fs = options.fileSystem ?? nodeFileSystem
  const meta = join(backupDirectory, 'meta')
  if (!(await fs.exists(meta))) throw new NotFoundError(`no backups in "${backupDirectory}"`)
  const ids = (await fs.list(meta)).filter((name) => /^\d+$/.test(name)).map(Number)
  ids.sort((a, b) => a - b)
  const backups: Backup[] = []
  for (const id of ids) {
    const path = join(meta, String(id))
    backups.push(parseBackupMeta(id, await fs.readFile(path), path))
  }
  return backups
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
  const fs = options.fileSystem ?? nodeFileSystem
  const backups = await listBackups(backupDirectory, { fileSystem: fs })
  const backup =
    options.id === undefined ? backups.at(-1) : backups.find(({ id }) => id === options.id)
  if (backup === undefined)
    throw new NotFoundError(`no backup ${options.id ?? ''} in "${backupDirectory}"`)
  const current = join(databaseDirectory, CURRENT_FILE_NAME)
  if (await fs.exists(current))
    throw new AlreadyExistsError(`a database is in "${databaseDirectory}"`)
  await fs.mkdir(databaseDirectory)
  const isCurrent = ({ name }: BackupFile): boolean => name === CURRENT_FILE_NAME
  const pointer = backup.files.find(isCurrent)
  if (pointer === undefined) {
    throw new CorruptionError('backup without CURRENT', { file: backupDirectory })
  }
  const restore = async ({ path, name, checksum }: BackupFile): Promise<void> => {
    const from = join(backupDirectory, path)
    const actual = await copyFile(fs, from, join(databaseDirectory, name))
    if (checksum === undefined || actual === checksum) return
    throw new CorruptionError('file of a backup is not what was backed up', {
      file: from,
      expected: checksum,
      actual,
    })
  }
  for (const file of backup.files) if (!isCurrent(file)) await restore(file)
  await fs.syncDirectory(databaseDirectory)
  await restore(pointer)
  await fs.syncDirectory(databaseDirectory)
  return backup
}
