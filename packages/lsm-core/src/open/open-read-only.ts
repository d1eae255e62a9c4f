import { join } from 'node:path'

import { CorruptionError, InvalidOptionError, NotFoundError } from '@varve/base'
import { CURRENT_FILE_NAME, parseFileName, VersionSet } from '@varve/manifest'
import { isNotFound } from '@varve/vfs'

import { ColumnFamily } from '../column-family/column-family.ts'
import { Database } from '../db/database.ts'
import { InfoLog } from '../db/info-log.ts'
import { walDirectoryOf } from '../files/wal-directory.ts'
import type { ResolvedDBOptions } from '../options/resolve.ts'
import { TableCache } from '../read/table-cache.ts'
import { WalSet } from '../write/wal-set.ts'
import { FamilyOptions } from './open-database.ts'
import { logsToReplay } from './recovery.ts'
import { replayWals } from './replay-wals.ts'

/** What is on disk at one moment, with what the logs hold in memory. */
interface LoadedState {
  readonly versions: VersionSet
  readonly families: Map<number, ColumnFamily>
}

/** A writer may remove files between two steps of loading; then loading begins again, so often at most. */
const maxAttempts = 5

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
    state = await load(
      directory,
      options,
      tables,
      logDirectory === undefined ? undefined : openTables,
    )
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
  lastSeen.set(db, seen)
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

/** How far each database has been read: {@link placesOf} before the last loading. */
const lastSeen = new WeakMap<Database, string | undefined>()

/** Two writes may bear the same time when they are no further apart. */
const timeGranularityMs = 1000

/**
 * Where MANIFEST and logs end: while that stays the same, there is nothing new. Undefined when that cannot be told: a log that is
 * written within a length it already has shows by its time alone, and the last write was just now.
 */
async function placesOf(
  directory: string,
  walDirectory: string,
  { fileSystem: fs, clock }: ResolvedDBOptions,
): Promise<string | undefined> {
  let isRecent = false
  const places: string[] = []
  for (const one of new Set([directory, walDirectory])) {
    for (const name of (await fs.exists(one)) ? await fs.list(one) : []) {
      const type = parseFileName(name)?.type
      if (type !== 'manifest' && type !== 'log' && type !== 'current') continue
      try {
        const { sizeBytes, modifiedMs } = await fs.stat(join(one, name))
        if (type === 'log' && modifiedMs > clock.now() - timeGranularityMs) isRecent = true
        places.push(`${one} ${name} ${sizeBytes} ${modifiedMs}`)
      } catch (error) {
        if (!isNotFound(error)) throw error
      }
    }
  }
  return isRecent ? undefined : places.join('\n')
}

/**
 * Brings a database that is open for reading to what is on disk now. Opens its tables, as many as may be open, so that the
 * writer can remove them and they are read all the same. Does nothing while MANIFEST and logs have not changed.
 */
export async function catchUp(db: Database): Promise<void> {
  const seen = await placesOf(db.directory, db.walDirectory, db.options)
  if (seen !== undefined && lastSeen.get(db) === seen) return
  const { versions, families } = await load(db.directory, db.options, db.tables, openTables)
  if (db.closed) {
    for (const family of families.values()) family.close()
    db.checkOpen()
  }
  db.adopt(versions, families)
  lastSeen.set(db, seen)
  db.infoLog.write(`caught up to sequence ${versions.lastSequence}`)
}

async function load(
  directory: string,
  options: ResolvedDBOptions,
  tables: TableCache,
  prepare: (state: LoadedState, options: ResolvedDBOptions) => void = () => undefined,
): Promise<LoadedState> {
  for (let attempt = 1; ; attempt++) {
    if (!(await options.fileSystem.exists(join(directory, CURRENT_FILE_NAME)))) {
      throw new NotFoundError(`no database in "${directory}"`)
    }
    try {
      const state = await loadOnce(directory, options, tables)
      try {
        prepare(state, options)
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
