import { join } from 'node:path'

import { NotFoundError } from '@varve/base'
import { CURRENT_FILE_NAME, VersionSet } from '@varve/manifest'

import { ColumnFamily } from '../column-family/column-family.ts'
import { Database } from '../db/database.ts'
import { InfoLog } from '../db/info-log.ts'
import type { ResolvedDBOptions } from '../options/resolve.ts'
import { TableCache } from '../read/table-cache.ts'
import { WalSet } from '../write/wal-set.ts'
import { FamilyOptions, logsToReplay, walDirectoryOf } from './open-database.ts'
import { replayWals } from './replay-wals.ts'

/**
 * Opens a database for reading as it is on disk now: no lock, no file made or changed, what the logs hold unflushed stays in
 * memory. Families that are not named are not open. A writer in another process may remove files under it.
 */
export async function openReadOnly(
  directory: string,
  options: ResolvedDBOptions,
): Promise<Database> {
  const { fileSystem: fs } = options
  if (!(await fs.exists(join(directory, CURRENT_FILE_NAME)))) {
    throw new NotFoundError(`no database in "${directory}"`)
  }
  const familyOptions = new FamilyOptions(options)
  const versions = await VersionSet.recover(fs, directory, {
    comparator: (name) => familyOptions.comparatorOf(name),
  })
  const tables = new TableCache(fs, directory, options.blockCache)
  const families = new Map<number, ColumnFamily>()
  const infoLog = InfoLog.silent(options.clock)
  try {
    for (const name of familyOptions.missing(versions))
      throw new NotFoundError(`no column family "${name}"`)
    for (const stored of versions.columnFamilies.values()) {
      const { id, name, comparator, current, logNumber } = stored
      if (options.columnFamilies !== '*' && id !== 0 && !options.columnFamilies.has(name)) continue
      families.set(
        id,
        new ColumnFamily(
          id,
          name,
          familyOptions.resolve(name, comparator),
          current,
          logNumber,
          tables,
        ),
      )
    }
    const walDirectory = walDirectoryOf(directory, options)
    const { nextSequence } = await replayWals(
      {
        fileSystem: fs,
        directory: walDirectory,
        mode: options.walRecoveryMode,
        versions,
        families,
        onFull: () => Promise.resolve(),
        log: () => undefined,
      },
      logsToReplay(await fs.list(walDirectory), versions),
    )
    versions.lastSequence = Math.max(versions.lastSequence, nextSequence - 1)
    return new Database({
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
    })
  } catch (error) {
    for (const family of families.values()) family.close()
    await versions.close()
    tables.closeAll()
    throw error
  }
}
