import { join } from 'node:path'

import { CorruptionError, isVarveError } from '@varve/base'
import {
  decodeVersionEdit,
  manifestFileName,
  ManifestReplay,
  parseFileName,
  readCurrent,
  readManifestRecords,
  type ManifestState,
  type VersionEdit,
} from '@varve/manifest'
import { isNotFound, type FileSystem } from '@varve/vfs'
import { LogReader } from '@varve/wal'

/** What can be learnt of a family. */
interface FamilyHint {
  readonly id: number
  name: string
  comparatorName: string | undefined
  /** Logs below hold nothing unflushed of it; what is lost of the MANIFEST may have said more. */
  logNumber: number
  dropped: boolean
}

/** What the manifests of a directory say, as far as they can be read. */
export interface ManifestHints {
  /** See {@link readWholeState}. */
  readonly state: ManifestState | undefined
  readonly families: ReadonlyMap<number, FamilyHint>
  /** By table: the family it is of, and its largest sequence number, which tables from outside do not know themselves. */
  readonly tables: ReadonlyMap<
    number,
    { readonly family: number; readonly largestSequence: number }
  >
  readonly lastSequence: number
  /** Largest id of a family there ever was: those of dropped ones are not given again. */
  readonly maxColumnFamily: number
  /** The oldest log that may have a prepared transaction in it; 0 when there never was one. */
  readonly minLogNumberToKeep: number
}

/** Reads all manifests of a directory for what they are worth. */
export async function readManifestHints(fs: FileSystem, directory: string): Promise<ManifestHints> {
  const hints = new HintCollector()
  for (const number of await manifestNumbers(fs, directory)) {
    await using log = await LogReader.open(fs, join(directory, manifestFileName(number)), {
      recoveryMode: 'skipAnyCorruptedRecords',
      onCorruption: () => undefined,
    })
    for (let record = log.readRecord(); record !== undefined; record = log.readRecord()) {
      try {
        hints.add(decodeVersionEdit(record))
      } catch (error) {
        if (!isVarveError(error)) throw error
      }
    }
  }
  return { ...hints, state: await readWholeState(fs, directory) }
}

/**
 * What the MANIFEST says that CURRENT names; where CURRENT is missing or damaged, the only one that there is. Of several, the newest may
 * be one that a crash cut short before it was named. Undefined when that is not known, or damaged.
 */
async function readWholeState(
  fs: FileSystem,
  directory: string,
): Promise<ManifestState | undefined> {
  let number = await namedManifest(fs, directory)
  if (number === undefined) {
    const numbers = await manifestNumbers(fs, directory)
    if (numbers.length === 1) number = numbers[0]
  }
  if (number === undefined) return undefined
  const path = join(directory, manifestFileName(number))
  const replay = new ManifestReplay(path)
  try {
    for (const { offset, edit } of await readManifestRecords(fs, path)) replay.apply(edit, offset)
    return replay.finish(number)
  } catch (error) {
    if (isVarveError(error)) return undefined
    throw error
  }
}

/** Number of the MANIFEST that CURRENT names; undefined when CURRENT is missing or damaged. */
export async function namedManifest(
  fs: FileSystem,
  directory: string,
): Promise<number | undefined> {
  try {
    return await readCurrent(fs, directory)
  } catch (error) {
    if (isNotFound(error) || error instanceof CorruptionError) return undefined
    throw error
  }
}

/** In ascending order. */
async function manifestNumbers(fs: FileSystem, directory: string): Promise<number[]> {
  return (await fs.list(directory))
    .map((name) => parseFileName(name))
    .filter((parsed) => parsed?.type === 'manifest')
    .map((parsed) => parsed!.number)
    .sort((a, b) => a - b)
}

class HintCollector {
  readonly families = new Map<number, FamilyHint>()
  readonly tables = new Map<number, { family: number; largestSequence: number }>()
  lastSequence = 0
  maxColumnFamily = 0
  minLogNumberToKeep = 0

  add(edit: VersionEdit): void {
    const id = edit.columnFamily ?? 0
    this.minLogNumberToKeep = Math.max(this.minLogNumberToKeep, edit.minLogNumberToKeep ?? 0)
    this.maxColumnFamily = Math.max(this.maxColumnFamily, id, edit.maxColumnFamily ?? 0)
    if (edit.lastSequence !== undefined)
      this.lastSequence = Math.max(this.lastSequence, edit.lastSequence)
    for (const { file } of edit.newFiles ?? [])
      this.tables.set(file.number, { family: id, largestSequence: file.largestSequence })
    let family = this.families.get(id)
    if (edit.addColumnFamily !== undefined && id !== 0) {
      family ??= this.#newFamily(id, edit.addColumnFamily)
      family.name = edit.addColumnFamily
    }
    if (family === undefined && id === 0) family = this.#newFamily(0, 'default')
    if (family === undefined) return
    if (edit.comparatorName !== undefined) family.comparatorName = edit.comparatorName
    if (edit.logNumber !== undefined) family.logNumber = Math.max(family.logNumber, edit.logNumber)
    if (edit.dropColumnFamily === true) family.dropped = true
  }

  #newFamily(id: number, name: string): FamilyHint {
    const family = { id, name, comparatorName: undefined, logNumber: 0, dropped: false }
    this.families.set(id, family)
    return family
  }
}
