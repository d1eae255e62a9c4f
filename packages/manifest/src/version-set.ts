import {
  assert,
  bytewiseComparator,
  CorruptionError,
  InvalidOptionError,
  IoError,
  ReadOnlyError,
  UnsupportedError,
  type Comparator,
} from '@varve/base'
import type { FileSystem } from '@varve/vfs'
import { LogWriter } from '@varve/wal'

import type { ColumnFamilyVersions } from './column-family-versions.ts'
import { writeCurrent } from './current-file.ts'
import type { FileMetadata } from './file-metadata.ts'
import { comparatorNamed, resolveComparator } from './family-comparator.ts'
import { manifestFileName } from './file-names.ts'
import { LiveFiles } from './live-files.ts'
import type { ManifestState } from './manifest-state.ts'
import { ManifestWriter, type ManifestBeginning } from './manifest-writer.ts'
import { readManifest } from './read-manifest.ts'
import { snapshotEdits } from './snapshot-edits.ts'
import { TrackedWals } from './tracked-wals.ts'
import { applyEdits } from './version-builder.ts'
import { encodeVersionEdit } from './version-edit-encode.ts'
import type { VersionEdit, WalAddition } from './version-edit.ts'
import { sortLevels, Version } from './version.ts'

const DEFAULT_MAX_MANIFEST_BYTES = 64 * 1024 * 1024

/** Options of {@link VersionSet}. */
export interface VersionSetOptions {
  /**
   * Order of user keys by family name. A family whose MANIFEST names another order is refused. Families that the function
   * gives `undefined` for get the order that the MANIFEST names.
   */
  readonly comparator?: (familyName: string) => Comparator | undefined
  /** Levels of every family, or by its name. Default 7; a database with tables deeper down is refused. */
  readonly numLevels?: number | ((familyName: string) => number)
  /** A MANIFEST that grows beyond is replaced by a new one with a snapshot of the state. Default 64 MiB. */
  readonly maxManifestFileSizeBytes?: number
  /** Take a database with blob files, which no change may then be made to. Default false: it is refused. */
  readonly allowBlobFiles?: boolean
}

interface Family extends ColumnFamilyVersions {
  logNumber: number
  current: Version
  readonly compactCursors: Map<number, Uint8Array>
}

/** What one {@link VersionSet.logAndApply} will have changed once it is in the file. */
interface Step {
  readonly edits: readonly VersionEdit[]
  readonly levels: ReadonlyMap<number, readonly (readonly FileMetadata[])[]>
}

/**
 * All versions of a database and the MANIFEST that records them.
 *
 * Changes go through {@link VersionSet.logAndApply}: one at a time, in the file and synced before they are seen. After a
 * failed write the end of the MANIFEST is in doubt, so every further change is refused with {@link ReadOnlyError}; the
 * caller stops writes. The first change after opening starts a new MANIFEST with a snapshot of the state.
 */
export class VersionSet {
  readonly directory: string
  /** Id of the database from the MANIFEST, when it is there. */
  readonly dbId: string | undefined
  /** Largest sequence number in use. The owner of the commit pipeline moves it. */
  lastSequence: number

  readonly #numLevels: (familyName: string) => number
  readonly #manifest: ManifestWriter
  readonly #families = new Map<number, Family>()
  readonly #live = new LiveFiles()
  /** Of families that are being added, by id. */
  readonly #pending = new Map<
    number,
    { readonly comparator: Comparator; readonly numLevels: number }
  >()
  #nextFileNumber: number
  #minLogNumberToKeep: number
  readonly #trackedWals = new TrackedWals()
  #maxColumnFamily: number
  #failure: unknown
  #failed = false
  #closed = false
  #queue: Promise<void> = Promise.resolve()

