/**
 * Keys, order, codings, checksums, compression, errors and clocks: the ground every Varve package stands on.
 *
 * @packageDocumentation
 */
export * from './errors.ts'
export { systemClock, yieldToEventLoop, type Clock, type Timer } from './clock.ts'
export { systemRandom, type Random } from './random.ts'
export { compareByteRanges, compareBytes, equalBytes } from './bytes/compare.ts'
export { copyRange } from './bytes/copy.ts'
export type { MemoryLoan } from './bytes/memory-loan.ts'
export { ownedBytes, ownedCopy } from './bytes/owned-bytes.ts'
export { headAt, headBytes } from './bytes/key-head.ts'
export {
  concatBytes,
  byteText,
  copyBytes,
  emptyBytes,
  formatHex,
  parseHex,
  toBytes,
  utf8Bytes,
  utf8Text,
} from './bytes/convert.ts'
export {
  readFixed16,
  readFixed32,
  readFixed64,
  readFixed64Big,
  writeFixed16,
  writeFixed32,
  writeFixed64,
  writeFixed64Big,
} from './bytes/fixed.ts'
export { varintLength, writeVarint } from './bytes/varint.ts'
export { ByteReader, type ByteSource } from './bytes/byte-reader.ts'
export { ByteWriter } from './bytes/byte-writer.ts'
export { crc32c, maskCrc32c, unmaskCrc32c } from './hash/crc32c.ts'
export { ValueType, valueTypeForSeek, valueTypeForSeekForPrev } from './key/value-type.ts'
export {
  checkInternalKey,
  encodeInternalKey,
  maxSequence,
  readTrailerSequence,
  sequenceOf,
  sequenceSentinel,
  trailerSizeBytes,
  userKeyOf,
  valueTypeOf,
  writeTrailer,
} from './key/internal-key.ts'
export {
  bytewiseComparator,
  comparatorNamed,
  InternalKeyComparator,
  reverseBytewiseComparator,
  type Comparator,
} from './key/comparator.ts'
export {
  cappedPrefixExtractor,
  fixedPrefixExtractor,
  prefixExtractorNamed,
  type PrefixExtractor,
} from './key/prefix-extractor.ts'
export {
  FragmentedRangeTombstones,
  type RangeTombstone,
  type RangeTombstoneFragment,
} from './key/range-tombstone.ts'
export type { InternalIterator } from './iterator/internal-iterator.ts'
export { xxhash32 } from './hash/xxhash32.ts'
export { xxh3Lanes } from './wasm/xxh3-lanes.ts'
export { scratchBlock, snappyInScratch } from './wasm/scratch-block.ts'
export { resourceClosed, resourceOpened } from './resources.ts'
