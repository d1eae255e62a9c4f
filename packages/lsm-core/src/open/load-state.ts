import { join } from 'node:path'

import { CorruptionError, NotFoundError } from '@varve/base'
import { CURRENT_FILE_NAME, VersionSet } from '@varve/manifest'
import { isNotFound } from '@varve/vfs'

import { ColumnFamily } from '../column-family/column-family.ts'
import { walDirectoryOf } from '../files/wal-directory.ts'
import type { ResolvedDBOptions } from '../options/resolve.ts'
import type { TableCache } from '../read/table-cache.ts'
import { FamilyOptions } from './family-options.ts'
import { logsToReplay } from './recovery.ts'
import { replayWals } from './replay-wals.ts'

/** What is on disk at one moment, with what the logs hold in memory. */
export interface LoadedState {
  readonly versions: VersionSet
  readonly families: Map<number, ColumnFamily>
}

/** A writer may remove files between two steps of loading; then loading begins again, so often at most. */
const maxAttempts = 5

/**
 * Reads the state of a database that another process may be writing to; nothing on disk is changed. With `opensTables` as many tables as
 * may be open are opened at once, so that the writer can remove them and they are read all the same.
 *
 * @throws NotFoundError when there is no database, or not a family that is named
 */
export async function loadState(
  directory: string,
  options: ResolvedDBOptions,
  tables: TableCache,
  opensTables: boolean,
): Promise<LoadedState> {
  for (let attempt = 1; ; attempt++) {
    if (!(await options.fileSystem.exists(join(directory, CURRENT_FILE_NAME)))) {
      throw new NotFoundError(`no database in "${directory}"`)
    }
    try {
      const state = await loadOnce(directory, options, tables)
      try {
        if (opensTables) openTables(state, options)
        return state
      } catch (error) {
        for (const family of state.families.values()) family.close()
        throw error
      }
    } catch (error) {
      if (!isNotFound(error) || attempt === maxAttempts) throw error
    }
  }
}

/** @throws IoError when one is gone already; damage is left to those who read it */
function openTables({ families }: LoadedState, { maxOpenFiles }: ResolvedDBOptions): void {
  let left = maxOpenFiles
  for (const { lookup, superVersion, comparator } of families.values()) {
    for (const { file } of superVersion.version.files()) {
      if (left-- === 0) return
      try {
        lookup.tables.open(file, comparator.user)
      } catch (error) {
        if (error instanceof CorruptionError && isNotFound(error.cause)) throw error.cause
      }
    }
  }
}

async function loadOnce(
  directory: string,
  options: ResolvedDBOptions,
  tables: TableCache,
): Promise<LoadedState> {
  const { fileSystem: fs } = options
  const familyOptions = new FamilyOptions(options)
  const versions = await VersionSet.recover(fs, directory, {
    allowBlobFiles: true,
    comparator: (name) => familyOptions.comparatorOf(name),
    numLevels: (name) => familyOptions.numLevelsOf(name),
  })
  const families = new Map<number, ColumnFamily>()
  try {
    for (const name of familyOptions.missing(versions))
      throw new NotFoundError(`no column family "${name}"`)
    for (const stored of versions.columnFamilies.values()) {
      const { id, name, current, logNumber } = stored
      if (options.columnFamilies !== '*' && id !== 0 && !options.columnFamilies.has(name)) continue
      const resolved = familyOptions.resolve(stored)
      families.set(id, new ColumnFamily(id, name, resolved, current, logNumber, tables))
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
        isFollowing: true,
      },
      logsToReplay(await fs.list(walDirectory), versions),
    )
    versions.lastSequence = Math.max(versions.lastSequence, nextSequence - 1)
    return { versions, families }
  } catch (error) {
    for (const family of families.values()) family.close()
    await versions.close()
    throw error
  }
}
