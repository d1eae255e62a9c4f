import {
  assert,
  ByteWriter,
  crc32c,
  encodeInternalKey,
  InternalKeyComparator,
  sequenceOf,
  sequenceSentinel,
  ValueType,
  valueTypeOf,
  writeFixed32,
  type Comparator,
} from '@varve/base'
import type { WritableFile } from '@varve/vfs'

import { BlockBuilder } from './block/block-builder.ts'
import { encodeBlockHandle, type BlockHandle } from './block-handle.ts'
import { blockChecksum } from './checksum.ts'
import { compressBlock } from './compression/block-compression.ts'
import { CompressionType, compressionTypeName } from './compression/compression-type.ts'
import { FastLocalBloomBuilder } from './filter/fast-local-bloom.ts'
import { encodeFooter } from './footer.ts'
import { IndexBlockBuilder } from './index/index-block-builder.ts'
import { encodeProperties } from './meta/properties.ts'
import { computeUniqueId } from './meta/unique-id.ts'
import type { RangeTombstone } from './range-tombstone.ts'
import { BLOCK_TRAILER_SIZE_BYTES, MetaBlockName } from './table-format.ts'
import {
  resolveTableOptions,
  type ResolvedTableOptions,
  type TableOptions,
} from './table-options.ts'

/** Finished blocks are collected to this size before they go to the file in one system call. */
const WRITE_CHUNK_BYTES = 256 * 1024

/** Where a table comes from; written into its properties. */
export interface TableOrigin {
  readonly comparator: Comparator
  readonly columnFamilyId: number
  readonly columnFamilyName: string
  /** Number of the file; with `dbId` and `sessionId` it makes the unique id. */
  readonly fileNumber: number
  readonly dbId?: string
  readonly sessionId?: string
  /** Absent: the family has none. */
  readonly mergeOperatorName?: string
  /** Unix seconds of the oldest ancestor's data, 0 unknown. */
  readonly creationTimeS?: number
  readonly oldestKeyTimeS?: number
  /** Unix seconds when this file is made, 0 unknown. */
  readonly fileCreationTimeS?: number
  /** Made outside a database: all sequence numbers are 0, and a database that takes it in decides what they stand for. */
  readonly external?: boolean
}

/** What {@link TableBuilder.finish} tells about the table. */
export interface TableSummary {
  readonly fileSizeBytes: number
  /** Point entries and range tombstones. */
  readonly entries: number
  readonly deletions: number
  readonly rangeDeletions: number
  /** Smallest and largest internal keys, range tombstones included; fresh arrays. Absent when the table is empty. */
  readonly smallest: Uint8Array | undefined
  readonly largest: Uint8Array | undefined
  readonly smallestSequence: number
  readonly largestSequence: number
  readonly rawSizeBytes: number
  readonly uniqueId: Uint8Array | undefined
  readonly tailSizeBytes: number
  /** Four bytes, big-endian, when the option asked for it; else empty. */
  readonly fileChecksum: Uint8Array
  readonly fileChecksumFunctionName: string
}

