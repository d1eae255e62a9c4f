/**
 * The decoders of a table's parts one by one, for tests that try them with damaged input. Not for readers of tables.
 *
 * @packageDocumentation
 */
export { Block } from './block/block.ts'
export type { SeekSamples } from './block/seek-samples.ts'
export { BlockBuilder, type BlockBuilderOptions } from './block/block-builder.ts'
export { BlockCursor } from './block/block-cursor.ts'
export {
  compressBlock,
  decompressBlock,
  type BlockCompression,
} from './compression/block-compression.ts'
export { buildFastLocalBloom } from './filter/fast-local-bloom.ts'
export { FilterKeys, type FilterChunk } from './filter/filter-keys.ts'
export { FilterReader } from './filter/filter-reader.ts'
export { buildLegacyBloom } from './filter/legacy-bloom.ts'
export { buildRibbon } from './filter/ribbon-builder.ts'
export { blockChecksum } from './block/checksum.ts'
export { decodeFooter, encodeFooter, type Footer, type WrittenFooter } from './table/footer.ts'
export { decodeIndexBlock, type IndexCoding, type IndexEntries } from './index/index-block.ts'
export type { IndexSearch } from './index/index-heads.ts'
export { decodeRangeTombstones } from './table/table-open.ts'
export { decodeProperties, encodeProperties, type WrittenProperties } from './meta/properties.ts'
export type { BlockHandle } from './block/block-handle.ts'
export type { CacheEntry } from './cache/clock.ts'
