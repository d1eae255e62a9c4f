import { join } from 'node:path'

import { InvalidOptionError } from '@varve/base'
import { parseFileName } from '@varve/manifest'

import { Database } from '../db/database.ts'
import { InfoLog } from '../db/info-log.ts'
import { walDirectoryOf } from '../files/wal-directory.ts'
import type { ResolvedDBOptions } from '../options/resolve.ts'
import { TableCache } from '../read/table-cache.ts'
import { WalSet } from '../write/wal-set.ts'
import { noteSeen, placesOf } from './catch-up.ts'
import { loadState, type LoadedState } from './load-state.ts'

/**
 * Opens a database for reading as it is on disk now: no lock, no file made or changed, what the logs hold unflushed stays in
 * memory. Families that are not named are not open. A writer in another process may remove files under it.
 */
export async function openReadOnly(
  directory: string,
  options: ResolvedDBOptions,
  logDirectory?: string,
): Promise<Database> {
  const { fileSystem: fs } = options
  const tables = new TableCache(fs, directory, options.blockCache, options.maxOpenFiles)
  const walDirectory = walDirectoryOf(directory, options)
  const seen = await placesOf(directory, walDirectory, options)
  const infoLog = await openInfoLog(options, logDirectory)
  let state: LoadedState
  try {
    // Who follows a writer must have its tables before the writer removes them.
    state = await loadState(directory, options, tables, logDirectory !== undefined)
  } catch (error) {
    tables.closeAll()
    infoLog.close()
    throw error
  }
  const { versions, families } = state
  infoLog.write(`follows "${directory}" from sequence ${versions.lastSequence}`)
  const db = new Database({
    directory,
    walDirectory,
    options,
    versions,
    families,
    tables,
    wals: new WalSet(fs, walDirectory),
    infoLog,
    lock: undefined,
    dbId: versions.dbId ?? '',
    sessionId: '',
    prepared: [],
  })
  noteSeen(db, seen)
  return db
}

async function openInfoLog(
  { fileSystem, clock }: ResolvedDBOptions,
  directory: string | undefined,
): Promise<InfoLog> {
  if (directory === undefined) return InfoLog.silent(clock)
  await fileSystem.mkdir(directory)
  return await InfoLog.open(fileSystem, directory, clock)
}

/** @throws InvalidOptionError when there is a log with something in it */
export async function refuseLogs(directory: string, options: ResolvedDBOptions): Promise<void> {
  const { fileSystem: fs } = options
  const walDirectory = walDirectoryOf(directory, options)
  for (const name of await fs.list(walDirectory)) {
    if (parseFileName(name)?.type !== 'log') continue
    const { sizeBytes } = await fs.stat(join(walDirectory, name))
    if (sizeBytes > 0)
      throw new InvalidOptionError('errorIfWalFileExists', `but there is the log "${name}"`)
  }
}
