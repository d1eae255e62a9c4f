import { dirname, join, resolve } from 'node:path'

import { AlreadyExistsError, CorruptionError, InvalidOptionError, NotFoundError } from '@varve/base'
import {
  CURRENT_FILE_NAME,
  LOCK_FILE_NAME,
  parseFileName,
  readIdentity,
  VersionSet,
  writeIdentity,
} from '@varve/manifest'
import { createSessionId } from '@varve/sst-format'
import { isNotFound, type FileLock, type FileSystem } from '@varve/vfs'

import { ColumnFamily } from '../column-family/column-family.ts'
import { addColumnFamily } from '../column-family/create-family.ts'
import { Database } from '../db/database.ts'
import { InfoLog } from '../db/info-log.ts'
import { attemptAll } from '../files/attempt-all.ts'
import { walDirectoryOf } from '../files/wal-directory.ts'
import type { ResolvedDBOptions } from '../options/resolve.ts'
import { RowCache } from '../read/row-cache.ts'
import { TableCache } from '../read/table-cache.ts'
import { WalSet } from '../write/wal-set.ts'
import { checkTables, checkTrackedLogs } from './check-files.ts'
import { FamilyOptions } from './family-options.ts'
import { removeObsoleteFiles } from './obsolete-files.ts'
import { checkMergeOperators, writeOptionsFile } from './options-content.ts'
import { recordRecovery } from './record-recovery.ts'
import { Recovery } from './recovery.ts'

/**
 * Opens a database for writing, in the order that survives a crash at any step: lock; state from the MANIFEST; logs
 * replayed and flushed; a new log; the MANIFEST with all of it; only then old files go.
 */
export async function openDatabase(
  directory: string,
  options: ResolvedDBOptions,
): Promise<Database> {
  const { fileSystem: fs } = options
  if (options.createIfMissing) await makeDirectory(fs, directory)
  let lock: FileLock
  try {
    lock = await fs.lock(join(directory, LOCK_FILE_NAME))
  } catch (error) {
    if (isNotFound(error))
      throw new NotFoundError(`no database in "${directory}"`, { cause: error })
    throw error
  }
  let infoLog = InfoLog.silent(options.clock)
  let versions: VersionSet | undefined
  const walDirectory = walDirectoryOf(directory, options)
  const wals = new WalSet(fs, walDirectory, {
    bufferBytes: options.manualWalFlush ? walBufferBytes : 0,
    preallocate: options.allowFallocate && endsWhereDamageBegins(options),
    track: options.trackAndVerifyWalsInManifest,
    recycle: endsWhereDamageBegins(options) ? options.recycleLogFileNum : 0,
  })
  const { rowCacheBytes } = options
  const rows = rowCacheBytes > 0 ? new RowCache(rowCacheBytes) : undefined
  const tables = new TableCache(fs, directory, options.blockCache, options.maxOpenFiles, rows)
  const families = new Map<number, ColumnFamily>()
  let db: Database | undefined
  try {
    if (walDirectory !== directory) await makeDirectory(fs, walDirectory)
    const exists = await fs.exists(join(directory, CURRENT_FILE_NAME))
    if (!exists && !options.createIfMissing)
      throw new NotFoundError(`no database in "${directory}"`)
    if (exists && options.errorIfExists)
      throw new AlreadyExistsError(`a database is in "${directory}"`)
    infoLog = await InfoLog.open(fs, directory, options.clock)
    const familyOptions = new FamilyOptions(options)
    const setOptions = {
      comparator: (name: string) => familyOptions.comparatorOf(name),
      numLevels: (name: string) => familyOptions.numLevelsOf(name),
    }
    if (!exists) {
      await checkNoLogs(options, walDirectory)
      infoLog.write('creating a new database')
    }
    // A process that died after it made the directory may not have come to make its name durable.
    if (!exists) await fs.syncDirectory(dirname(resolve(directory)))
    versions = exists
      ? await VersionSet.recover(fs, directory, setOptions)
      : await VersionSet.create(fs, directory, setOptions)
    const dbId = await identityOf(directory, options, versions)
    checkFamilies(versions, options)
    for (const stored of versions.columnFamilies.values()) {
      const { id, name, current, logNumber } = stored
      const resolved = familyOptions.resolve(stored)
      families.set(id, new ColumnFamily(id, name, resolved, current, logNumber, tables))
    }
    if (exists) await checkMergeOperators(fs, directory, families.values())
    if (options.trackAndVerifyWalsInManifest) await checkTrackedLogs(versions, fs, walDirectory)
    const logNames = await fs.list(walDirectory)
    for (const name of [...(await fs.list(directory)), ...logNames]) {
      const parsed = parseFileName(name)
      if (parsed !== undefined && parsed.type !== 'infoLog')
        versions.markFileNumberUsed(parsed.number)
    }
    if (options.paranoidChecks) await checkTables(versions, fs, directory)

    const sessionId = createSessionId(options.random)
    const recovery = new Recovery({
      directory,
      walDirectory,
      options,
      versions,
      families,
      dbId,
      sessionId,
      infoLog,
    })
    await recovery.run(logNames)
    const prepared = await recordRecovery(recovery, { options, versions, families, wals })
    for (const family of families.values())
      family.installSuperVersion(versions.columnFamily(family.id).current)
    db = new Database({
      directory,
      walDirectory,
      options,
      versions,
      families,
      tables,
      wals,
      infoLog,
      lock,
      dbId,
      sessionId,
      prepared,
    })
    for (const name of familyOptions.missing(versions))
      await addColumnFamily(db, name, familyOptions.given(name))
    await writeOptionsFile(db)
    await removeObsoleteFiles(db)
    await fs.syncDirectory(directory)
    if (options.recycleLogFileNum > 0 && !endsWhereDamageBegins(options))
      infoLog.write(
        `recycleLogFileNum has no effect with walRecoveryMode ${options.walRecoveryMode}`,
      )
    infoLog.write(
      `opened with ${families.size} column families at sequence ${versions.lastSequence}`,
    )
    db.background.schedule()
    return db
  } catch (error) {
    infoLog.write(`open failed: ${String(error)}`)
    // The first error is the one that counts.
    await attemptAll(
      db === undefined
        ? [
            ...[...families.values()].map((family) => () => family.close()),
            () => versions?.close(),
            () => wals.close(),
            () => tables.closeAll(),
            () => infoLog.close(),
            () => lock.release(),
          ]
        : [() => db?.close()],
    )
    throw error
  }
}

