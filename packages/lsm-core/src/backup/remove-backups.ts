import { join } from 'node:path'

import { InvalidOptionError, NotFoundError } from '@varve/base'
import { isNotFound, nodeFileSystem, type FileSystem } from '@varve/vfs'

import { readBackupDirectory, type BackupDirectoryOptions } from './backup-directory.ts'
import { lockBackups } from './lock-backups.ts'

/**
 * Removes a backup, whole or corrupt, and the files that no other one needs.
 *
 * @throws NotFoundError when there is no such backup
 */
export async function deleteBackup(
  backupDirectory: string,
  id: number,
  options: BackupDirectoryOptions = {},
): Promise<void> {
  const fs = options.fileSystem ?? nodeFileSystem
  await readBackupDirectory(fs, backupDirectory)
  await using _ = await lockBackups(fs, backupDirectory)
  await removeDescriptions(fs, backupDirectory, [id])
  await collectGarbage(fs, backupDirectory)
}

/** Removes all but the newest `keep` whole backups; corrupt ones stay. Returns the ids of what went. */
export async function purgeOldBackups(
  backupDirectory: string,
  keep: number,
  options: BackupDirectoryOptions = {},
): Promise<number[]> {
  if (!Number.isInteger(keep) || keep < 0)
    throw new InvalidOptionError('keep', `must be a whole number from 0 on, is ${keep}`)
  const fs = options.fileSystem ?? nodeFileSystem
  const { backups } = await readBackupDirectory(fs, backupDirectory)
  await using _ = await lockBackups(fs, backupDirectory)
  const old = backups.slice(0, Math.max(0, backups.length - keep)).map(({ id }) => id)
  await removeDescriptions(fs, backupDirectory, old)
  await collectGarbage(fs, backupDirectory)
  return old
}

/** Removes files that no backup needs: what interrupted backups and removals left. Returns their paths. */
export async function collectBackupGarbage(
  backupDirectory: string,
  options: BackupDirectoryOptions = {},
): Promise<string[]> {
  const fs = options.fileSystem ?? nodeFileSystem
  await readBackupDirectory(fs, backupDirectory)
  await using _ = await lockBackups(fs, backupDirectory)
  return await collectGarbage(fs, backupDirectory)
}

/** Without its description a backup is none any more; that must be so for good before its files go. */
async function removeDescriptions(
  fs: FileSystem,
  backupDirectory: string,
  ids: readonly number[],
): Promise<void> {
  const meta = join(backupDirectory, 'meta')
  for (const id of ids) {
    try {
      await fs.remove(join(meta, String(id)))
    } catch (error) {
      if (!isNotFound(error)) throw error
      throw new NotFoundError(`no backup ${id} in "${backupDirectory}"`, { cause: error })
    }
  }
  await fs.syncDirectory(meta)
}

async function collectGarbage(fs: FileSystem, backupDirectory: string): Promise<string[]> {
  const { backups, corrupt, referenced, hasUnreadable } = await readBackupDirectory(
    fs,
    backupDirectory,
  )
  const removed: string[] = []
  const ids = new Set([...backups, ...corrupt].map(({ id }) => String(id)))
  for (const name of await namesIn(fs, join(backupDirectory, 'private'))) {
    if (ids.has(name) || !/^\d+(\.tmp)?$/.test(name)) continue
    await fs.removeTree(join(backupDirectory, 'private', name))
    removed.push(`private/${name}`)
  }
  for (const name of await namesIn(fs, join(backupDirectory, 'meta'))) {
    if (!/^\.?\d+\.tmp$/.test(name)) continue
    await fs.remove(join(backupDirectory, 'meta', name))
    removed.push(`meta/${name}`)
  }
  for (const folder of ['shared', 'shared_checksum']) {
    for (const name of await namesIn(fs, join(backupDirectory, folder))) {
      const path = `${folder}/${name}`
      const isTable = /^\d+\w*\.(sst|blob)$/.test(name)
      const isTemporary = /^\.?\d+\w*\.(sst|blob)\.tmp$/.test(name)
      if (!isTemporary && (!isTable || referenced.has(path) || hasUnreadable)) continue
      await fs.remove(join(backupDirectory, path))
      removed.push(path)
    }
  }
  return removed
}

async function namesIn(fs: FileSystem, directory: string): Promise<string[]> {
  return (await fs.exists(directory)) ? await fs.list(directory) : []
}
