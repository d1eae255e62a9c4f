import {
  bytewiseComparator,
  ByteReader,
  comparatorNamed,
  CorruptionError,
  InternalKeyComparator,
  maxSequence,
  prefixExtractorNamed,
  sequenceOf,
  UnsupportedError,
  utf8Text,
  ValueType,
  valueTypeOf,
  type Comparator,
  type PrefixExtractor,
  type RangeTombstone,
} from '@varve/base'

import { Block } from '../block/block.ts'
import { BlockCursor } from '../block/block-cursor.ts'
import { BlockDecoder } from '../block/block-decoder.ts'
import { decodeBlockHandle, type BlockHandle } from '../block/block-handle.ts'
import { FilterReader } from '../filter/filter-reader.ts'
import { decodeFooter } from './footer.ts'
import { decodeIndexBlock, type IndexCoding, type IndexEntries } from '../index/index-block.ts'
import { decodeProperties, type TableProperties } from '../meta/properties.ts'
import { FOOTER_SIZE_BYTES, IndexType, MetaBlockName } from './table-format.ts'

/** One read holds the tail of most tables: footer, metaindex, properties, index, filter. */
const TAIL_READ_BYTES = 64 * 1024

/** A read that {@link openTable} wants done. @internal */
export interface ReadRequest {
  readonly offset: number
  readonly length: number
}

/** All that is read when a table is opened. @internal */
export interface OpenedTable {
  readonly decoder: BlockDecoder
  readonly properties: TableProperties
  readonly comparator: Comparator
  readonly coding: IndexCoding
  readonly index: IndexEntries
  /** The index of a filter in partitions. */
  readonly filterIndex: IndexEntries | undefined
  readonly filter: FilterReader | undefined
  /** Whole keys are in the filter. */
  readonly filtersKeys: boolean
  /** Cuts the prefixes that are in the filter, when there are such and their extractor is known. */
  readonly prefixExtractor: PrefixExtractor | undefined
  readonly rangeTombstones: readonly RangeTombstone[]
  /** The sequence number that all entries have, in tables made outside the database. */
  readonly globalSequence: number | undefined
}

/** What the caller knows about the table. @internal */
export interface OpenTableInput {
  readonly file: string
  readonly fileSizeBytes: number
  readonly comparator: Comparator | undefined
  /** Largest sequence number according to the MANIFEST; the greatest safe number where entries of old ones have none. */
  readonly largestSequence: number | undefined
  readonly readFilters: boolean
}

/**
 * Opens a table: the logic without the input and output. Yields reads, receives their bytes (which may be short when the
 * file is), so that one text serves the synchronous and the asynchronous way. @internal
 */
export function* openTable(input: OpenTableInput): Generator<ReadRequest, OpenedTable, Uint8Array> {
  const { file, fileSizeBytes } = input
  const tailLength = Math.min(fileSizeBytes, TAIL_READ_BYTES)
  const tailOffset = fileSizeBytes - tailLength
  const tail = yield { offset: tailOffset, length: tailLength }
  if (tail.length !== tailLength) {
    throw new CorruptionError('file is shorter than its size', {
      file,
      offset: tailOffset + tail.length,
      expected: fileSizeBytes,
    })
  }
  const footerBytes = tail.subarray(Math.max(0, tail.length - FOOTER_SIZE_BYTES))
  const footer = decodeFooter(footerBytes, fileSizeBytes, file)
  const decoder = new BlockDecoder(file, fileSizeBytes, footer)

  function* stored(handle: BlockHandle): Generator<ReadRequest, Uint8Array, Uint8Array> {
    const length = decoder.storedSize(handle)
    if (handle.offset >= tailOffset) {
      const start = handle.offset - tailOffset
      return tail.subarray(start, start + length)
    }
    return yield { offset: handle.offset, length }
  }

  function* contents(handle: BlockHandle): Generator<ReadRequest, Uint8Array, Uint8Array> {
    const data = decoder.decode(yield* stored(handle), 0, handle, false)
    // Small blocks kept for the life of the reader must not hold the whole tail in memory.
    return data.length * 2 < data.buffer.byteLength ? new Uint8Array(data) : data
  }

  const meta = decodeMetaindex(yield* contents(footer.metaindex), file, footer.metaindex.offset)
  const propertiesHandle =
    meta.get(MetaBlockName.properties) ?? meta.get(MetaBlockName.legacyProperties)
  let properties: TableProperties
  if (propertiesHandle === undefined) {
    properties = decodeProperties(Uint8Array.of(0, 0, 0, 0, 1, 0, 0, 0), file, 0)
  } else {
    const bytes = decoder.decodeProperties(yield* stored(propertiesHandle), propertiesHandle)
    properties = decodeProperties(bytes, file, propertiesHandle.offset)
  }
  const comparator = input.comparator ?? storedComparator(properties.comparatorName, file)
  const { indexType } = properties
  if (indexType > IndexType.BinarySearchWithFirstKey) {
    throw new UnsupportedError(`index type ${String(indexType)} of table "${file}"`)
  }
  const coding: IndexCoding = {
    keyIsUserKey: properties.indexKeyIsUserKey,
    valueIsDelta: properties.indexValueIsDelta,
    hasFirstKey: indexType === IndexType.BinarySearchWithFirstKey,
  }
  const indexHandle = footer.index ?? meta.get(MetaBlockName.index)
  if (indexHandle === undefined) {
    throw new CorruptionError('table has no index', { file, offset: footer.metaindex.offset })
  }
  const index = decodeIndexBlock(yield* contents(indexHandle), coding, file, indexHandle.offset)

  const prefixExtractor = properties.prefixFiltering
    ? prefixExtractorNamed(properties.prefixExtractorName)
    : undefined
  let filter: FilterReader | undefined
  let filterIndex: IndexEntries | undefined
  for (const [name, handle] of meta) {
    if (!input.readFilters) break
    if (!properties.wholeKeyFiltering && prefixExtractor === undefined) break
    if (name.startsWith(MetaBlockName.fullFilterPrefix)) {
      filter = new FilterReader(yield* contents(handle))
    } else if (name.startsWith(MetaBlockName.partitionedFilterPrefix)) {
      const partition = { ...coding, hasFirstKey: false }
      filterIndex = decodeIndexBlock(yield* contents(handle), partition, file, handle.offset)
    }
  }
  const dictionary = meta.get(MetaBlockName.compressionDictionary)
  if (dictionary !== undefined) decoder.dictionary = yield* contents(dictionary)

  const globalSequence = globalSequenceOf(properties, input.largestSequence, file)
  const rangeHandle = meta.get(MetaBlockName.rangeDeletions)
  const rangeTombstones =
    rangeHandle === undefined
      ? []
      : decodeRangeTombstones(
          yield* contents(rangeHandle),
          file,
          rangeHandle.offset,
          comparator,
          globalSequence,
        )
  return {
    decoder,
    properties,
    comparator,
    coding,
    index,
    filterIndex,
    filter,
    filtersKeys: properties.wholeKeyFiltering,
    prefixExtractor,
    rangeTombstones,
    globalSequence,
  }
}

