import { join } from 'node:path'

import { NotFoundError, UnsupportedError } from '@varve/base'
import {
  LOCK_FILE_NAME,
  parseFileName,
  readIdentity,
  tableFileName,
  VersionSet,
  type NewFile,
} from '@varve/manifest'
import { createSessionId } from '@varve/sst-format'
import { MemoryFileSystem, type FileSystem } from '@varve/vfs'

import { ColumnFamily } from '../column-family/column-family.ts'
import { InfoLog } from '../db/info-log.ts'
import { walDirectoryOf } from '../files/wal-directory.ts'
import { Recovery } from '../open/recovery.ts'
import type { ColumnFamilyOptions } from '../options/column-family-options.ts'
import {
  resolveColumnFamilyOptions,
  resolveDBOptions,
  type ResolvedDBOptions,
} from '../options/resolve.ts'
import { TableCache } from '../read/table-cache.ts'
import { commitRepair } from './commit-repair.ts'
import { FamilyHints, familyIdOf, type FamilyInRepair } from './family-hints.ts'
import { layOutTables, levelsFor } from './lay-out-tables.ts'
import { listLogs } from './list-logs.ts'
import { LostDirectory } from './lost-directory.ts'
import { readManifestHints, type ManifestHints } from './manifest-hints.ts'
import { mergeTables } from './merge-tables.ts'
import { dropInterruptedRepair, writeRepairMark } from './repair-mark.ts'
import type { ScannedTable } from './scan-table.ts'
import { scanTables, type DamagedFile, type ScannedTables } from './scan-tables.ts'
import { writePrepared } from './write-prepared.ts'

/** Options of {@link repairDb}. */
export interface RepairOptions {
  /** Default: the host's disk. */
  readonly fileSystem?: FileSystem
  /** Directory of the logs, when it is another one; a relative path counts from the database's directory. */
  readonly walDirectory?: string
  /** Families with orders that are not known by name, or with merge operators; all others are found. */
  readonly columnFamilies?: Readonly<Record<string, ColumnFamilyOptions>>
}

/** What {@link repairDb} has found and done. */
export interface RepairReport {
  readonly columnFamilies: readonly {
    readonly name: string
    readonly tables: number
    /** Entries in tables, as their properties say. */
    readonly entries: number
  }[]
  /** Logs that were turned into tables. */
  readonly logs: readonly number[]
  /** Names of files that were put aside, in `lost`, because they are damaged. */
  readonly damaged: readonly DamagedFile[]
  /** Families whose tables were merged, because nothing tells their order of age. */
  readonly merged: readonly string[]
  readonly lastSequence: number
}

/**
 * Makes a database that opens of what is left of one: tables are read from end to end, damaged ones put aside in `lost`; logs
 * become tables as far as they can be read; a new MANIFEST lists everything. Families are known by the MANIFEST, as far as
 * it can be read, and by the properties of their tables.
 *
 * With the MANIFEST whole, tables keep their levels. Without it they are laid out by the ages of what is in them, and merged
 * where these do not tell. What had been deleted may be there again when a damaged table held its tombstone. Nothing is
 * deleted: what the database does not need any more goes to `lost`, too. It may be interrupted and begun again.
 *
 * @throws LockedError when somebody has the database open for writing
 * @throws UnsupportedError when a family's order is not known, or it has blob files
 *
 * @example
 * ```ts
 * const { damaged } = await repairDb('/data/orders')
 * await using db = await DB.open('/data/orders', { columnFamilies: '*' })
 * ```
 */
export async function repairDb(
  directory: string,
  options: RepairOptions = {},
): Promise<RepairReport> {
  const resolved = resolveDBOptions({
    ...(options.fileSystem === undefined ? {} : { fileSystem: options.fileSystem }),
    columnFamilies: options.columnFamilies ?? {},
    background: 'inline',
    walRecoveryMode: 'skipAnyCorruptedRecords',
  })
  const fs = resolved.fileSystem
  if (!(await fs.exists(directory))) throw new NotFoundError(`no directory "${directory}"`)
  const lock = await fs.lock(join(directory, LOCK_FILE_NAME))
  try {
    return await new Repair(directory, walDirectoryOf(directory, options), resolved).run()
  } finally {
    await lock.release()
  }
}