  private constructor(
    fs: FileSystem,
    directory: string,
    state: ManifestState,
    options: VersionSetOptions,
  ) {
    this.directory = directory
    const { numLevels = 7 } = options
    this.#numLevels = typeof numLevels === 'number' ? () => numLevels : numLevels
    this.#manifest = new ManifestWriter(
      fs,
      directory,
      state.manifestFileNumber,
      options.maxManifestFileSizeBytes ?? DEFAULT_MAX_MANIFEST_BYTES,
    )
    this.dbId = state.dbId
    this.lastSequence = state.lastSequence
    this.#trackedWals.apply({
      walAdditions: state.trackedWals,
      walDeletionBelow: state.walsDeletedBelow,
    })
    this.#minLogNumberToKeep = state.minLogNumberToKeep
    this.#maxColumnFamily = state.maxColumnFamily
    this.#nextFileNumber = Math.max(state.nextFileNumber, state.manifestFileNumber + 1)
    if (state.blobFiles.length > 0 && options.allowBlobFiles !== true) {
      throw new UnsupportedError(
        `writing to a database with blob files, which the one in "${directory}" has`,
      )
    }
    const file = `${directory}/${manifestFileName(state.manifestFileNumber)}`
    for (const stored of state.columnFamilies) {
      const comparator = resolveComparator(
        stored.name,
        stored.comparatorName,
        options.comparator?.(stored.name),
        directory,
      )
      const numLevels = this.#numLevels(stored.name)
      if (stored.levels.length > numLevels) {
        throw new InvalidOptionError(
          'numLevels',
          `column family "${stored.name}" has tables in level ${stored.levels.length - 1}`,
        )
      }
      const levels = Array.from({ length: numLevels }, (_, i) => stored.levels[i] ?? [])
      this.#families.set(stored.id, {
        id: stored.id,
        name: stored.name,
        comparator,
        logNumber: stored.logNumber,
        current: this.#newVersion(comparator, sortLevels(comparator, levels, file)),
        compactCursors: new Map(stored.compactCursors),
      })
    }
  }

  /**
   * Makes a new, empty database: its first MANIFEST and `CURRENT`. The directory exists and holds no database.
   */
  static async create(
    fs: FileSystem,
    directory: string,
    options: VersionSetOptions = {},
  ): Promise<VersionSet> {
    const comparator = options.comparator?.('default') ?? bytewiseComparator
    const edit: VersionEdit = {
      comparatorName: comparator.name,
      logNumber: 0,
      nextFileNumber: 2,
      lastSequence: 0,
    }
    await using manifest = await LogWriter.open(fs, `${directory}/${manifestFileName(1)}`)
    manifest.addRecord(encodeVersionEdit(edit))
    await manifest.sync()
    await fs.syncDirectory(directory)
    await writeCurrent(fs, directory, 1)
    return await VersionSet.recover(fs, directory, options)
  }

  /**
   * Reads the state of an existing database. Writes nothing until the first change.
   *
   * @throws CorruptionError when CURRENT or MANIFEST are damaged or levels overlap
   * @throws InvalidOptionError when a family is stored under another order
   * @throws IoError when there is no database
   */
  static async recover(
    fs: FileSystem,
    directory: string,
    options: VersionSetOptions = {},
  ): Promise<VersionSet> {
    return new VersionSet(fs, directory, await readManifest(fs, directory), options)
  }

  /** Families by id. */
  get columnFamilies(): ReadonlyMap<number, ColumnFamilyVersions> {
    return this.#families
  }

  /** @throws AssertionError when there is no such family */
  columnFamily(id: number): ColumnFamilyVersions {
    return this.#family(id)
  }

  columnFamilyNamed(name: string): ColumnFamilyVersions | undefined {
    for (const family of this.#families.values()) if (family.name === name) return family
    return undefined
  }

  /** Number of the MANIFEST that `CURRENT` names; older ones may be deleted. */
  get manifestFileNumber(): number {
    return this.#manifest.fileNumber
  }

  /** Logs below may be deleted, as the MANIFEST has it. */
  get minLogNumberToKeep(): number {
    return this.#minLogNumberToKeep
  }

  /** Logs that the MANIFEST says must be there, with the size that was synced, ascending. */
  get trackedWals(): readonly WalAddition[] {
    return this.#trackedWals.list()
  }

  /** The number that {@link VersionSet.newFileNumber} gives next. */
  get nextFileNumber(): number {
    return this.#nextFileNumber
  }

  get maxColumnFamily(): number {
    return this.#maxColumnFamily
  }

  /** Why changes are refused, `undefined` while they are not. */
  get failure(): unknown {
    return this.#failure
  }

  /** A file number that was never used. */
  newFileNumber(): number {
    return this.#nextFileNumber++
  }

  /** Takes `count` numbers in a row for a job; returns the first. */
  reserveFileNumbers(count: number): number {
    const first = this.#nextFileNumber
    this.#nextFileNumber += count
    return first
  }

  /** A file with this number exists: numbers given from now on are larger. */
  markFileNumberUsed(number: number): void {
    if (number >= this.#nextFileNumber) this.#nextFileNumber = number + 1
  }

  /** An id for a new family: pass it in an edit with `addColumnFamily`. */
  newColumnFamilyId(): number {
    return ++this.#maxColumnFamily
  }

  /** A family with this id exists or existed: ids given from now on are larger. */
  markColumnFamilyUsed(id: number): void {
    this.#maxColumnFamily = Math.max(this.#maxColumnFamily, id)
  }

  /** Whether some live version lists the table. */
  isLive(fileNumber: number): boolean {
    return this.#live.has(fileNumber)
  }

  /** Numbers of all tables that live versions list. */
  liveFileNumbers(): Set<number> {
    return new Set(this.#live.numbers())
  }

  /** Tables that fell out of the last version that listed them since the last call; the caller deletes their files. */
  takeObsoleteFiles(): number[] {
    return this.#live.takeObsolete()
  }

  /**
   * Records one change, which may span families (then the MANIFEST has it as an atomic group), syncs it, and makes it
   * seen. Calls queue up. The edits' next file number and last sequence are filled in.
   *
   * @throws CorruptionError when the change does not fit the state; nothing was written
   * @throws IoError when writing failed; all later calls throw {@link ReadOnlyError}
   */
  logAndApply(edits: VersionEdit | readonly VersionEdit[]): Promise<void> {
    const list: readonly VersionEdit[] = Array.isArray(edits) ? edits : [edits as VersionEdit]
    const done = this.#queue.then(() => this.#logAndApply(list))
    this.#queue = done.catch(() => undefined)
    return done
  }

  /** Adds an empty family and returns it. `logNumber` is that of the present log; `id`, if given, was never used. */
  async addColumnFamily(
    name: string,
    comparator: Comparator,
    logNumber: number,
    numLevels: number = this.#numLevels(name),
    id: number = this.newColumnFamilyId(),
  ): Promise<ColumnFamilyVersions> {
    this.#pending.set(id, { comparator, numLevels })
    try {
      await this.logAndApply({
        columnFamily: id,
        addColumnFamily: name,
        comparatorName: comparator.name,
        logNumber,
      })
    } finally {
      this.#pending.delete(id)
    }
    return this.#family(id)
  }

  /** Edits that build the present state from nothing: the content of a MANIFEST of its own. */
  snapshotEdits(): VersionEdit[] {
    return snapshotEdits({
      dbId: this.dbId,
      families: this.#families.values(),
      minLogNumberToKeep: this.#minLogNumberToKeep,
      maxColumnFamily: this.#maxColumnFamily,
      lastSequence: this.lastSequence,
      nextFileNumber: this.#nextFileNumber,
      trackedWals: this.trackedWals,
      walsDeletedBelow: this.#trackedWals.deletedBelow,
    })
  }

  /** Closes the MANIFEST after the changes that wait. Versions stay readable. May be called twice. */
  async close(): Promise<void> {
    await this.#queue
    this.#closed = true
    await this.#manifest.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #logAndApply(edits: readonly VersionEdit[]): Promise<void> {
    if (this.#failed) {
      throw new ReadOnlyError(`the manifest of "${this.directory}" takes no more changes`, {
        cause: this.#failure,
      })
    }
    if (this.#closed) throw new ReadOnlyError(`the manifest of "${this.directory}" is closed`)
    assert(edits.length > 0, 'a change has at least one edit')
    const step = this.#prepare(edits)
    try {
      await this.#manifest.write(step.edits, () => this.#beginManifest())
    } catch (error) {
      this.#failed = true
      this.#failure = error
      if (error instanceof IoError) throw error
      throw new IoError(`cannot write the manifest of "${this.directory}"`, {
        cause: error,
        path: this.#manifest.path,
      })
    }
    this.#install(step)
  }

  /** Checks the change against the state and completes its edits; writes nothing. */
  #prepare(edits: readonly VersionEdit[]): Step {
    const byFamily = new Map<number, VersionEdit[]>()
    for (const edit of edits) {
      const id = edit.columnFamily ?? 0
      const group = byFamily.get(id)
      if (group === undefined) byFamily.set(id, [edit])
      else group.push(edit)
      for (const { file } of edit.newFiles ?? []) {
        if (file.largestSequence !== Number.MAX_SAFE_INTEGER) {
          this.lastSequence = Math.max(this.lastSequence, file.largestSequence)
        }
        this.markFileNumberUsed(file.number)
      }
    }
    const levels = new Map<number, readonly (readonly FileMetadata[])[]>()
    for (const [id, group] of byFamily) {
      const added = group.some((edit) => edit.addColumnFamily !== undefined)
      if (added && this.#families.has(id)) {
        throw new CorruptionError(`column family ${id} exists already`)
      }
      if (!added && !this.#families.has(id)) throw new CorruptionError(`no column family ${id}`)
      const family = this.#families.get(id)
      const hasFiles = group.some(
        (edit) => edit.newFiles !== undefined || edit.deletedFiles !== undefined,
      )
      if (!hasFiles) continue
      if (family === undefined) {
        throw new CorruptionError('tables of a new column family come in an edit of their own')
      }
      levels.set(id, applyEdits(family.current, family.comparator, group))
    }
    const last = edits.length - 1
    return {
      levels,
      edits: edits.map((edit, i) => ({
        ...edit,
        previousLogNumber: 0,
        nextFileNumber: this.#nextFileNumber,
        lastSequence: this.lastSequence,
        ...(edit.dropColumnFamily === true || edit.addColumnFamily !== undefined
          ? { maxColumnFamily: Math.max(this.#maxColumnFamily, edit.columnFamily ?? 0) }
          : {}),
        ...(last > 0 ? { atomicGroupRemaining: last - i } : {}),
      })),
    }
  }

  #beginManifest(): ManifestBeginning {
    const fileNumber = this.newFileNumber()
    return { fileNumber, snapshot: this.snapshotEdits(), nextFileNumber: this.#nextFileNumber }
  }

  /** Makes a change seen that is safe in the file. */
  #install(step: Step): void {
    for (const edit of step.edits) {
      const id = edit.columnFamily ?? 0
      this.#trackedWals.apply(edit)
      if (edit.minLogNumberToKeep !== undefined) {
        this.#minLogNumberToKeep = Math.max(this.#minLogNumberToKeep, edit.minLogNumberToKeep)
      }
      if (edit.addColumnFamily !== undefined) this.#addFamily(id, edit.addColumnFamily, edit)
      const family = this.#family(id)
      if (edit.logNumber !== undefined) {
        family.logNumber = Math.max(family.logNumber, edit.logNumber)
      }
      for (const { level, key } of edit.compactCursors ?? []) family.compactCursors.set(level, key)
      if (edit.dropColumnFamily === true) {
        this.#families.delete(id)
        family.current.unref()
      }
    }
    for (const [id, levels] of step.levels) {
      const family = this.#families.get(id)
      if (family === undefined) continue
      const previous = family.current
      family.current = this.#newVersion(family.comparator, levels)
      previous.unref()
    }
  }

  #addFamily(id: number, name: string, edit: VersionEdit): void {
    const comparator = comparatorNamed(edit.comparatorName ?? bytewiseComparator.name)
    assert(comparator !== undefined || this.#pending.has(id), 'a new family has an order')
    const pending = this.#pending.get(id)
    const order = pending?.comparator ?? comparator!
    const numLevels = pending?.numLevels ?? this.#numLevels(name)
    this.#pending.delete(id)
    this.#maxColumnFamily = Math.max(this.#maxColumnFamily, id)
    this.#families.set(id, {
      id,
      name,
      comparator: order,
      logNumber: edit.logNumber ?? 0,
      current: this.#newVersion(
        order,
        Array.from({ length: numLevels }, () => []),
      ),
      compactCursors: new Map(),
    })
  }

  #newVersion(comparator: Comparator, levels: readonly (readonly FileMetadata[])[]): Version {
    const version = new Version(comparator, levels, (unused) => this.#live.remove(unused))
    this.#live.add(version)
    return version.ref()
  }

  #family(id: number): Family {
    const family = this.#families.get(id)
    assert(family !== undefined, `column family ${id} exists`)
    return family
  }
}
