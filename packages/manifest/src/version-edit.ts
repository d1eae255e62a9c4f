import type { FileMetadata } from './file-metadata.ts'

/** A table that leaves a level. */
export interface DeletedFile {
  readonly level: number
  readonly number: number
}

/** A table that enters a level. */
export interface NewFile {
  readonly level: number
  readonly file: FileMetadata
}

/** Where the next round-robin compaction of a level starts. */
export interface CompactCursor {
  readonly level: number
  /** Internal key. */
  readonly key: Uint8Array
}

/** A write-ahead log the MANIFEST tracks (tag 8199). */
export interface WalAddition {
  readonly number: number
  readonly syncedSizeBytes?: number
}

/** A blob file entering (tag 400). */
export interface BlobFileAddition {
  readonly number: number
  readonly count: number
  readonly totalBytes: number
  readonly checksumMethod: string
  readonly checksumValue: Uint8Array
}

/** Garbage counted in a blob file (tag 401). */
export interface BlobFileGarbage {
  readonly number: number
  readonly count: number
  readonly bytes: number
}

/**
 * One change of the state: a record of the MANIFEST. Fields that are absent leave the state as it is.
 *
 * Everything but `columnFamily` and what belongs to the family (comparator, log number, files, cursors, add, drop) is
 * database-wide.
 */
export interface VersionEdit {
  readonly dbId?: string
  readonly comparatorName?: string
  /** Logs with smaller numbers hold nothing unflushed for this family. */
  readonly logNumber?: number
  readonly previousLogNumber?: number
  readonly nextFileNumber?: number
  readonly maxColumnFamily?: number
  readonly minLogNumberToKeep?: number
  readonly lastSequence?: number
  readonly compactCursors?: readonly CompactCursor[]
  readonly deletedFiles?: readonly DeletedFile[]
  readonly newFiles?: readonly NewFile[]
  /** Id of the family the edit is for; absent = 0, the default family. */
  readonly columnFamily?: number
  /** Name of a family that is created with id `columnFamily`. */
  readonly addColumnFamily?: string
  readonly dropColumnFamily?: boolean
  /** Edits of the same atomic group that still follow this one. */
  readonly atomicGroupRemaining?: number
  readonly walAdditions?: readonly WalAddition[]
  /** Logs below this number are forgotten. */
  readonly walDeletionBelow?: number
  readonly blobFileAdditions?: readonly BlobFileAddition[]
  readonly blobFileGarbage?: readonly BlobFileGarbage[]
  readonly fullHistoryTsLow?: Uint8Array
}
