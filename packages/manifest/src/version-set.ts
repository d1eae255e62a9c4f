import {
  assert,
  bytewiseComparator,
  IoError,
  ReadOnlyError,
  UnsupportedError,
  type Comparator,
} from '@varve/base'
import type { FileSystem } from '@varve/vfs'
import { LogWriter } from '@varve/wal'

import type { ColumnFamilyVersions } from './column-family-versions.ts'
import { writeCurrent } from './current-file.ts'
import { FamilySet } from './family-set.ts'
import type { FileMetadata } from './file-metadata.ts'
import { manifestFileName } from './file-names.ts'
import type { ManifestState } from './manifest-state.ts'
import { ManifestWriter, type ManifestBeginning } from './manifest-writer.ts'
import { readManifest } from './read-manifest.ts'
import { snapshotEdits } from './snapshot-edits.ts'
import { TrackedWals } from './tracked-wals.ts'
import { encodeVersionEdit } from './version-edit-encode.ts'
import type { VersionEdit, WalAddition } from './version-edit.ts'

const DEFAULT_MAX_MANIFEST_BYTES = 64 * 1024 * 1024

/** Options of {@link VersionSet}. */
export interface VersionSetOptions {
  /**
   * Order of user keys by family name. A family whose MANIFEST names another order is refused. Families that the function
   * gives `undefined` for get the order that the MANIFEST names.
   */
  readonly comparator?: (familyName: string) => Comparator | undefined
  /**
   * Levels of every family, or by its name; a database with tables deeper down is refused. Default, or where the function gives
   * `undefined`: 7, or as many as have tables.
   */
  readonly numLevels?: number | ((familyName: string) => number | undefined)
  /** A MANIFEST that grows beyond is replaced by a new one with a snapshot of the state. Default 64 MiB. */
  readonly maxManifestFileSizeBytes?: number
  /** Take a database with blob files, which no change may then be made to. Default false: it is refused. */
  readonly allowBlobFiles?: boolean
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

  readonly #manifest: ManifestWriter
  readonly #families: FamilySet
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
    const { numLevels } = options
    this.#families = new FamilySet(typeof numLevels === 'function' ? numLevels : () => numLevels)
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
    this.#families.restore(state, directory, options.comparator)
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
    return this.#families.all
  }

  /** A family by id. @throws AssertionError when there is none */
  columnFamily(id: number): ColumnFamilyVersions {
    return this.#families.get(id)
  }

  /** The family of a name; `undefined` when there is none. */
  columnFamilyNamed(name: string): ColumnFamilyVersions | undefined {
    for (const family of this.#families.all.values()) if (family.name === name) return family
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

  /** Largest id that a family has or had. */
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
    return this.#families.live.has(fileNumber)
  }

  /** Numbers of all tables that live versions list. */
  liveFileNumbers(): Set<number> {
    return new Set(this.#families.live.numbers())
  }

  /** Tables that fell out of the last version that listed them since the last call; the caller deletes their files. */
  takeObsoleteFiles(): number[] {
    return this.#families.live.takeObsolete()
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
    numLevels: number = this.#families.numLevels(name),
    id: number = this.newColumnFamilyId(),
  ): Promise<ColumnFamilyVersions> {
    this.#families.expect(id, { comparator, numLevels })
    try {
      await this.logAndApply({
        columnFamily: id,
        addColumnFamily: name,
        comparatorName: comparator.name,
        logNumber,
      })
    } finally {
      this.#families.stopExpecting(id)
    }
    return this.#families.get(id)
  }

  /** Edits that build the present state from nothing: the content of a MANIFEST of its own. */
  snapshotEdits(): VersionEdit[] {
    return snapshotEdits({
      dbId: this.dbId,
      families: this.#families.all.values(),
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
    for (const edit of edits) {
      for (const { file } of edit.newFiles ?? []) {
        if (file.largestSequence !== Number.MAX_SAFE_INTEGER) {
          this.lastSequence = Math.max(this.lastSequence, file.largestSequence)
        }
        this.markFileNumberUsed(file.number)
      }
    }
    const levels = this.#families.levelsAfter(edits)
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
      this.#trackedWals.apply(edit)
      if (edit.minLogNumberToKeep !== undefined) {
        this.#minLogNumberToKeep = Math.max(this.#minLogNumberToKeep, edit.minLogNumberToKeep)
      }
      if (edit.addColumnFamily !== undefined) this.markColumnFamilyUsed(edit.columnFamily ?? 0)
      this.#families.apply(edit)
    }
    this.#families.installLevels(step.levels)
  }
}
