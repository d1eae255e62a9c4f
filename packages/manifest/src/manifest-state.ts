import { CorruptionError } from '@varve/base'

import type { FileMetadata } from './file-metadata.ts'
import { TrackedWals } from './tracked-wals.ts'
import type { BlobFileAddition, VersionEdit, WalAddition } from './version-edit.ts'

/** A column family as the MANIFEST describes it. */
export interface ColumnFamilyState {
  readonly id: number
  readonly name: string
  /** Absent where the MANIFEST does not say, which stands for the default order. */
  readonly comparatorName: string | undefined
  readonly logNumber: number
  /** Tables by level, in the order of the MANIFEST. */
  readonly levels: readonly (readonly FileMetadata[])[]
  /** By level: internal key where the next round-robin compaction starts. */
  readonly compactCursors: ReadonlyMap<number, Uint8Array>
  readonly fullHistoryTsLow: Uint8Array | undefined
}

/** The state a MANIFEST adds up to. */
export interface ManifestState {
  readonly manifestFileNumber: number
  readonly dbId: string | undefined
  readonly nextFileNumber: number
  readonly lastSequence: number
  readonly minLogNumberToKeep: number
  readonly maxColumnFamily: number
  readonly columnFamilies: readonly ColumnFamilyState[]
  readonly blobFiles: readonly BlobFileAddition[]
  /** Logs that must be there, ascending. */
  readonly trackedWals: readonly WalAddition[]
  /** Logs below are not tracked any more. */
  readonly walsDeletedBelow: number
}

interface FamilyInProgress {
  readonly id: number
  readonly name: string
  comparatorName: string | undefined
  logNumber: number
  readonly files: Map<number, FileMetadata>[]
  readonly compactCursors: Map<number, Uint8Array>
  /** By number, with the count of its blobs that are garbage. */
  readonly blobs: Map<number, { readonly addition: BlobFileAddition; garbage: number }>
  fullHistoryTsLow: Uint8Array | undefined
}

/** Blob files that something may refer to: one that is garbage alone and that no table is linked to counts no more. */
function liveBlobFiles({ blobs, files }: FamilyInProgress): BlobFileAddition[] {
  const linked = new Set<number>()
  for (const level of files)
    for (const { oldestBlobFileNumber } of level.values())
      if (oldestBlobFileNumber !== undefined) linked.add(oldestBlobFileNumber)
  return [...blobs.values()]
    .filter(({ addition, garbage }) => garbage < addition.count || linked.has(addition.number))
    .map(({ addition }) => addition)
}

/**
 * Adds version edits up to a state. Atomic groups are buffered and take effect with their last edit; a group that is not
 * complete at the end never happened.
 */
export class ManifestReplay {
  readonly #file: string
  readonly #families = new Map<number, FamilyInProgress>()
  #group: VersionEdit[] = []
  #dbId: string | undefined
  #logNumber: number | undefined
  #nextFileNumber: number | undefined
  #lastSequence: number | undefined
  #minLogNumberToKeep = 0
  readonly #trackedWals = new TrackedWals()
  #maxColumnFamily = 0

  constructor(file: string) {
    this.#file = file
    this.#families.set(0, this.#newFamily(0, 'default'))
  }

