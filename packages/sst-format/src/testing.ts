/**
 * The decoders of a table's parts one by one, for tests that try them with damaged input. Not for readers of tables.
 *
 * @packageDocumentation
 */
export { Block } from './block/block.ts'
export { BlockBuilder } from './block/block-builder.ts'
export { BlockCursor } from './block/block-cursor.ts'
export { compressBlock, decompressBlock } from './compression/block-compression.ts'
export { buildFastLocalBloom } from './filter/fast-local-bloom.ts'
export { FilterKeys } from './filter/filter-keys.ts'
export { FilterReader } from './filter/filter-reader.ts'
export { buildLegacyBloom } from './filter/legacy-bloom.ts'
export { buildRibbon } from './filter/ribbon-builder.ts'
export { blockChecksum } from './checksum.ts'
export { decodeFooter, encodeFooter } from './footer.ts'
export { decodeIndexBlock } from './index/index-block.ts'
export { decodeProperties, encodeProperties } from './meta/properties.ts'
