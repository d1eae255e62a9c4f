import type { FileMetadata } from '@varve/manifest'
import type { TableOptions } from '@varve/sst-format'

/** Fields that flush and compaction jobs share. Plain data: it crosses to a worker by structured clone. */
export interface OutputDescription {
  /** Database directory; tables are written there as `%06u.sst`. */
  readonly directory: string
  readonly columnFamilyId: number
  readonly columnFamilyName: string
  /** Name of the user-key order; the environment resolves it. */
  readonly comparatorName: string
  /** Name of the merge operator, absent when the family has none. */
  readonly mergeOperatorName?: string
  /**
   * File numbers the job may use, `[first, first + count)`, reserved by the caller and free again (unused numbers stay
   * unused) afterwards. {@link outputFileNumbersNeeded} says how many a compaction can want; a flush wants one.
   */
  readonly fileNumbers: { readonly first: number; readonly count: number }
  /** Live snapshots, ascending. */
  readonly snapshots: readonly number[]
  /** How tables are written. */
  readonly table: TableOptions
  readonly dbId?: string
  readonly sessionId?: string
}

/** A flush: memtable contents into at most one level-0 table. */
export interface FlushJobDescription extends OutputDescription {
  /** Unix seconds of the oldest entry, 0 unknown. */
  readonly oldestKeyTimeS?: number
}

/** Tables of one level that go into a compaction. */
export interface CompactionInputLevel {
  readonly level: number
  readonly files: readonly FileMetadata[]
}

/** User-key range of a table, both ends inclusive. */
export interface KeyRange {
  readonly smallest: Uint8Array
  readonly largest: Uint8Array
}

/** A compaction: the tables of `inputs` into new tables of `outputLevel`. */
export interface CompactionJobDescription extends OutputDescription {
  readonly inputs: readonly CompactionInputLevel[]
  readonly outputLevel: number
  /** No deeper level (and no older level-0 table) overlaps the range of the compaction. */
  readonly bottommost: boolean
  /** Per level below the output level: user-key ranges of its tables, ascending. A tombstone stays while one may hold its key. */
  readonly deeperLevels: readonly (readonly KeyRange[])[]
  /** Tables of the level after the output level that overlap, ascending: outputs are cut so that few overlap one. */
  readonly grandparents: readonly FileMetadata[]
  readonly targetFileSizeBytes: number
  /** Outputs also end where tables of the level after do. */
  readonly alignsWithGrandparents: boolean
  readonly maxCompactionBytes: number
  /** Only the user keys of this part: the others are another job's. Only where the output level is not 0. */
  readonly part?: KeyPart
}

/** A part of the user keys; an absent end is open. */
export interface KeyPart {
  readonly begin?: Uint8Array
  /** Exclusive. */
  readonly end?: Uint8Array
}

/** A table a job has written and synced. */
export interface OutputFile {
  readonly level: number
  readonly file: FileMetadata
}

/** What a job did. Plain data. */
export interface JobResult {
  readonly outputs: readonly OutputFile[]
  readonly stats: JobStats
}

/** Work counters of a job. */
export interface JobStats {
  readonly entriesRead: number
  readonly entriesWritten: number
  readonly bytesRead: number
  readonly bytesWritten: number
  readonly durationMs: number
}
