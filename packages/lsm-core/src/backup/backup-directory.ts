import { join } from 'node:path'

import { CorruptionError, NotFoundError, UnsupportedError } from '@varve/base'
import { isNotFound, nodeFileSystem, type FileSystem } from '@varve/vfs'

import { parseBackupMeta, type Backup } from './backup-meta.ts'

/** A backup that is not whole. */
export interface CorruptBackup {
  readonly id: number
  readonly error: Error
}

/** All that a backup directory says of its backups. */
export interface BackupDirectory {
  /** Whole as far as sizes tell, oldest first. */
  readonly backups: readonly Backup[]
  readonly corrupt: readonly CorruptBackup[]
  /** Files that some backup names, those of corrupt ones included as far as they can be read. */
  readonly referenced: ReadonlySet<string>
  /** Some description cannot be read: files that nobody names may be its. */
  readonly hasUnreadable: boolean
}

/** Options of what works on a backup directory. */
export interface BackupDirectoryOptions {
  /** Default: the host's disk. */
  readonly fileSystem?: FileSystem
}

/** @throws NotFoundError when the directory has no backups, nor had any */
export async function readBackupDirectory(
  fs: FileSystem,
  directory: string,
): Promise<BackupDirectory> {
  const meta = join(directory, 'meta')
  if (!(await fs.exists(meta))) throw new NotFoundError(`no backups in "${directory}"`)
  const ids = (await fs.list(meta)).filter((name) => /^[1-9]\d*$/.test(name)).map(Number)
  ids.sort((a, b) => a - b)
  const backups: Backup[] = []
  const corrupt: CorruptBackup[] = []
  const referenced = new Set<string>()
  let hasUnreadable = false
  for (const id of ids) {
    const path = join(meta, String(id))
    let backup: Backup
    try {
      backup = parseBackupMeta(id, await fs.readFile(path), path)
    } catch (error) {
      // A disk that fails says nothing about the backup: an older one must not be taken for the newest.
      if (!(error instanceof CorruptionError || error instanceof UnsupportedError)) throw error
      hasUnreadable = true
      corrupt.push({ id, error })
      continue
    }
    for (const file of backup.files) referenced.add(file.path)
    const error = await firstWrongSize(fs, directory, backup)
    if (error === undefined) backups.push(backup)
    else corrupt.push({ id, error })
  }
  return { backups, corrupt, referenced, hasUnreadable }
}

/** The first file of a backup that is missing or has not its size. */
async function firstWrongSize(
  fs: FileSystem,
  directory: string,
  backup: Backup,
): Promise<CorruptionError | undefined> {
  for (const { path, sizeBytes } of backup.files) {
    const file = join(directory, path)
    let actual: number
    try {
      actual = (await fs.stat(file)).sizeBytes
    } catch (cause) {
      if (!isNotFound(cause)) throw cause
      return new CorruptionError('file of a backup is missing', { file, cause })
    }
    if (sizeBytes !== undefined && actual !== sizeBytes)
      return new CorruptionError('file of a backup has not its size', {
        file,
        expected: sizeBytes,
        actual,
      })
  }
  return undefined
}

/**
 * The backups in a directory, made here or by RocksDB's BackupEngine, oldest first. Those with files that are missing or of
 * another size are left out; see {@link listCorruptBackups}.
 *
 * @throws NotFoundError when the directory has no backups
 */
export async function listBackups(
  backupDirectory: string,
  options: BackupDirectoryOptions = {},
): Promise<readonly Backup[]> {
  const fs = options.fileSystem ?? nodeFileSystem
  return (await readBackupDirectory(fs, backupDirectory)).backups
}

/** The backups of a directory that cannot be restored, and why. Contents are looked at by {@link verifyBackup} only. */
export async function listCorruptBackups(
  backupDirectory: string,
  options: BackupDirectoryOptions = {},
): Promise<readonly CorruptBackup[]> {
  const fs = options.fileSystem ?? nodeFileSystem
  return (await readBackupDirectory(fs, backupDirectory)).corrupt
}

/** The backup `id`, by default the newest. @throws NotFoundError when there is none, and why it is corrupt when it is */
export function backupOf(directory: string, read: BackupDirectory, id: number | undefined): Backup {
  const corrupt = id === undefined ? undefined : read.corrupt.find((one) => one.id === id)
  if (corrupt !== undefined) throw corrupt.error
  const backup = id === undefined ? read.backups.at(-1) : read.backups.find((one) => one.id === id)
  if (backup === undefined) throw new NotFoundError(`no backup ${id ?? ''} in "${directory}"`)
  return backup
}
