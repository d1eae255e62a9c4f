/**
 * Numbers and names of the block-based table format that more than one module needs.
 *
 * Layout of a file (only the footer has a fixed place; everything else is found by handle):
 *
 *     [data block 1] … [data block n] [filter] [index] [range deletions] [properties] [metaindex] [footer]
 *
 * Each block is followed by a five-byte trailer: compression type, checksum (fixed32).
 */
export const BLOCK_TRAILER_SIZE_BYTES = 5

/** Footer of format_version 1 and later. */
export const FOOTER_SIZE_BYTES = 53

/** Footer of format_version 0. */
export const LEGACY_FOOTER_SIZE_BYTES = 48

/** How the checksum in a block trailer is made; the footer's first byte. */
export const ChecksumType = {
  NoChecksum: 0,
  CRC32c: 1,
  xxHash: 2,
  xxHash64: 3,
  XXH3: 4,
} as const

/** A value of {@link ChecksumType}. */
export type ChecksumType = (typeof ChecksumType)[keyof typeof ChecksumType]

/** How the index finds a data block; property `rocksdb.block.based.table.index.type`. */
export const IndexType = {
  BinarySearch: 0,
  HashSearch: 1,
  TwoLevelIndexSearch: 2,
  BinarySearchWithFirstKey: 3,
} as const

/** A value of {@link IndexType}. */
export type IndexType = (typeof IndexType)[keyof typeof IndexType]

/** Names of metaindex entries. */
export const MetaBlockName = {
  properties: 'rocksdb.properties',
  legacyProperties: 'rocksdb.stats',
  fullFilterPrefix: 'fullfilter.',
  partitionedFilterPrefix: 'partitionedfilter.',
  filter: 'fullfilter.rocksdb.BuiltinBloomFilter',
  rangeDeletions: 'rocksdb.range_del',
  partitionedFilter: 'partitionedfilter.rocksdb.BuiltinBloomFilter',
  hashIndexPrefixes: 'rocksdb.hashindex.prefixes',
  hashIndexMetadata: 'rocksdb.hashindex.metadata',
  compressionDictionary: 'rocksdb.compression_dict',
  index: 'rocksdb.index',
} as const
