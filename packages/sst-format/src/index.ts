/**
 * RocksDB's block-based table files: build, read, filter, compress, cache.
 *
 * @packageDocumentation
 */
export { TableBuilder } from './table/table-builder.ts'
export type { TableOrigin } from './table/table-origin.ts'
export type { TableSummary } from './table/table-summary.ts'
export type { TablePropertyCollector } from './table/property-collector.ts'
export { checkTableOptions, type TableOptions } from './table/table-options.ts'
export { TableReader, type TableEntry, type TableReaderOptions } from './table/table-reader.ts'
export { createPointResult, type PointResult } from './table/point-result.ts'
export type { TableIteratorOptions } from './block/block-source.ts'
export { LookupBatch, type LookupParts } from './table/lookup-batch.ts'
export { FilterProbe } from './filter/filter-probe.ts'
export { BlockCache, type BlockCacheOptions, type BlockCacheStats } from './cache/block-cache.ts'
export type { MemoryLoan } from '@varve/base'
export { clipRangeTombstones } from './table/range-tombstone.ts'
export { ChecksumType, IndexType } from './table/table-format.ts'
export { decompressBlock, type DecompressionContext } from './compression/block-compression.ts'
export { CompressionType } from './compression/compression-type.ts'
export type { TableProperties } from './meta/properties.ts'
export { computeUniqueId, createSessionId } from './meta/unique-id.ts'
export {
  computeFileChecksum,
  FILE_CHECKSUM_CRC32C,
  verifyFileChecksum,
} from './table/file-checksum.ts'

// What a user of the package alone needs of the layers below.
export {
  bytewiseComparator,
  encodeInternalKey,
  FragmentedRangeTombstones,
  reverseBytewiseComparator,
  sequenceOf,
  userKeyOf,
  ValueType,
  valueTypeOf,
  type RangeTombstone,
  type RangeTombstoneFragment,
} from '@varve/base'
export { nodeFileSystem } from '@varve/vfs'
