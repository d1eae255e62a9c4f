import type { CompactionReason, WriteStallCause } from '@varve/compaction'

/** A table, to listeners. */
export interface TableFileInfo {
  readonly fileNumber: number
  /** Name within the database's directory. */
  readonly fileName: string
  readonly sizeBytes: number
}

/** A flush: sealed memtables into a table of level 0. */
export interface FlushInfo {
  readonly columnFamilyName: string
  /** Memtables that are written together. */
  readonly memtables: number
  /** Known when it has ended; absent when nothing was left to write. */
  readonly file?: TableFileInfo
  readonly durationMs?: number
  /** Writes are held back now because of too many tables in level 0, or would be soon. */
  readonly triggersWriteStall?: boolean
}

/** A compaction. */
export interface CompactionInfo {
  readonly columnFamilyName: string
  readonly reason: CompactionReason
  /** `move`: the tables enter the output level as they are. `drop`: they are deleted with all that is in them. */
  readonly kind: 'rewrite' | 'move' | 'drop'
  readonly inputLevel: number
  readonly outputLevel: number
  readonly inputFiles: readonly TableFileInfo[]
  /** Known when it has ended. */
  readonly outputFiles?: readonly TableFileInfo[]
  readonly durationMs?: number
  readonly bytesRead?: number
  readonly bytesWritten?: number
  readonly entriesRead?: number
  readonly entriesWritten?: number
  /** Why it came to nothing. */
  readonly error?: unknown
}

/** How much writes to a family are held back. */
export type WriteStallCondition = 'normal' | 'delayed' | 'stopped'

/** A change of the condition of one family. */
export interface WriteStallInfo {
  readonly columnFamilyName: string
  readonly condition: WriteStallCondition
  readonly previous: WriteStallCondition
  /** Absent when writes go on freely. */
  readonly cause?: WriteStallCause
}

/** A table was written. */
export interface TableFileCreationInfo extends TableFileInfo {
  readonly columnFamilyName: string
  readonly reason: 'flush' | 'compaction' | 'recovery'
}

/** A table that no version lists any more was removed. */
export interface TableFileDeletionInfo {
  readonly fileNumber: number
  readonly fileName: string
}

/** A failure after which the database takes no more writes. */
export interface BackgroundErrorInfo {
  readonly error: unknown
}

/** A memtable was sealed; writes go to the next one. */
export interface MemTableInfo {
  readonly columnFamilyName: string
  readonly entries: number
  readonly deletions: number
  readonly firstSequence: number
  readonly lastSequence: number
}

/** A table from outside was taken in. */
export interface ExternalFileIngestionInfo {
  readonly columnFamilyName: string
  readonly externalPath: string
  readonly file: TableFileInfo
  readonly level: number
  readonly globalSequence: number
}

/**
 * Is told what a database does by itself. Called in the thread that opened it, between two steps of the work: calls must be
 * short, and must not use the database in a way that waits. What a listener throws is noted in the `LOG` and goes no further.
 */
export interface EventListener {
  onFlushBegin?(info: FlushInfo): void
  onFlushCompleted?(info: FlushInfo): void
  onCompactionBegin?(info: CompactionInfo): void
  onCompactionCompleted?(info: CompactionInfo): void
  onStallConditionsChanged?(info: WriteStallInfo): void
  onTableFileCreated?(info: TableFileCreationInfo): void
  onTableFileDeleted?(info: TableFileDeletionInfo): void
  onBackgroundError?(info: BackgroundErrorInfo): void
  onMemTableSealed?(info: MemTableInfo): void
  onExternalFileIngested?(info: ExternalFileIngestionInfo): void
}
