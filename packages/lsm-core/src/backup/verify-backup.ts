import { join } from 'node:path'

import { CorruptionError } from '@varve/base'
import { nodeFileSystem } from '@varve/vfs'

import { checksumOfFile } from '../files/copy-file.ts'
import { backupOf, readBackupDirectory, type BackupDirectoryOptions } from './backup-directory.ts'
import type { Backup } from './backup-meta.ts'

/** Options of {@link verifyBackup}. */
export interface VerifyBackupOptions extends BackupDirectoryOptions {
  /** Which backup. Default: the newest. */
  readonly id?: number
  /** Read every file and compare its checksum, too. Default true. */
  readonly checksums?: boolean
  readonly signal?: AbortSignal
}

/**
 * Looks whether all files of a backup are there, have their sizes, and their contents. Returns the backup.
 *
 * @throws CorruptionError with the first file that has not
 * @throws NotFoundError when there is no such backup
 */
export async function verifyBackup(
  backupDirectory: string,
  options: VerifyBackupOptions = {},
): Promise<Backup> {
  const { fileSystem: fs = nodeFileSystem, checksums = true, signal } = options
  const read = await readBackupDirectory(fs, backupDirectory)
  const backup = backupOf(backupDirectory, read, options.id)
  if (!checksums) return backup
  for (const { path, checksum } of backup.files) {
    if (checksum === undefined) continue
    const file = join(backupDirectory, path)
    const actual = await checksumOfFile(fs, file, () => {
      signal?.throwIfAborted()
      return undefined
    })
    if (actual !== checksum)
      throw new CorruptionError('file of a backup is not what was backed up', {
        file,
        expected: checksum,
        actual,
      })
  }
  return backup
}
