import {
  assert,
  encodeInternalKey,
  InternalKeyComparator,
  prefixExtractorNamed,
  sequenceOf,
  sequenceSentinel,
  ValueType,
  valueTypeOf,
  type RangeTombstone,
} from '@varve/base'
import type { WritableFile } from '@varve/vfs'

import { BlockBuilder } from '../block/block-builder.ts'
import type { BlockHandle } from '../block/block-handle.ts'
import { BlockWriter } from '../block/block-writer.ts'
import { CompressionType } from '../compression/compression-type.ts'
import { DataBlockWriter } from '../block/data-block-writer.ts'
import { FilterBuilder } from '../filter/filter-builder.ts'
import { FILE_CHECKSUM_CRC32C } from './file-checksum.ts'
import { encodeFooter } from './footer.ts'
import { IndexBuilder, type WrittenIndex } from '../index/index-builder.ts'
import { encodeTopLevel } from '../index/index-entry-list.ts'
import { compressionProperty } from '../meta/compression-property.ts'
import { encodeMetaindex } from '../meta/metaindex.ts'
import { encodeProperties } from '../meta/properties.ts'
import { computeUniqueId } from '../meta/unique-id.ts'
import { collectedProperties, type TablePropertyCollector } from './property-collector.ts'
import { MetaBlockName } from './table-format.ts'
import {
  resolveTableOptions,
  type ResolvedTableOptions,
  type TableOptions,
} from './table-options.ts'
import { baseContextChecksumOf, originProperties, type TableOrigin } from './table-origin.ts'
import type { TableSummary } from './table-summary.ts'

/** Up to here a loop copies keys quicker than a call. */
const loopBytes = 64

/**
 * Writes one table into a file: internal keys in order, then range tombstones, then {@link finish}.
 *
 * Calls are synchronous and must not overlap. The builder does not sync and does not close the file: who opened it does,
 * before a MANIFEST names the table. After an error of the file the table is of no use.
 *
 * @example
 * ```ts
 * const builder = new TableBuilder(file, { comparator, columnFamilyId: 0, columnFamilyName: 'default', fileNumber: 12 })
 * builder.add(encodeInternalKey(key, 7, ValueType.Value), value)
 * const summary = builder.finish()
 * await file.sync()
 * ```
 */
export class TableBuilder {
  readonly #origin: TableOrigin
  readonly #options: ResolvedTableOptions
  readonly #comparator: InternalKeyComparator
  readonly #writer: BlockWriter
  readonly #blocks: DataBlockWriter
  readonly #data: BlockBuilder
  readonly #index: IndexBuilder
  readonly #filter: FilterBuilder | undefined
  readonly #collectors: readonly TablePropertyCollector[]
  readonly #rangeBlock: BlockBuilder = new BlockBuilder(1, 256)
  readonly #baseContextChecksum: number
  #lastKey = new Uint8Array(64)
  #lastKeyLength = 0
  #lastView: Uint8Array = this.#lastKey.subarray(0, 0)
  /** A block has ended and waits for the next key, which its separator needs. */
  #pending = false
  #entries = 0
  #rangeDeletions = 0
  #deletions = 0
  #mergeOperands = 0
  #rawKeyBytes = 0
  #rawValueBytes = 0
  #dataBlocks = 0
  #smallest: Uint8Array | undefined
  #largestRange: Uint8Array | undefined
  #smallestSequence = Number.MAX_SAFE_INTEGER
  #largestSequence = 0
  #finished = false

