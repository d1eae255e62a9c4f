import { writeTrailer, type Comparator, type PrefixExtractor } from '@varve/base'

import type { BlockHandle } from '../block/block-handle.ts'
import { IndexType } from '../table/table-format.ts'
import { HashIndexBuilder, type HashIndexBlocks } from './hash-index-builder.ts'
import { encodeTopLevel, IndexEntryList, type IndexEncoding } from './index-entry-list.ts'
import { shortestSeparator, shortSuccessor } from './separator.ts'

/** Sequence and type that RocksDB gives to a shortened separator: it sorts before every entry of that user key. */
const SEPARATOR_TYPE = 0x16

/** How the index of a table is to be. */
export interface IndexBuilderOptions {
  readonly comparator: Comparator
  readonly formatVersion: number
  readonly indexType: IndexType
  readonly shortening: 'none' | 'separators' | 'separatorsAndSuccessor'
  readonly restartInterval: number
  /** Data blocks lie apart: their handles cannot be told from each other. */
  readonly blocksAreApart: boolean
  readonly partitionSizeBytes: number
  readonly prefixExtractor: PrefixExtractor | undefined
}

/** An index that is in the file. */
export interface WrittenIndex {
  readonly handle: BlockHandle
  /** Of all its blocks, before compression, each with its trailer. */
  readonly sizeBytes: number
  /** 0 when it is in one piece. */
  readonly partitions: number
  readonly topLevelSizeBytes: number
  readonly hashIndex: HashIndexBlocks | undefined
}

/**
 * Builds the index of a table: an entry for each data block, in one block or in partitions under a top level.
 *
 * Keys are user keys unless some user key has versions in two blocks (or the format is older): then internal keys, in the
 * whole file. That is known only at the end, so entries wait until then.
 */
export class IndexBuilder {
  readonly #options: IndexBuilderOptions
  readonly #entries = new IndexEntryList()
  readonly #hash: HashIndexBuilder | undefined
  #keyIsUserKey: boolean

  constructor(options: IndexBuilderOptions) {
    this.#options = options
    this.#keyIsUserKey = options.formatVersion >= 3
    this.#hash =
      options.indexType === IndexType.HashSearch && options.prefixExtractor !== undefined
        ? new HashIndexBuilder(options.prefixExtractor)
        : undefined
  }

  get keyIsUserKey(): boolean {
    return this.#keyIsUserKey
  }

  get valueIsDelta(): boolean {
    return this.#options.formatVersion >= 4 && !this.#options.blocksAreApart
  }

  /** Estimate of what {@link write} adds to the file. */
  get sizeBytes(): number {
    return this.#entries.sizeBytes
  }

  /** How index blocks, and the top of a filter in partitions, are encoded; final once all keys are known. */
  get encoding(): IndexEncoding {
    return {
      valueIsDelta: this.valueIsDelta,
      keyIsUserKey: this.#keyIsUserKey,
      hasFirstKey: this.#options.indexType === IndexType.BinarySearchWithFirstKey,
      restartInterval: this.#options.restartInterval,
    }
  }

  /** A data block begins with the internal key `key`. */
  beginBlock(key: Uint8Array): void {
    if (this.#options.indexType === IndexType.BinarySearchWithFirstKey)
      this.#entries.addFirstKey(key)
  }

  /** The internal key `key` is in the data block that was begun last. */
  addKey(key: Uint8Array): void {
    this.#hash?.add(key, key.length - 8, this.#entries.count)
  }

  /**
   * The data block that was begun last ends with the internal key `lastKey`; `nextKey` is the one that starts the next
   * block, absent for the last one.
   */
  endBlock(lastKey: Uint8Array, nextKey: Uint8Array | undefined): void {
    const { comparator, shortening } = this.#options
    const last = lastKey.subarray(0, lastKey.length - 8)
    let separator = last
    if (nextKey === undefined) {
      if (shortening === 'separatorsAndSuccessor') separator = shortSuccessor(comparator, last)
    } else {
      const next = nextKey.subarray(0, nextKey.length - 8)
      if (comparator.compare(last, next) === 0) this.#keyIsUserKey = false
      if (shortening !== 'none') separator = shortestSeparator(comparator, last, next)
    }
    const keys = this.#entries.keyWriter
    if (separator === last) {
      keys.raw(lastKey)
    } else {
      keys.raw(separator).zeros(8)
      writeTrailer(keys.bytes, keys.length - 8, Number.POSITIVE_INFINITY, SEPARATOR_TYPE)
    }
    this.#entries.endKey()
  }

  /** Where the next data block lies; in their order, each once. */
  addHandle(offset: number, sizeBytes: number): void {
    this.#entries.addHandle(offset, sizeBytes)
  }

  /** Writes the index by means of `writeBlock`, which adds a block to the file and says where. */
  write(writeBlock: (data: Uint8Array) => BlockHandle): WrittenIndex {
    const { encoding } = this
    const trailer = 5
    if (this.#options.indexType !== IndexType.TwoLevelIndexSearch) {
      const data = this.#entries.encode(0, this.#entries.count, encoding)
      return {
        handle: writeBlock(data),
        sizeBytes: data.length + trailer,
        partitions: 0,
        topLevelSizeBytes: 0,
        hashIndex: this.#hash?.finish(),
      }
    }
    const parts: { key: Uint8Array; handle: BlockHandle }[] = []
    let sizeBytes = 0
    for (let from = 0; from < this.#entries.count;) {
      const to = this.#partitionEnd(from)
      const data = this.#entries.encode(from, to, encoding)
      sizeBytes += data.length + trailer
      parts.push({ key: this.#entries.key(to - 1), handle: writeBlock(data) })
      from = to
    }
    const top = encodeTopLevel(parts, encoding)
    return {
      handle: writeBlock(top),
      sizeBytes: sizeBytes + top.length + trailer,
      partitions: parts.length,
      topLevelSizeBytes: top.length + trailer,
      hashIndex: undefined,
    }
  }

  #partitionEnd(from: number): number {
    let size = 0
    let i = from
    while (i < this.#entries.count && (i === from || size < this.#options.partitionSizeBytes))
      size += this.#entries.entrySizeBytes(i++)
    return i
  }
}
