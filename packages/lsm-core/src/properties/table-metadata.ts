import { userKeyOf } from '@varve/base'
import { tableFileName, type FileMetadata } from '@varve/manifest'
import type { TableProperties } from '@varve/sst-format'

import type { ColumnFamily } from '../column-family/column-family.ts'

/** A table of the present state. */
export interface LiveFileMetaData {
  readonly columnFamilyName: string
  readonly level: number
  /** Name in the database's directory. */
  readonly name: string
  readonly fileNumber: number
  readonly sizeBytes: number
  /** Smallest and largest user key, range deletions included. */
  readonly smallestKey: Uint8Array
  readonly largestKey: Uint8Array
  readonly smallestSequence: number
  readonly largestSequence: number
  readonly numEntries: number
  readonly numDeletions: number
  readonly beingCompacted: boolean
  /** Unix seconds, 0 unknown. */
  readonly fileCreationTimeS: number
}

/** A column family in numbers. */
export interface ColumnFamilyMetaData {
  readonly name: string
  readonly sizeBytes: number
  readonly fileCount: number
  readonly levels: readonly {
    readonly level: number
    readonly sizeBytes: number
    readonly files: readonly LiveFileMetaData[]
  }[]
}

/** Properties of a table; opens it. @throws CorruptionError when they are damaged */
export function propertiesOfTable(family: ColumnFamily, file: FileMetadata): TableProperties {
  return family.lookup.tables.open(file, family.comparator.user).reader.properties
}

/** {@link propertiesOfTable} of every table of a family's present version, by its name in the directory. */
export function propertiesOfTables(family: ColumnFamily): ReadonlyMap<string, TableProperties> {
  return new Map(
    [...family.superVersion.version.files()].map(({ file }) => [
      tableFileName(file.number),
      propertiesOfTable(family, file),
    ]),
  )
}

/** Entries and deletions of a table, without opening it when this process knows them. */
export function countsOf(
  family: ColumnFamily,
  file: FileMetadata,
): { readonly entries: number; readonly deletions: number } {
  if (file.entries !== undefined && file.deletions !== undefined)
    return { entries: file.entries, deletions: file.deletions }
  const { entries, deletedKeys } = propertiesOfTable(family, file)
  return { entries, deletions: deletedKeys }
}

/** Every table of a family's present version; `compacting` says which are being compacted. */
export function liveFilesOf(
  family: ColumnFamily,
  compacting: ReadonlySet<number>,
): LiveFileMetaData[] {
  const files: LiveFileMetaData[] = []
  for (const { level, file } of family.superVersion.version.files()) {
    const { entries, deletions } = countsOf(family, file)
    files.push({
      columnFamilyName: family.name,
      level,
      name: tableFileName(file.number),
      fileNumber: file.number,
      sizeBytes: file.fileSizeBytes,
      smallestKey: new Uint8Array(userKeyOf(file.smallest)),
      largestKey: new Uint8Array(userKeyOf(file.largest)),
      smallestSequence: file.smallestSequence,
      largestSequence: file.largestSequence,
      numEntries: entries,
      numDeletions: deletions,
      beingCompacted: compacting.has(file.number),
      fileCreationTimeS: file.fileCreationTimeS ?? 0,
    })
  }
  return files
}

/** The tables of a family, level by level. */
export function columnFamilyMetaDataOf(
  family: ColumnFamily,
  compacting: ReadonlySet<number>,
): ColumnFamilyMetaData {
  const files = liveFilesOf(family, compacting)
  const size = (of: readonly LiveFileMetaData[]): number =>
    of.reduce((total, { sizeBytes }) => total + sizeBytes, 0)
  return {
    name: family.name,
    sizeBytes: size(files),
    fileCount: files.length,
    levels: family.superVersion.version.levels.map((_, level) => {
      const here = files.filter((file) => file.level === level)
      return { level, sizeBytes: size(here), files: here }
    }),
  }
}
