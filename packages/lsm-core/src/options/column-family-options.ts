import type { Comparator, PrefixExtractor } from '@varve/base'

/** Compression of tables by name. */
export type CompressionName = 'none' | 'snappy' | 'lz4' | 'zstd' | 'zlib'

/** How one column family orders, keeps and compacts its data. Fields that are absent take the default. */
export interface ColumnFamilyOptions {
  /** Order of user keys; stored by name, and refused when it differs from the stored one. Default: bytewise. */
  readonly comparator?: Comparator
  /**
   * Combines merge operands: `uint64add`, `stringappend` or `stringappend=<delimiter>`. Default: none, and reading a key
   * with merge operands fails with UnsupportedError.
   */
  readonly mergeOperator?: string
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
  /** Default `snappy`. */
  readonly compression?: CompressionName
  /** A memtable of this size is sealed and flushed. Default 64 MiB. */
  readonly writeBufferSizeBytes?: number
  /** Memtables, sealed ones included, before writes wait. Default 2. */
  readonly maxWriteBufferNumber?: number
  /** Data block before compression. Default 4096. */
  readonly blockSizeBytes?: number
  /** Bits a key takes in the Bloom filter, 0 for no filter. Default 10. */
  readonly bloomBitsPerKey?: number
  /** Checksum of table blocks. Default `crc32c`. */
  readonly checksum?: 'crc32c' | 'xxh3'
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
  /** Table size that a compaction aims at in level 1. Default 64 MiB. */
  readonly targetFileSizeBaseBytes?: number
  /** Growth of the table size from level to level. Default 1. */
  readonly targetFileSizeMultiplier?: number
  /** No compaction but by {@link DB.compactRange}. Default false. */
  readonly disableAutoCompactions?: boolean
}