/**
 * Writes one table of format_version 5 into a file: internal keys in order, then range tombstones, then {@link finish}.
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
  readonly #file: WritableFile
  readonly #origin: TableOrigin
  readonly #options: ResolvedTableOptions
  readonly #comparator: InternalKeyComparator
  readonly #data: BlockBuilder
  readonly #index: IndexBlockBuilder
  readonly #filter: FastLocalBloomBuilder | undefined
  readonly #rangeBlock: BlockBuilder = new BlockBuilder(1, 256)
  readonly #out = new ByteWriter(WRITE_CHUNK_BYTES + 16 * 1024)
  #offset = 0
  #lastKey = new Uint8Array(64)
  #lastKeyLength = 0
  #lastView: Uint8Array = this.#lastKey.subarray(0, 0)
  /** The block that ended and waits for the next key, which its separator needs. */
  #pending: BlockHandle | undefined
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
  #crc = 0
  #finished = false

  constructor(file: WritableFile, origin: TableOrigin, options: TableOptions = {}) {
    this.#file = file
    this.#origin = origin
    const resolved = resolveTableOptions(options)
    this.#options = resolved
    this.#comparator = new InternalKeyComparator(origin.comparator)
    this.#data = new BlockBuilder(resolved.blockRestartInterval, resolved.blockSizeBytes + 1024)
    this.#index = new IndexBlockBuilder(origin.comparator, resolved.indexBlockRestartInterval)
    this.#filter =
      resolved.bloomBitsPerKey > 0 ? new FastLocalBloomBuilder(resolved.bloomBitsPerKey) : undefined
  }

  /** Entries added, range tombstones included. */
  get entries(): number {
    return this.#entries
  }

  /** Size the file would have if it were finished now, within a block. */
  get estimatedSizeBytes(): number {
    return (
      this.#offset +
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
    if (this.#pending !== undefined) {
      const { offset, sizeBytes } = this.#pending
      this.#index.add(this.#lastView, key, offset, sizeBytes)
      this.#pending = undefined
    }
    this.#filter?.add(key, length - 8)
    this.#data.add(key, value)
    if (this.#lastKey.length < length) this.#lastKey = new Uint8Array(length * 2)
    this.#lastKey.set(key)
    if (length !== this.#lastKeyLength || this.#lastView.buffer !== this.#lastKey.buffer) {
      this.#lastView = this.#lastKey.subarray(0, length)
    }
    this.#lastKeyLength = length
    this.#entries++
    this.#rawKeyBytes += length
    this.#rawValueBytes += value.length
    this.#countSequence(sequenceOf(key))
    const type = valueTypeOf(key)
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
    if (this.#pending !== undefined) {
      this.#index.add(this.#lastView, undefined, this.#pending.offset, this.#pending.sizeBytes)
      this.#pending = undefined
    }
    const dataSizeBytes = this.#offset
    const meta = new Map<string, BlockHandle>()
    let filterSizeBytes = 0
    let filterEntries = 0
    if (this.#filter !== undefined && this.#filter.keys > 0) {
      const filter = this.#filter.finish()
      filterSizeBytes = filter.length
      filterEntries = this.#filter.keys
      meta.set(MetaBlockName.filter, this.#writeRaw(filter, CompressionType.NoCompression))
    }
    const indexData = this.#index.finish()
    const index = this.#writeBlock(indexData)
    if (this.#rangeDeletions > 0) {
      meta.set(
        MetaBlockName.rangeDeletions,
        this.#writeRaw(this.#rangeBlock.finish(), CompressionType.NoCompression),
      )
    }
    const { origin, options } = { origin: this.#origin, options: this.#options }
    const properties = encodeProperties({
      dataSizeBytes,
      indexSizeBytes: indexData.length + BLOCK_TRAILER_SIZE_BYTES,
      filterSizeBytes,
      rawKeySizeBytes: this.#rawKeyBytes,
      rawValueSizeBytes: this.#rawValueBytes,
      dataBlocks: this.#dataBlocks,
      entries: this.#entries,
      filterEntries,
      deletedKeys: this.#deletions + this.#rangeDeletions,
      mergeOperands: this.#mergeOperands,
      rangeDeletions: this.#rangeDeletions,
      columnFamilyId: origin.columnFamilyId,
      columnFamilyName: origin.columnFamilyName,
      comparatorName: origin.comparator.name,
      mergeOperatorName: origin.mergeOperatorName ?? '',
      filterPolicyName: this.#filter === undefined ? '' : 'bloomfilter',
      compressionName: compressionTypeName(options.compression),
      creationTimeS: origin.creationTimeS ?? 0,
      oldestKeyTimeS: origin.oldestKeyTimeS ?? 0,
      fileCreationTimeS: origin.fileCreationTimeS ?? 0,
      dbId: origin.dbId ?? '',
      sessionId: origin.sessionId ?? '',
      originalFileNumber: origin.fileNumber,
      indexKeyIsUserKey: this.#index.keyIsUserKey,
      external: origin.external ?? false,
    })
    meta.set(MetaBlockName.properties, this.#writeRaw(properties, CompressionType.NoCompression))
    const metaindex = this.#writeMetaindex(meta)
    this.#append(encodeFooter(options.checksum, metaindex, index))
    this.#flushChunk()
    return this.#summary(dataSizeBytes)
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
    if (hasChecksum) new DataView(fileChecksum.buffer).setUint32(0, this.#crc)
    return {
      fileSizeBytes: this.#offset,
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
      tailSizeBytes: this.#offset - dataSizeBytes,
      fileChecksum,
      fileChecksumFunctionName: hasChecksum ? 'FileChecksumCrc32c' : 'Unknown',
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
    if (size >= limit || (size > limit * 0.9 && size + key.length + value.length + 8 > limit)) {
      this.#flushBlock()
    }
  }

  #flushBlock(): void {
    if (this.#data.empty) return
    this.#pending = this.#writeBlock(this.#data.finish())
    this.#data.reset()
    this.#dataBlocks++
  }

  #writeBlock(raw: Uint8Array): BlockHandle {
    const { compression, compressionLevel } = this.#options
    if (compression !== CompressionType.NoCompression) {
      const compressed = compressBlock(compression, raw, compressionLevel)
      if (compressed !== undefined) return this.#writeRaw(compressed, compression)
    }
    return this.#writeRaw(raw, CompressionType.NoCompression)
  }

  #writeRaw(stored: Uint8Array, type: CompressionType): BlockHandle {
    const out = this.#out
    const handle = { offset: this.#offset, sizeBytes: stored.length }
    out.reserve(stored.length + BLOCK_TRAILER_SIZE_BYTES)
    const start = out.length
    out.raw(stored).byte(type)
    const checksum = blockChecksum(this.#options.checksum, out.bytes, start, stored.length)
    writeFixed32(out.bytes, out.length, checksum)
    out.length += 4
    this.#offset += stored.length + BLOCK_TRAILER_SIZE_BYTES
    if (out.length >= WRITE_CHUNK_BYTES) this.#flushChunk()
    return handle
  }

  #writeMetaindex(meta: ReadonlyMap<string, BlockHandle>): BlockHandle {
    const builder = new BlockBuilder(1, 512)
    const value = new ByteWriter(32)
    const encoder = new TextEncoder()
    for (const name of [...meta.keys()].sort()) {
      encodeBlockHandle(value.clear(), meta.get(name)!)
      builder.add(encoder.encode(name), value.view())
    }
    return this.#writeRaw(builder.finish(), CompressionType.NoCompression)
  }

  #append(bytes: Uint8Array): void {
    this.#out.raw(bytes)
    this.#offset += bytes.length
  }

  #flushChunk(): void {
    const out = this.#out
    if (out.length === 0) return
    if (this.#options.fileChecksum === 'crc32c') {
      this.#crc = crc32c(out.bytes, 0, out.length, this.#crc)
    }
    this.#file.appendSync(out.view())
    out.clear()
  }
}