/** Log records that wait in memory at most, with `manualWalFlush`. */
const walBufferBytes = 1 << 20

/**
 * Whether recovery takes a torn record for the end of the log wherever it lies. The other modes know it by the end of the file, and
 * a log that is written within a length it already has does not end there.
 */
function endsWhereDamageBegins({ walRecoveryMode }: ResolvedDBOptions): boolean {
  return walRecoveryMode === 'pointInTime' || walRecoveryMode === 'skipAnyCorruptedRecords'
}

/** Makes the directory and those above it that are missing, so that a loss of power does not take them away again. */
async function makeDirectory(fs: FileSystem, directory: string): Promise<void> {
  const parents: string[] = []
  for (let path = resolve(directory); !(await fs.exists(path)); path = dirname(path))
    parents.push(dirname(path))
  if (parents.length === 0) return
  await fs.mkdir(directory)
  for (const parent of parents.reverse()) await fs.syncDirectory(parent)
}

/** Opening for writing names every family: one that were left out would not be flushed, and its logs never go. */
function checkFamilies(versions: VersionSet, options: ResolvedDBOptions): void {
  const { columnFamilies } = options
  if (columnFamilies === '*') return
  const unnamed = [...versions.columnFamilies.values()].filter(
    ({ name }) => name !== 'default' && !columnFamilies.has(name),
  )
  if (unnamed.length > 0) {
    throw new InvalidOptionError(
      'columnFamilies',
      `must name every family; not named: ${unnamed.map(({ name }) => `"${name}"`).join(', ')}`,
    )
  }
  if (options.createMissingColumnFamilies) return
  for (const name of columnFamilies.keys()) {
    if (versions.columnFamilyNamed(name) === undefined)
      throw new NotFoundError(`no column family "${name}"`)
  }
}

async function checkNoLogs({ fileSystem }: ResolvedDBOptions, directory: string): Promise<void> {
  for (const name of await fileSystem.list(directory)) {
    if (parseFileName(name)?.type === 'log') {
      throw new CorruptionError('log without a database', { file: join(directory, name) })
    }
  }
}

async function identityOf(
  directory: string,
  { fileSystem, random }: ResolvedDBOptions,
  versions: VersionSet,
): Promise<string> {
  const stored = versions.dbId ?? (await readIdentity(fileSystem, directory))
  if (stored !== undefined) return stored
  const id = random.uuid()
  await writeIdentity(fileSystem, directory, id)
  return id
}