function decodeMetaindex(data: Uint8Array, file: string, offset: number): Map<string, BlockHandle> {
  const meta = new Map<string, BlockHandle>()
  const cursor = new BlockCursor()
  cursor.setBlock(new Block(data, file, offset))
  for (cursor.seekToFirst(); cursor.valid; cursor.next()) {
    const reader = new ByteReader(cursor.value, { file, offset })
    const name = utf8Text(cursor.key)
    // Obsolete block-based filters and blocks of other versions may hold anything: they are never looked at.
    if (name.startsWith('filter.')) continue
    meta.set(name, decodeBlockHandle(reader))
  }
  return meta
}

function storedComparator(name: string, file: string): Comparator {
  const known = name === '' ? bytewiseComparator : comparatorNamed(name)
  if (known === undefined) throw new UnsupportedError(`comparator "${name}" of table "${file}"`)
  return known
}

/** Tables made outside a database have sequence 0 everywhere and get their one number from the MANIFEST. */
function globalSequenceOf(
  properties: TableProperties,
  largestSequence: number | undefined,
  file: string,
): number | undefined {
  const { externalVersion, externalGlobalSequence } = properties
  if (externalVersion === undefined) {
    if (externalGlobalSequence === undefined) return undefined
    throw new CorruptionError('table has a global sequence number but no external version', {
      file,
    })
  }
  if (externalVersion < 2) return undefined
  const stored = externalGlobalSequence ?? 0
  if (largestSequence === undefined || largestSequence === maxSequence) return stored
  if (stored !== 0 && stored !== largestSequence) {
    throw new CorruptionError('global sequence number differs from the manifest', {
      file,
      expected: largestSequence,
      actual: stored,
    })
  }
  return largestSequence
}

/** The tombstones of a range-deletion block; those that cover nothing are left out. @internal */
export function decodeRangeTombstones(
  data: Uint8Array,
  file: string,
  offset: number,
  comparator: Comparator,
  globalSequence: number | undefined,
): RangeTombstone[] {
  const tombstones: RangeTombstone[] = []
  const cursor = new BlockCursor(new InternalKeyComparator(comparator))
  cursor.setBlock(new Block(data, file, offset))
  for (cursor.seekToFirst(); cursor.valid; cursor.next()) {
    const key = cursor.key
    if (key.length < 8 || valueTypeOf(key) !== ValueType.RangeDeletion) {
      throw new CorruptionError('entry of the range-deletion block is no range tombstone', {
        file,
        offset,
      })
    }
    const start = new Uint8Array(key.subarray(0, key.length - 8))
    const end = new Uint8Array(cursor.value)
    if (comparator.compare(start, end) >= 0) continue // covers nothing
    tombstones.push({ start, end, sequence: globalSequence ?? sequenceOf(key) })
  }
  return tombstones
}