  /** @throws InvalidOptionError for options that are unknown, out of range or do not go together */
  constructor(file: WritableFile, origin: TableOrigin, options: TableOptions = {}) {
    const resolved = resolveTableOptions(options)
    const { formatVersion, blockRestartInterval, blockSizeBytes } = resolved
    const prefixExtractor =
      resolved.prefixExtractor === undefined
        ? undefined
        : prefixExtractorNamed(resolved.prefixExtractor)
    this.#origin = origin
    this.#options = resolved
    this.#comparator = new InternalKeyComparator(origin.comparator)
    this.#collectors = origin.propertyCollectors ?? []
    this.#baseContextChecksum = formatVersion >= 6 ? baseContextChecksumOf(origin) : 0
    this.#writer = new BlockWriter(
      file,
      resolved.checksum,
      this.#baseContextChecksum,
      resolved.fileChecksum === 'crc32c',
    )
    this.#blocks = new DataBlockWriter(this.#writer, resolved, ({ offset, sizeBytes }) =>
      this.#index.addHandle(offset, sizeBytes),
    )
    this.#data = new BlockBuilder(blockRestartInterval, blockSizeBytes + 1024, {
      useDelta: resolved.useDeltaEncoding,
      ...(resolved.dataBlockIndex === 'binaryAndHash'
        ? { hashRatio: resolved.dataBlockHashRatio }
        : {}),
    })
    this.#index = new IndexBuilder({
      comparator: origin.comparator,
      formatVersion,
      indexType: resolved.indexType,
      shortening: resolved.indexShortening,
      restartInterval: resolved.indexBlockRestartInterval,
      blocksAreApart: resolved.blockAlign,
      partitionSizeBytes: resolved.metadataBlockSizeBytes,
      prefixExtractor,
    })
    const hasFilter =
      resolved.bloomBitsPerKey > 0 && (resolved.wholeKeyFiltering || prefixExtractor !== undefined)
    this.#filter = hasFilter
      ? new FilterBuilder({
          kind: resolved.filter,
          bitsPerKey: resolved.bloomBitsPerKey,
          wholeKeys: resolved.wholeKeyFiltering,
          prefixExtractor,
          legacy: formatVersion < 5,
          partitionSizeBytes: resolved.partitionFilters
            ? resolved.metadataBlockSizeBytes
            : undefined,
        })
      : undefined
  }

  /** Entries added, range tombstones included. */
  get entries(): number {
    return this.#entries
  }

  /** Size the file would have if it were finished now, within a block. */
  get estimatedSizeBytes(): number {
    return (
      this.#writer.offset +
      this.#blocks.waitingBytes +
      this.#data.sizeBytes +
      this.#index.sizeBytes +
      (this.#filter?.sizeBytes ?? 0) +
      this.#rangeBlock.sizeBytes
    )
  }

  /** Internal key added last, a view borrowed until the next call; empty before the first. */
  get lastKey(): Uint8Array {
    return this.#lastView
  }

  /** Adds a point entry; both arrays are borrowed for the call. Internal keys must ascend strictly. */
  add(key: Uint8Array, value: Uint8Array): void {
    assert(!this.#finished, 'a finished table takes no more entries')
    assert(key.length >= 8, 'an internal key has a trailer')
    const length = key.length
    if (this.#lastKeyLength > 0) {
      assert(
        this.#comparator.compare(this.#lastView, key) < 0,
        'keys of a table ascend in internal order',
      )
    } else if (this.#smallest === undefined || this.#comparator.compare(key, this.#smallest) < 0) {
      this.#smallest = new Uint8Array(key)
    }
    this.#cutBlock(key, value)
    if (this.#pending) {
      this.#index.endBlock(this.#lastView, key)
      this.#pending = false
    }
    if (this.#data.empty) this.#index.beginBlock(key)
    this.#index.addKey(key)
    this.#filter?.add(key)
    this.#data.add(key, value)
    const isLonger = this.#lastKey.length < length
    if (isLonger) this.#lastKey = new Uint8Array(length * 2)
    const last = this.#lastKey
    if (length <= loopBytes) for (let i = 0; i < length; i++) last[i] = key[i]!
    else last.set(key)
    if (isLonger || length !== this.#lastKeyLength) this.#lastView = last.subarray(0, length)
    this.#lastKeyLength = length
    this.#entries++
    this.#rawKeyBytes += length
    this.#rawValueBytes += value.length
    const sequence = sequenceOf(key)
    this.#countSequence(sequence)
    const type = valueTypeOf(key)
    for (const collector of this.#collectors)
      collector.add(key.subarray(0, length - 8), value, type, sequence)
    if (type === ValueType.Deletion || type === ValueType.SingleDeletion) this.#deletions++
    else if (type === ValueType.Merge) this.#mergeOperands++
  }

  /**
   * Adds a range tombstone. They come ordered by start ascending, sequence descending, and must be fragmented: two of them
   * cover the same range or disjoint ones. They may come before, between or after the point entries.
   *
   * The bounds of the table grow by the range `[start, end)`.
   */
  addRangeTombstone(tombstone: RangeTombstone): void {
    assert(!this.#finished, 'a finished table takes no more entries')
    const key = encodeInternalKey(tombstone.start, tombstone.sequence, ValueType.RangeDeletion)
    this.#rangeBlock.add(key, tombstone.end)
    this.#entries++
    this.#rangeDeletions++
    this.#rawKeyBytes += key.length
    this.#rawValueBytes += tombstone.end.length
    this.#countSequence(tombstone.sequence)
    if (this.#smallest === undefined || this.#comparator.compare(key, this.#smallest) < 0) {
      this.#smallest = key
    }
    const end = encodeInternalKey(tombstone.end, sequenceSentinel, ValueType.RangeDeletion)
    if (this.#largestRange === undefined || this.#comparator.compare(end, this.#largestRange) > 0) {
      this.#largestRange = end
    }
  }

  /** Writes filter, index, properties and footer. The file holds the whole table afterwards, not yet synced. */
  finish(): TableSummary {
    assert(!this.#finished, 'a table is finished once')
    this.#flushBlock()
    this.#finished = true
    if (this.#pending) this.#index.endBlock(this.#lastView, undefined)
    const dictionary = this.#blocks.finish()
    const writer = this.#writer
    const dataSizeBytes = writer.offset
    const meta = new Map<string, BlockHandle>()
    const filterSizeBytes = this.#writeFilter(meta)
    const index = this.#writeIndex(meta)
    if (dictionary !== undefined)
      meta.set(MetaBlockName.compressionDictionary, writer.writeRaw(dictionary))
    if (this.#rangeDeletions > 0)
      meta.set(MetaBlockName.rangeDeletions, writer.writeRaw(this.#rangeBlock.finish()))
    meta.set(
      MetaBlockName.properties,
      writer.writeRaw(this.#properties(dataSizeBytes, filterSizeBytes, index)),
    )
    const { formatVersion, checksum } = this.#options
    if (formatVersion >= 6) meta.set(MetaBlockName.index, index.handle)
    const metaindex = writer.writeRaw(encodeMetaindex(meta))
    writer.append(
      encodeFooter({
        formatVersion,
        checksum,
        metaindex,
        index: index.handle,
        baseContextChecksum: this.#baseContextChecksum,
        offset: writer.offset,
      }),
    )
    writer.finish()
    return this.#summary(dataSizeBytes)
  }

  /** Returns the bytes of the filter, in partitions with their index. */
  #writeFilter(meta: Map<string, BlockHandle>): number {
    const partitions = this.#filter?.finish() ?? []
    if (partitions.length === 0) return 0
    const writer = this.#writer
    if (!this.#options.partitionFilters) {
      const { data } = partitions[0]!
      meta.set(MetaBlockName.filter, writer.writeRaw(data))
      return data.length
    }
    let sizeBytes = 0
    const parts = partitions.map(({ lastKey, data }) => {
      sizeBytes += data.length
      return { key: lastKey, handle: writer.writeRaw(data) }
    })
    const top = encodeTopLevel(parts, this.#index.encoding)
    meta.set(MetaBlockName.partitionedFilter, writer.writeRaw(top))
    return sizeBytes + top.length
  }

  #writeIndex(meta: Map<string, BlockHandle>): WrittenIndex {
    const { compression: type, compressionLevel: level, compressIndex } = this.#options
    const writer = this.#writer
    const compression = { type: compressIndex ? type : CompressionType.NoCompression, level }
    const index = this.#index.write((data) => writer.writeCompressed(data, compression))
    if (index.hashIndex !== undefined) {
      const { prefixes, metadata } = index.hashIndex
      meta.set(MetaBlockName.hashIndexPrefixes, writer.writeCompressed(prefixes, compression))
      meta.set(MetaBlockName.hashIndexMetadata, writer.writeCompressed(metadata, compression))
    }
    return index
  }

  #properties(dataSizeBytes: number, filterSizeBytes: number, index: WrittenIndex): Uint8Array {
    return encodeProperties({
      ...originProperties(this.#origin, this.#options, this.#filter !== undefined),
      dataSizeBytes,
      indexSizeBytes: index.sizeBytes,
      filterSizeBytes,
      rawKeySizeBytes: this.#rawKeyBytes,
      rawValueSizeBytes: this.#rawValueBytes,
      dataBlocks: this.#dataBlocks,
      entries: this.#entries,
      filterEntries: this.#filter?.entries ?? 0,
      deletedKeys: this.#deletions + this.#rangeDeletions,
      mergeOperands: this.#mergeOperands,
      rangeDeletions: this.#rangeDeletions,
      compressionName: compressionProperty(this.#options, this.#writer.usedCompressions),
      indexKeyIsUserKey: this.#index.keyIsUserKey,
      indexValueIsDelta: this.#index.valueIsDelta,
      indexPartitions: index.partitions,
      topLevelIndexSizeBytes: index.topLevelSizeBytes,
      collectors: this.#collectors.map(({ name }) => name),
      others: collectedProperties(this.#collectors),
    })
  }

  #summary(dataSizeBytes: number): TableSummary {
    let largest = this.#lastKeyLength > 0 ? new Uint8Array(this.#lastView) : undefined
    const range = this.#largestRange
    if (
      range !== undefined &&
      (largest === undefined || this.#comparator.compare(range, largest) > 0)
    ) {
      largest = new Uint8Array(range)
    }
    const { dbId, sessionId, fileNumber } = this.#origin
    const hasChecksum = this.#options.fileChecksum === 'crc32c'
    const fileChecksum = new Uint8Array(hasChecksum ? 4 : 0)
    if (hasChecksum) new DataView(fileChecksum.buffer).setUint32(0, this.#writer.fileCrc)
    return {
      fileSizeBytes: this.#writer.offset,
      entries: this.#entries,
      deletions: this.#deletions + this.#rangeDeletions,
      rangeDeletions: this.#rangeDeletions,
      smallest: this.#smallest,
      largest,
      smallestSequence: this.#entries === 0 ? 0 : this.#smallestSequence,
      largestSequence: this.#largestSequence,
      rawSizeBytes: this.#rawKeyBytes + this.#rawValueBytes,
      uniqueId:
        dbId === undefined || sessionId === undefined
          ? undefined
          : computeUniqueId(dbId, sessionId, fileNumber),
      tailSizeBytes: this.#writer.offset - dataSizeBytes,
      fileChecksum,
      fileChecksumFunctionName: hasChecksum ? FILE_CHECKSUM_CRC32C : 'Unknown',
    }
  }

  #countSequence(sequence: number): void {
    if (sequence < this.#smallestSequence) this.#smallestSequence = sequence
    if (sequence > this.#largestSequence) this.#largestSequence = sequence
  }

  /** Ends the data block before `key` when it is full, or nearly full and would pass its size. */
  #cutBlock(key: Uint8Array, value: Uint8Array): void {
    const data = this.#data
    if (data.empty) return
    const limit = this.#options.blockSizeBytes
    const size = data.sizeBytes
    if (this.#options.blockAlign) {
      // With its trailer a block must fit, or it takes twice the space.
      if (size + key.length + value.length + 16 > limit) this.#flushBlock()
      return
    }
    if (size >= limit || (size > limit * 0.9 && size + key.length + value.length + 8 > limit)) {
      this.#flushBlock()
    }
  }

  #flushBlock(): void {
    if (this.#data.empty) return
    this.#blocks.add(this.#data.finish())
    this.#data.reset()
    this.#dataBlocks++
    this.#pending = true
  }
}
