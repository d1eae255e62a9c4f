import { join } from 'node:path'

import {
  bytewiseComparator,
  isVarveError,
  NotFoundError,
  reverseBytewiseComparator,
  UnsupportedError,
  utf8Bytes,
  utf8Text,
  type Comparator,
} from '@varve/base'
import {
  CURRENT_FILE_NAME,
  encodeVersionEdit,
  LOCK_FILE_NAME,
  manifestFileName,
  parseFileName,
  readIdentity,
  tableFileName,
  VersionSet,
  writeCurrent,
  writeIdentity,
  type NewFile,
} from '@varve/manifest'
import { createSessionId } from '@varve/sst-format'
import { isNotFound, MemoryFileSystem, type FileSystem } from '@varve/vfs'
import { LogWriter } from '@varve/wal'

import { runJob, timeToLive } from '../background/jobs.ts'
import { ColumnFamily } from '../column-family/column-family.ts'
import { InfoLog } from '../db/info-log.ts'
import { Recovery } from '../open/recovery.ts'
import { loadLatestOptions } from '../options-file/read-options-file.ts'

import type { ColumnFamilyOptions } from '../options/column-family-options.ts'
import {
  resolveColumnFamilyOptions,
  resolveDBOptions,
  tableOptionsOf,
  type ResolvedDBOptions,
} from '../options/resolve.ts'
import { TableCache } from '../read/table-cache.ts'
import { arrangeTables } from './arrange-tables.ts'
import { readManifestHints, readWholeState, type ManifestHints } from './manifest-hints.ts'
import { scanTable, type ScannedTable } from './scan-table.ts'

/** Options of {@link repairDb}. */
export interface RepairOptions {
  /** Default: the host's disk. */
  readonly fileSystem?: FileSystem
  /** Directory of the logs, when it is another one. */
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
  readonly damaged: readonly { readonly name: string; readonly reason: string }[]
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
    return await new Repair(directory, options.walDirectory ?? directory, resolved).run()
  } finally {
    await lock.release()
  }
}

/** Content of the file whose number is that of the first table a repair makes. */
const MARK = 'tables from this number on are of a repair that is not complete\n'

interface FamilyInRepair {
  readonly id: number
  readonly name: string
  readonly comparator: Comparator
  readonly logNumber: number
}

class Repair {
  readonly #directory: string
  readonly #walDirectory: string
  readonly #options: ResolvedDBOptions
  readonly #fs: FileSystem
  readonly #infoLog: InfoLog
  readonly #damaged: { name: string; reason: string }[] = []
  readonly #merged: string[] = []
  #latest: Readonly<Record<string, ColumnFamilyOptions>> = {}
  /** Files that go aside in the end. */
  readonly #aside: string[] = []

  constructor(directory: string, walDirectory: string, options: ResolvedDBOptions) {
    this.#directory = directory
    this.#walDirectory = walDirectory
    this.#options = options
    this.#fs = options.fileSystem
    this.#infoLog = InfoLog.silent(options.clock)
  }