  /** @throws CorruptionError when the edit does not fit the state; `offset` is where its record lies */
  apply(edit: VersionEdit, offset: number): void {
    const remaining = edit.atomicGroupRemaining
    if (remaining === undefined) {
      if (this.#group.length > 0) throw this.#damaged('edit inside an atomic group', offset)
      this.#applyOne(edit, offset)
      return
    }
    const last = this.#group.at(-1)
    if (last !== undefined && last.atomicGroupRemaining !== remaining + 1) {
      throw this.#damaged('corrupted atomic group', offset)
    }
    this.#group.push(edit)
    if (remaining > 0) return
    const group = this.#group
    this.#group = []
    for (const member of group) this.#applyOne(member, offset)
  }

  /** @throws CorruptionError when one of the fields is missing that every MANIFEST has */
  finish(manifestFileNumber: number): ManifestState {
    if (
      this.#logNumber === undefined ||
      this.#nextFileNumber === undefined ||
      this.#lastSequence === undefined
    ) {
      throw new CorruptionError('manifest has no log number, next file number or last sequence', {
        file: this.#file,
      })
    }
    return {
      manifestFileNumber,
      dbId: this.#dbId,
      nextFileNumber: this.#nextFileNumber,
      lastSequence: this.#lastSequence,
      minLogNumberToKeep: this.#minLogNumberToKeep,
      maxColumnFamily: this.#maxColumnFamily,
      columnFamilies: [...this.#families.values()]
        .sort((a, b) => a.id - b.id)
        .map(
          ({ id, name, comparatorName, logNumber, files, compactCursors, fullHistoryTsLow }) => ({
            id,
            name,
            comparatorName,
            logNumber,
            levels: files.map((level) => [...level.values()]),
            compactCursors,
            fullHistoryTsLow,
          }),
        ),
      trackedWals: this.#trackedWals.list(),
      walsDeletedBelow: this.#trackedWals.deletedBelow,
      blobFiles: [...this.#families.values()].flatMap(liveBlobFiles),
    }
  }

  #newFamily(id: number, name: string): FamilyInProgress {
    return {
      id,
      name,
      comparatorName: undefined,
      logNumber: 0,
      files: [],
      compactCursors: new Map(),
      blobs: new Map(),
      fullHistoryTsLow: undefined,
    }
  }

  #applyOne(edit: VersionEdit, offset: number): void {
    if (edit.dbId !== undefined) this.#dbId = edit.dbId
    if (edit.nextFileNumber !== undefined) this.#nextFileNumber = edit.nextFileNumber
    if (edit.lastSequence !== undefined) this.#lastSequence = edit.lastSequence
    if (edit.logNumber !== undefined) this.#logNumber = edit.logNumber
    if (edit.minLogNumberToKeep !== undefined) {
      this.#minLogNumberToKeep = Math.max(this.#minLogNumberToKeep, edit.minLogNumberToKeep)
    }
    if (edit.maxColumnFamily !== undefined) {
      this.#maxColumnFamily = Math.max(this.#maxColumnFamily, edit.maxColumnFamily)
    }
    this.#trackedWals.apply(edit)
    const id = edit.columnFamily ?? 0
    if (edit.addColumnFamily !== undefined) {
      if (id !== 0 && this.#families.has(id)) {
        throw this.#damaged(`column family ${id} is added twice`, offset)
      }
      if (id !== 0) this.#families.set(id, this.#newFamily(id, edit.addColumnFamily))
      this.#maxColumnFamily = Math.max(this.#maxColumnFamily, id)
    }
    const family = this.#families.get(id)
    if (family === undefined) {
      throw this.#damaged(`edit for unknown column family ${id}`, offset)
    }
    if (edit.dropColumnFamily === true) {
      this.#families.delete(id)
      return
    }
    this.#applyToFamily(family, edit, offset)
  }

  #applyToFamily(family: FamilyInProgress, edit: VersionEdit, offset: number): void {
    if (edit.comparatorName !== undefined) family.comparatorName = edit.comparatorName
    if (edit.logNumber !== undefined) family.logNumber = Math.max(family.logNumber, edit.logNumber)
    if (edit.fullHistoryTsLow !== undefined) family.fullHistoryTsLow = edit.fullHistoryTsLow
    for (const addition of edit.blobFileAdditions ?? [])
      family.blobs.set(addition.number, { addition, garbage: 0 })
    for (const { number, count } of edit.blobFileGarbage ?? []) {
      const blob = family.blobs.get(number)
      if (blob === undefined)
        throw this.#damaged(`garbage in blob file ${number}, which is not there`, offset)
      blob.garbage += count
    }
    for (const { level, key } of edit.compactCursors ?? []) family.compactCursors.set(level, key)
    for (const { level, number } of edit.deletedFiles ?? []) {
      if (family.files[level]?.delete(number) !== true) {
        throw this.#damaged(`table ${number} leaves level ${level} where it is not`, offset)
      }
    }
    for (const { level, file } of edit.newFiles ?? []) {
      while (family.files.length <= level) family.files.push(new Map())
      if (family.files[level]!.has(file.number)) {
        throw this.#damaged(`table ${file.number} enters level ${level} twice`, offset)
      }
      family.files[level]!.set(file.number, file)
    }
  }

  #damaged(what: string, offset: number): CorruptionError {
    return new CorruptionError(`damaged manifest: ${what}`, { file: this.#file, offset })
  }
}
