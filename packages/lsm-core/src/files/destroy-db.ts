import { join } from 'node:path'

import { LOCK_FILE_NAME, parseFileName } from '@varve/manifest'
import { isNotFound, nodeFileSystem, type FileSystem } from '@varve/vfs'

import { walDirectoryOf } from './wal-directory.ts'

/** Options of {@link destroyDb}. */
export interface DestroyOptions {
  /** Default: the host's disk. */
  readonly fileSystem?: FileSystem
  /** Directory of the logs, when it is another one; a relative path counts from the database's directory. */
  readonly walDirectory?: string
}

/**
 * Deletes a database: every file in its directory (and that of its logs, and `archive` and `lost` below) with the name of a
 * database file, then the directories when nothing else is in them. No error when there is none.
 *
 * @throws LockedError when somebody has it open for writing
 */
export async function destroyDb(directory: string, options: DestroyOptions = {}): Promise<void> {
  const fs = options.fileSystem ?? nodeFileSystem
  if (!(await fs.exists(directory))) return
  const walDirectory = walDirectoryOf(directory, options)
  const lock = await fs.lock(join(directory, LOCK_FILE_NAME))
  try {
    const all = [directory, join(directory, 'archive'), join(directory, 'lost')]
    if (walDirectory !== directory) all.push(walDirectory, join(walDirectory, 'archive'))
    // CURRENT first: without it there is no database, whatever is left when this is interrupted.
    for (const one of all) {
      if (!(await fs.exists(one))) continue
      const names = (await fs.list(one)).filter((name) => isOfDatabase(name))
      names.sort((a, b) => Number(b === 'CURRENT') - Number(a === 'CURRENT'))
      for (const name of names) await fs.remove(join(one, name))
      await fs.syncDirectory(one)
    }
    for (const one of all.slice(1).reverse()) await removeIfEmpty(fs, one)
  } finally {
    await lock.release()
  }
  for (const name of [LOCK_FILE_NAME, `${LOCK_FILE_NAME}.lock`]) {
    try {
      await fs.remove(join(directory, name))
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
  }
  await removeIfEmpty(fs, directory)
}

function isOfDatabase(name: string): boolean {
  const parsed = parseFileName(name)
  return parsed !== undefined && parsed.type !== 'lock'
}

async function removeIfEmpty(fs: FileSystem, directory: string): Promise<void> {
  if ((await fs.exists(directory)) && (await fs.list(directory)).length === 0)
    await fs.removeTree(directory)
}