  async run(): Promise<RepairReport> {
    const names = await this.#fs.list(this.#directory)
    if (names.some((name) => parseFileName(name)?.type === 'blob'))
      throw new UnsupportedError('repairing databases with blob files')
    if ((await readWholeState(this.#fs, this.#directory)) === undefined)
      await this.#dropInterrupted(names)
    const hints = await readManifestHints(this.#fs, this.#directory)
    await this.#readOptions()
    const tables = await this.#scanTables(await this.#fs.list(this.#directory), hints)
    const found = this.#familiesOf(hints, tables)
    // Everything is tried out in memory; the disk learns of it when it is complete.
    const scratch = new MemoryFileSystem()
    await scratch.mkdir('/scratch')
    const versions = await VersionSet.create(scratch, '/scratch', {
      comparator: (name) => found.find((family) => family.name === name)?.comparator,
      numLevels: (name) => {
        const known = hints.state?.columnFamilies.find((family) => family.name === name)
        return Math.max(this.#given(name).numLevels ?? 7, known?.levels.length ?? 0)
      },
    })
    try {
      return await this.#rebuild(versions, hints, tables, found)
    } finally {
      await versions.close()
    }
  }

  async #rebuild(
    versions: VersionSet,
    hints: ManifestHints,
    tables: readonly ScannedTable[],
    found: readonly FamilyInRepair[],
  ): Promise<RepairReport> {
    const logNames = await this.#fs.list(this.#walDirectory)
    for (const name of [...(await this.#fs.list(this.#directory)), ...logNames]) {
      const parsed = parseFileName(name)
      if (parsed !== undefined && parsed.type !== 'infoLog')
        versions.markFileNumberUsed(parsed.number)
    }
    versions.lastSequence = tables.reduce(
      (most, { file }) => Math.max(most, file.largestSequence),
      hints.lastSequence,
    )
    const mark = join(this.#directory, `${String(versions.newFileNumber()).padStart(6, '0')}.dbtmp`)
    await this.#fs.writeFileAtomic(mark, utf8Bytes(MARK))
    const cache = new TableCache(this.#fs, this.#directory, this.#options.blockCache, 100)
    const families = new Map<number, ColumnFamily>()
    try {
      for (const { id, name, comparator, logNumber } of found) {
        if (id !== 0) await versions.addColumnFamily(name, comparator, logNumber, undefined, id)
        else if (logNumber > 0) await versions.logAndApply({ logNumber })
        const options = resolveColumnFamilyOptions(
          { ...this.#given(name), comparator },
          this.#options,
        )
        const stored = versions.columnFamily(id)
        families.set(id, new ColumnFamily(id, name, options, stored.current, logNumber, cache))
      }
      const recovery = await this.#convertLogs(versions, families, tables, logNames)
      const entries = new Map<number, number>()
      const logNumber = versions.newFileNumber()
      for (const family of families.values()) {
        const files = await this.#layOut(
          versions,
          family,
          hints,
          tables.filter((table) => this.#familyIdOf(table, hints) === family.id),
          recovery.editOf(family).newFiles ?? [],
        )
        entries.set(
          family.id,
          files.reduce((sum, { file }) => sum + (file.entries ?? 0), 0),
        )
        // All that the logs hold is in tables now: none may be read again.
        await versions.logAndApply({ columnFamily: family.id, newFiles: files, logNumber })
      }
      await versions.logAndApply({ minLogNumberToKeep: logNumber })
      await this.#commit(versions, hints, recovery.logs, mark)
      return {
        columnFamilies: [...families.values()].map(({ id, name }) => ({
          name,
          tables: [...versions.columnFamily(id).current.files()].length,
          entries: entries.get(id)!,
        })),
        logs: recovery.logs,
        damaged: this.#damaged,
        merged: this.#merged,
        lastSequence: versions.lastSequence,
      }
    } finally {
      for (const family of families.values()) family.close()
      cache.closeAll()
    }
  }

  /** Reads every table; those that are damaged, and those that a whole MANIFEST does not list, are for `lost`. */
  async #scanTables(names: readonly string[], hints: ManifestHints): Promise<ScannedTable[]> {
    const listed = hints.state === undefined ? undefined : listedTables(hints)
    const tables: ScannedTable[] = []
    const present = new Set<number>()
    for (const name of names) {
      const parsed = parseFileName(name)
      if (parsed?.type !== 'table') continue
      const { number } = parsed
      present.add(number)
      if (listed !== undefined && !listed.has(number)) {
        this.#aside.push(name)
        continue
      }
      const { largestSequence } = hints.tables.get(number) ?? {}
      try {
        const table = await scanTable(
          this.#fs,
          join(this.#directory, name),
          number,
          (id, family) => this.#orderOf(family, id, hints),
          largestSequence === Number.MAX_SAFE_INTEGER ? undefined : largestSequence,
        )
        if (table === undefined) this.#aside.push(name)
        else tables.push(table)
      } catch (error) {
        if (error instanceof UnsupportedError || !isVarveError(error)) throw error
        this.#aside.push(name)
        this.#damaged.push({ name, reason: error.message })
      }
    }
    for (const number of listed ?? [])
      if (!present.has(number))
        this.#damaged.push({ name: tableFileName(number), reason: 'is missing' })
    return tables
  }

  /** What the caller says of a family, over what it was opened with last. */
  #given(name: string): ColumnFamilyOptions {
    const { columnFamilies } = this.#options
    const given = columnFamilies === '*' ? undefined : columnFamilies.get(name)
    return { ...this.#latest[name], ...given }
  }

  /** An OPTIONS file that cannot be read says nothing. */
  async #readOptions(): Promise<void> {
    try {
      const { columnFamilies } = await loadLatestOptions(this.#directory, { fileSystem: this.#fs })
      this.#latest = columnFamilies
    } catch (error) {
      if (!isVarveError(error)) throw error
    }
  }

  /**
   * Puts tables and MANIFEST of an interrupted repair aside: what they hold is in the tables and logs that it made them of.
   * A mark tells the first of them; opening the database removes it, as it does other temporary files.
   */
  async #dropInterrupted(names: readonly string[]): Promise<void> {
    for (const name of names) {
      const parsed = parseFileName(name)
      if (parsed?.type !== 'temp') continue
      const content = utf8Text(await this.#fs.readFile(join(this.#directory, name)))
      if (content !== MARK) continue
      for (const table of names) {
        const { type, number } = parseFileName(table) ?? {}
        if ((type === 'table' || type === 'manifest') && number! >= parsed.number)
          await this.#moveAside(this.#directory, table)
      }
      await this.#fs.syncDirectory(this.#directory)
      await this.#fs.remove(join(this.#directory, name))
    }
  }

  /** Undefined leaves it to the name in the table. */
  #orderOf(
    familyName: string,
    id: number | undefined,
    hints: ManifestHints,
  ): Comparator | undefined {
    const name = (id === undefined ? undefined : hints.families.get(id)?.name) ?? familyName
    return this.#given(name).comparator
  }

  /** A table from outside does not know whose it is: the MANIFEST may. */
  #familyIdOf(table: ScannedTable, hints: ManifestHints): number {
    return hints.tables.get(table.file.number)?.family ?? table.familyId ?? 0
  }

  #familiesOf(hints: ManifestHints, tables: readonly ScannedTable[]): FamilyInRepair[] {
    const found = new Map<number, FamilyInRepair>()
    const add = (id: number, name: string, order: string | undefined, logNumber: number): void => {
      if (found.has(id)) return
      const comparator = this.#given(name).comparator ?? builtIn(order)
      if (comparator === undefined)
        throw new UnsupportedError(`comparator "${order}" of column family "${name}"`)
      found.set(id, { id, name, comparator, logNumber })
    }
    if (hints.state !== undefined) {
      for (const { id, name, comparatorName, logNumber } of hints.state.columnFamilies)
        add(id, name, comparatorName, logNumber)
    } else {
      for (const { id, name, comparatorName, logNumber, dropped } of hints.families.values())
        if (!dropped) add(id, name, comparatorName, logNumber)
      for (const table of tables) {
        const id = this.#familyIdOf(table, hints)
        add(id, id === 0 ? 'default' : table.familyName || `family ${id}`, table.comparatorName, 0)
      }
    }
    add(0, 'default', undefined, 0)
    return [...found.values()].sort((a, b) => a.id - b.id)
  }

  async #convertLogs(
    versions: VersionSet,
    families: ReadonlyMap<number, ColumnFamily>,
    tables: readonly ScannedTable[],
    logNames: readonly string[],
  ): Promise<Recovery> {
    const flushed = new Map<number, number>()
    // Where tables are lost the logs may hold what was in them.
    if (this.#damaged.length === 0) {
      for (const { familyId, external, file } of tables)
        if (familyId !== undefined && !external)
          flushed.set(familyId, Math.max(flushed.get(familyId) ?? 0, file.largestSequence))
    }
    const recovery = new Recovery({
      directory: this.#directory,
      walDirectory: this.#walDirectory,
      options: this.#options,
      versions,
      families,
      dbId: (await readIdentity(this.#fs, this.#directory)) ?? '',
      sessionId: createSessionId(this.#options.random),
      infoLog: this.#infoLog,
      flushedUpTo: (id) => flushed.get(id) ?? 0,
    })
    await recovery.run(logNames)
    return recovery
  }

  async #layOut(
    versions: VersionSet,
    family: ColumnFamily,
    hints: ManifestHints,
    tables: readonly ScannedTable[],
    converted: readonly NewFile[],
  ): Promise<readonly NewFile[]> {
    const known = hints.state?.columnFamilies.find(({ id }) => id === family.id)
    if (known !== undefined) {
      const kept = new Map(tables.map(({ file }) => [file.number, file]))
      const files = known.levels.flatMap((level, i) =>
        level
          .filter(({ number }) => kept.has(number))
          .map((file): NewFile => ({
            level: i,
            file: { ...file, entries: kept.get(file.number)!.entries ?? 0 },
          })),
      )
      return [...files, ...converted]
    }
    const files = [...tables.map(({ file }) => file), ...converted.map(({ file }) => file)]
    const { comparator, numLevels } = family.options
    return (
      arrangeTables(files, comparator, numLevels) ??
      (await this.#merge(versions, family, files, numLevels - 1))
    )
  }

  /** Rewrites tables as one sorted run in the last level, which needs no order of age between them. */
  async #merge(
    versions: VersionSet,
    family: ColumnFamily,
    files: readonly NewFile['file'][],
    outputLevel: number,
  ): Promise<readonly NewFile[]> {
    const { options } = family
    const count = files.length * 2 + 10
    const { outputs } = await runJob(
      {
        kind: 'compaction',
        mergeOperator: options.mergeOperator,
        ...timeToLive(options.ttlSeconds, this.#options.clock),
        description: {
          directory: this.#directory,
          columnFamilyId: family.id,
          columnFamilyName: family.name,
          comparatorName: options.comparator.name,
          ...(family.lookup.mergeOperator === undefined
            ? {}
            : { mergeOperatorName: family.lookup.mergeOperator.name }),
          fileNumbers: { first: versions.reserveFileNumbers(count), count },
          snapshots: [],
          table: tableOptionsOf(options, { level: outputLevel, bottommost: true }),
          dbId: (await readIdentity(this.#fs, this.#directory)) ?? '',
          sessionId: createSessionId(this.#options.random),
          inputs: [{ level: 0, files }],
          outputLevel,
          bottommost: true,
          deeperLevels: [],
          grandparents: [],
          alignsWithGrandparents: false,
          targetFileSizeBytes: options.targetFileSizeBaseBytes,
          maxCompactionBytes: Number.MAX_SAFE_INTEGER,
        },
      },
      {
        fileSystem: this.#fs,
        comparator: (name) => (name === options.comparator.name ? options.comparator : undefined),
        yieldControl: () =>
          new Promise((resolve) => {
            setImmediate(resolve)
          }),
      },
    )
    this.#merged.push(family.name)
    for (const { number } of files) this.#aside.push(tableFileName(number))
    return outputs
  }

  /** Writes the new MANIFEST and has CURRENT name it; only then what is not needed goes aside. */
  async #commit(
    versions: VersionSet,
    hints: ManifestHints,
    logs: readonly number[],
    mark: string,
  ): Promise<void> {
    const fs = this.#fs
    const directory = this.#directory
    const number = versions.newFileNumber()
    await using manifest = await LogWriter.open(fs, join(directory, manifestFileName(number)))
    for (const edit of versions.snapshotEdits()) manifest.addRecord(encodeVersionEdit(edit))
    await manifest.sync()
    await fs.syncDirectory(directory)
    const { dbId } = hints.state ?? {}
    if (dbId !== undefined && (await readIdentity(fs, directory)) === undefined)
      await writeIdentity(fs, directory, dbId)
    if (await fs.exists(join(directory, CURRENT_FILE_NAME)))
      await this.#moveAside(directory, CURRENT_FILE_NAME, true)
    await writeCurrent(fs, directory, number)
    await fs.remove(mark)
    await fs.syncDirectory(directory)
    for (const name of await fs.list(directory)) {
      const parsed = parseFileName(name)
      const isOld = parsed?.type === 'manifest' && parsed.number !== number
      if (isOld || this.#aside.includes(name)) await this.#moveAside(directory, name)
    }
    const converted = new Set(logs)
    for (const name of await fs.list(this.#walDirectory)) {
      const parsed = parseFileName(name)
      if (parsed?.type === 'log' && (converted.has(parsed.number) || parsed.number < number))
        await this.#moveAside(this.#walDirectory, name)
    }
    await fs.syncDirectory(directory)
  }

  /** Into `lost`, under a name that is free there. */
  async #moveAside(from: string, name: string, copy: boolean = false): Promise<void> {
    const lost = join(this.#directory, 'lost')
    await this.#fs.mkdir(lost)
    let target = join(lost, name)
    for (let n = 1; await this.#fs.exists(target); n++) target = join(lost, `${name}.${n}`)
    try {
      if (copy) await this.#fs.writeFileAtomic(target, await this.#fs.readFile(join(from, name)))
      else await this.#fs.rename(join(from, name), target)
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
  }
}

function listedTables({ state }: ManifestHints): Set<number> {
  return new Set(
    state!.columnFamilies.flatMap(({ levels }) => levels.flat().map(({ number }) => number)),
  )
}

function builtIn(name: string | undefined): Comparator | undefined {
  if (name === undefined || name === bytewiseComparator.name) return bytewiseComparator
  return name === reverseBytewiseComparator.name ? reverseBytewiseComparator : undefined
}
