import type { Comparator, PrefixExtractor } from '@varve/base'
import type {
  CompactionFilter,
  CompactionPriority,
  FifoCompactionOptions,
  MergeOperator,
  UniversalCompactionOptions,
} from '@varve/compaction'

import type { CompactionFilterModule } from './compaction-filter-module.ts'

import type { TableLayoutOptions } from './table-layout.ts'

export type {
  ChecksumName,
  CompressionName,
  IndexName,
  TableLayoutOptions,
} from './table-layout.ts'

/** How tables of a family are brought together. */
export type CompactionStyle = 'level' | 'universal' | 'fifo'

/** How one column family orders, keeps and compacts its data. Fields that are absent take the default. */
export interface ColumnFamilyOptions extends TableLayoutOptions {
  /** Order of user keys; stored by name, and refused when it differs from the stored one. Default: bytewise. */
  readonly comparator?: Comparator
  /**
   * Combines merge operands: `uint64add`, `stringappend` or `stringappend=<delimiter>`, `max`, `bytesxor`, `put`, or an operator
   * of your own, which is called in the thread that opened the database: flushes and compactions of the family run there then,
   * in slices that let the event loop turn. Default: none, and reading a key with merge operands fails with UnsupportedError.
   */
  readonly mergeOperator?: string | MergeOperator
  /**
   * Keeps the time of the write behind every value, in the layout of RocksDB's DBWithTTL, and has compaction drop values
   * that are older than so many seconds when it rewrites their table; until then they are read. 0 drops nothing. To be given whenever a family with
   * times is opened, and never for one without. Default: no times.
   */
  readonly ttlSeconds?: number
  /**
   * Cuts prefixes off keys, for cursors that stay within one: `fixed:8` (the first 8 bytes), `capped:8` (at most so many),
   * RocksDB's names of these, or one of your own. Cursors are in the order of all keys in any case. Default: none.
   */
  readonly prefixExtractor?: string | PrefixExtractor
  /** A memtable of this size is sealed and flushed. Default 64 MiB. */
  readonly writeBufferSizeBytes?: number
  /** Memtables, sealed ones included, before writes wait. Default 2. */
  readonly maxWriteBufferNumber?: number
  /**
   * `level`: few sorted levels, for reading; `universal`: runs of like size, for writing; `fifo`: the oldest tables are deleted
   * when they are too many or too old. Default `level`.
   */
  readonly compactionStyle?: CompactionStyle
  /** For the style `universal`. */
  readonly compactionOptionsUniversal?: UniversalCompactionOptions
  /** For the style `fifo`. */
  readonly compactionOptionsFifo?: FifoCompactionOptions
  /** Levels, from 0 on; at least 2 for the style `level`. Not less than what has tables. Default 7, or what has tables. */
  readonly numLevels?: number
  /** Fill the last level first and derive the sizes of the others from it. Default true. */
  readonly levelCompactionDynamicLevelBytes?: boolean
  /** Which table of a level that is too large goes first. Default `minOverlappingRatio`. */
  readonly compactionPri?: CompactionPriority
  /**
   * Seconds. `level`: data that is older goes down level by level, so that what is deleted goes (default 30 days).
   * `universal`: as `periodicCompactionSeconds`. `fifo`: tables whose oldest data is older are deleted. 0: never, the default of
   * both. Not to be mixed up with `ttlSeconds`.
   */
  readonly ttl?: number
  /** Seconds after which a table is rewritten, so that a filter sees it. 0: never. Default 30 days with a compaction filter, else 0. */
  readonly periodicCompactionSeconds?: number
  /**
   * Removes and changes entries while they are compacted. As an object it is called in the thread that opened the database, and
   * compactions of the family run there, in slices that let the event loop turn; a function cannot cross to another thread. As a
   * module it is loaded by the threads that compact.
   */
  readonly compactionFilter?: CompactionFilter | CompactionFilterModule
  /** Level-0 tables that start a compaction. Default 4. */
  readonly level0FileNumCompactionTrigger?: number
  /** Level-0 tables from which writes are slowed. Default 20. */
  readonly level0SlowdownWritesTrigger?: number
  /** Level-0 tables at which writes wait. Default 36. */
  readonly level0StopWritesTrigger?: number
  /** Target size of level 1. Default 256 MiB. */
  readonly maxBytesForLevelBase?: number
  /** Growth from level to level. Default 10. */
  readonly maxBytesForLevelMultiplier?: number
  /** By level: factor on that growth. Static level sizes only. Default: 1 for all. */
  readonly maxBytesForLevelMultiplierAdditional?: readonly number[]
  /** Table size that a compaction aims at in level 1. Default 64 MiB. */
  readonly targetFileSizeBaseBytes?: number
  /** Growth of the table size from level to level. Default 1. */
  readonly targetFileSizeMultiplier?: number
  /** Bytes that one compaction takes, about. Default 0: 25 × `targetFileSizeBaseBytes`. */
  readonly maxCompactionBytes?: number
  /** Bytes that compactions have to move from which writes are slowed, 0 none. Default 64 GiB. */
  readonly softPendingCompactionBytesLimit?: number
  /** Bytes that compactions have to move at which writes wait, 0 none. Default 256 GiB. */
  readonly hardPendingCompactionBytesLimit?: number
  /** No compaction but by {@link DB.compactRange}. Default false. */
  readonly disableAutoCompactions?: boolean
}
