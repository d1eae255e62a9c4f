/**
 * What the MANIFEST knows about one table file. Immutable and structured-cloneable: it travels to workers as it is.
 */
export interface FileMetadata {
  readonly number: number
  /** Exact size; opening the table looks for its footer there. */
  readonly fileSizeBytes: number
  /** Smallest internal key, range tombstones included. */
  readonly smallest: Uint8Array
  /** Largest internal key, range tombstones included; sequence `Infinity` marks an exclusive bound. */
  readonly largest: Uint8Array
  readonly smallestSequence: number
  readonly largestSequence: number
  /** Index into the database's paths; 0 everywhere but in databases of RocksDB with `db_paths`. */
  readonly pathId?: number
  readonly markedForCompaction?: boolean
  readonly oldestBlobFileNumber?: number
  /** Unix seconds, 0 unknown. */
  readonly oldestAncestorTimeS?: number
  /** Unix seconds, 0 unknown. */
  readonly fileCreationTimeS?: number
  /** Checksum of the whole file, empty when none was taken. */
  readonly fileChecksum?: Uint8Array
  readonly fileChecksumFunctionName?: string
  readonly temperature?: number
  /** 16 bytes; see `computeUniqueId` of `@varve/sst-format`. */
  readonly uniqueId?: Uint8Array
  readonly epochNumber?: number
  readonly compensatedRangeDeletionSizeBytes?: number
  readonly tailSizeBytes?: number
  /** Entries, when known to this process (not stored). */
  readonly entries?: number
  /** Point and range deletions, when known to this process (not stored). */
  readonly deletions?: number
  /** Holds versions that nothing but snapshots kept when it was written, as far as this process knows (not stored). */
  readonly keptForSnapshots?: boolean
}