/** What is known when the database is put together again. */
interface Findings extends ScannedTables {
  readonly manifest: ManifestHints
  readonly hints: FamilyHints
  readonly families: readonly FamilyInRepair[]
}

class Repair {
  readonly #directory: string
  readonly #walDirectory: string
  readonly #options: ResolvedDBOptions
  readonly #fs: FileSystem
  readonly #lost: LostDirectory
  readonly #merged: string[] = []
  /** Tables that go to `lost` in the end. */
  readonly #aside = new Set<string>()
  readonly #sessionId: string
  #dbId = ''

  constructor(directory: string, walDirectory: string, options: ResolvedDBOptions) {
    this.#directory = directory
    this.#walDirectory = walDirectory
    this.#options = options
    this.#fs = options.fileSystem
    this.#lost = new LostDirectory(this.#fs, directory)
    this.#sessionId = createSessionId(options.random)
  }

  async run(): Promise<RepairReport> {
    const fs = this.#fs
    const directory = this.#directory
    if ((await fs.list(directory)).some((name) => parseFileName(name)?.type === 'blob'))
      throw new UnsupportedError('repairing databases with blob files')
    await dropInterruptedRepair(fs, directory, this.#walDirectory, this.#lost)
    const manifest = await readManifestHints(fs, directory)
    const hints = await FamilyHints.read(fs, directory, this.#options.columnFamilies)
    const scanned = await scanTables(fs, directory, manifest, hints)
    const families = hints.familiesOf(manifest, scanned.tables)
    for (const name of scanned.aside) this.#aside.add(name)
    this.#dbId = (await readIdentity(fs, directory)) ?? ''
    // Everything is tried out in memory; the disk learns of it when it is complete.
    const scratch = new MemoryFileSystem()
    await scratch.mkdir('/scratch')
    const versions = await VersionSet.create(scratch, '/scratch', {
      comparator: (name) => families.find((family) => family.name === name)?.comparator,
      numLevels: (name) => {
        const known = manifest.state?.columnFamilies.find((family) => family.name === name)
        return Math.max(hints.optionsOf(name).numLevels ?? 7, known?.levels.length ?? 0)
      },
    })
    try {
      return await this.#rebuild(versions, { ...scanned, manifest, hints, families })
    } finally {
      await versions.close()
    }
  }

  async #rebuild(versions: VersionSet, findings: Findings): Promise<RepairReport> {
    const { manifest, tables } = findings
    const logNames = await listLogs(this.#fs, this.#walDirectory)
    for (const name of [...(await this.#fs.list(this.#directory)), ...logNames]) {
      const parsed = parseFileName(name)
      if (parsed !== undefined && parsed.type !== 'infoLog')
        versions.markFileNumberUsed(parsed.number)
    }
    versions.lastSequence = tables.reduce(
      (most, { file }) => Math.max(most, file.largestSequence),
      manifest.lastSequence,
    )
    versions.markColumnFamilyUsed(manifest.maxColumnFamily)
    const { minLogNumberToKeep } = manifest
    if (minLogNumberToKeep > 0) await versions.logAndApply({ minLogNumberToKeep })
    const mark = await writeRepairMark(this.#fs, this.#directory, versions.newFileNumber())
    const cache = new TableCache(this.#fs, this.#directory, this.#options.blockCache, 100)
    const families = new Map<number, ColumnFamily>()
    try {
      for (const family of findings.families)
        families.set(family.id, await this.#addFamily(versions, family, findings.hints, cache))
      const { logs, logNumber, fileCounts } = await this.#fill(
        versions,
        families,
        findings,
        logNames,
      )
      await commitRepair(
        this.#fs,
        {
          directory: this.#directory,
          walDirectory: this.#walDirectory,
          versions,
          dbId: manifest.state?.dbId,
          logs,
          logNumber,
          aside: this.#aside,
          mark,
        },
        this.#lost,
      )
      return {
        columnFamilies: fileCounts,
        logs,
        damaged: findings.damaged,
        merged: this.#merged,
        lastSequence: versions.lastSequence,
      }
    } finally {
      for (const family of families.values()) family.close()
      cache.closeAll()
    }
  }

  async #addFamily(
    versions: VersionSet,
    { id, name, comparator, logNumber }: FamilyInRepair,
    hints: FamilyHints,
    cache: TableCache,
  ): Promise<ColumnFamily> {
    if (id !== 0) await versions.addColumnFamily(name, comparator, logNumber, undefined, id)
    else if (logNumber > 0) await versions.logAndApply({ logNumber })
    const options = resolveColumnFamilyOptions(
      { ...hints.optionsOf(name), comparator },
      this.#options,
    )
    const { current } = versions.columnFamily(id)
    return new ColumnFamily(id, name, options, current, logNumber, cache)
  }

  /** Turns the logs into tables and gives every family its tables, old and new. */
  async #fill(
    versions: VersionSet,
    families: ReadonlyMap<number, ColumnFamily>,
    { manifest, tables, damaged }: Findings,
    logNames: readonly string[],
  ): Promise<{
    readonly logs: readonly number[]
    /** From this log on. */
    readonly logNumber: number
    readonly fileCounts: RepairReport['columnFamilies']
  }> {
    const flushed = flushedUpTo(manifest, tables, damaged.length > 0)
    const recovery = new Recovery({
      directory: this.#directory,
      walDirectory: this.#walDirectory,
      options: this.#options,
      versions,
      families,
      dbId: this.#dbId,
      sessionId: this.#sessionId,
      infoLog: InfoLog.silent(this.#options.clock),
      flushedUpTo: (id) => flushed.get(id) ?? 0,
    })
    await recovery.run(logNames)
    const logNumber = versions.newFileNumber()
    await writePrepared(
      this.#fs,
      this.#walDirectory,
      logNumber,
      versions.lastSequence + 1,
      recovery.prepared,
    )
    const fileCounts: { name: string; tables: number; entries: number }[] = []
    for (const family of families.values()) {
      const own = tables.filter((table) => familyIdOf(table, manifest) === family.id)
      const converted = recovery.editOf(family).newFiles ?? []
      const { placed, files } = layOutTables(family, manifest, own, converted)
      const newFiles = placed ?? (await this.#merge(versions, family, files))
      // All that the logs hold is in tables now, or in the new one: none may be read again.
      await versions.logAndApply({ columnFamily: family.id, newFiles, logNumber })
      fileCounts.push({
        name: family.name,
        tables: newFiles.length,
        entries: newFiles.reduce((sum, { file }) => sum + (file.entries ?? 0), 0),
      })
    }
    await versions.logAndApply({ minLogNumberToKeep: logNumber })
    return { logs: recovery.logs, logNumber, fileCounts }
  }

  async #merge(
    versions: VersionSet,
    family: ColumnFamily,
    files: readonly NewFile['file'][],
  ): Promise<readonly NewFile[]> {
    const environment = {
      directory: this.#directory,
      options: this.#options,
      versions,
      dbId: this.#dbId,
      sessionId: this.#sessionId,
    }
    const lastLevel = levelsFor(family.options) - 1
    const outputs = await mergeTables(environment, family, files, lastLevel)
    this.#merged.push(family.name)
    for (const { number } of files) this.#aside.add(tableFileName(number))
    return outputs
  }
}

/**
 * By family, up to which sequence number the entries of logs are in tables that the MANIFEST does not tell of: of all others it says
 * itself which logs are done with. That a table holds a number does not tell of the smaller ones: those of ingested tables are
 * larger than what waits in memtables meanwhile. Where tables are lost the logs may hold what was in them.
 */
function flushedUpTo(
  manifest: ManifestHints,
  tables: readonly ScannedTable[],
  isSomeLost: boolean,
): ReadonlyMap<number, number> {
  const flushed = new Map<number, number>()
  if (isSomeLost) return flushed
  for (const { familyId, external, file } of tables)
    if (familyId !== undefined && !external && !manifest.tables.has(file.number))
      flushed.set(familyId, Math.max(flushed.get(familyId) ?? 0, file.largestSequence))
  return flushed
}
