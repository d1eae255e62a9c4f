import {
  InternalKeyComparator,
  NotOpenError,
  resourceClosed,
  resourceOpened,
  type Comparator,
  type InternalIterator,
  type RangeTombstone,
} from '@varve/base'
import type { FileSystem, RandomAccessFile } from '@varve/vfs'

import type { Block } from '../block/block.ts'
import { BlockKind, BlockSource, type TableIteratorOptions } from '../block/block-source.ts'
import type { BlockCache } from '../cache/block-cache.ts'
import type { IndexEntries } from '../index/index-block.ts'
import { searchIndex } from '../index/index-search.ts'
import type { TableProperties } from '../meta/properties.ts'
import { computeUniqueId } from '../meta/unique-id.ts'
import { GlobalSequenceIterator } from './global-sequence-iterator.ts'
import type { LookupParts } from './lookup-batch.ts'
import type { FoundEntry, PointResult } from './point-result.ts'
import { IndexType } from './table-format.ts'
import { TableIterator, type TableBlocks } from './table-iterator.ts'
import { TableLookup } from './table-lookup.ts'
import { openTable, type OpenedTable, type OpenTableInput } from './table-open.ts'
import { verifyTable } from './verify-table.ts'

/** Options of {@link TableReader.open}. */
export interface TableReaderOptions {
  /** Order of user keys. Default: by the name in the table's properties. */
  readonly comparator?: Comparator
  /** Keeps decoded blocks. Default: none are kept. */
  readonly cache?: BlockCache
  /** Largest sequence number according to the MANIFEST, which is `maxSequence` when unknown; decides that of tables made outside the database. */
  readonly largestSequence?: number
  /** Whether filters are read, for look-ups to be quick; who only walks the table does without. Default true. */
  readonly readFilters?: boolean
}

/** A copied entry of {@link TableReader.entries}. */
export interface TableEntry {
  readonly key: Uint8Array
  readonly value: Uint8Array
}

/**
 * Reads one table file.
 *
 * Footer, properties, index, filter and range tombstones stay in memory while the reader is open; data blocks and
 * partitions go through the block cache. Every block is checked when it is read; damage is a CorruptionError with
 * file and offset, never data, and no length found in the file leads to a read or allocation beyond it.
 *
 * Concurrent `get`s are safe. The file closes with the last of {@link TableReader.close} and the iterators' `close`.
 *
 * @example
 * ```ts
 * const table = await TableReader.open(nodeFileSystem, '000012.sst')
 * for (const { key, value } of table.entries()) console.log(userKeyOf(key), value)
 * await table.close()
 * ```
 */
export class TableReader {
  readonly path: string
  readonly fileSizeBytes: number
  readonly properties: TableProperties
  /** Range tombstones as stored, ordered by start ascending; in foreign tables they may overlap. Not clipped. */
  readonly rangeTombstones: readonly RangeTombstone[]
  readonly comparator: InternalKeyComparator

  readonly #lookup: TableLookup
  readonly #table: OpenedTable
  readonly #blocks: BlockSource
  readonly #twoLevel: boolean
  /** Undefined where a look-up needs more than a hash, one index and blocks of the cache. @internal */
  readonly lookupParts: LookupParts | undefined
  #references = 1
  #closed = false

  private constructor(file: RandomAccessFile, table: OpenedTable, cache: BlockCache | undefined) {
    this.#table = table
    this.#blocks = new BlockSource(file, table, cache)
    this.path = file.path
    this.fileSizeBytes = file.sizeBytes
    this.properties = table.properties
    this.rangeTombstones = table.rangeTombstones
    this.comparator = new InternalKeyComparator(table.comparator)
    this.#twoLevel = table.properties.indexType === IndexType.TwoLevelIndexSearch
    this.#lookup = new TableLookup(table, this.comparator, this.#blocks)
    this.lookupParts = this.#lookup.parts(cache)
    resourceOpened(this, `table reader of "${file.path}"`)
  }

  /**
   * Opens the table at `path`.
   *
   * @throws CorruptionError when footer, properties, index, filter or range tombstones are damaged
   * @throws UnsupportedError for a format_version, index type, checksum or comparator that is not known
   */
  static async open(
    fs: FileSystem,
    path: string,
    options: TableReaderOptions = {},
  ): Promise<TableReader> {
    const file = await fs.openRandomAccess(path)
    try {
      const steps = openTable(openInput(file, options))
      let step = steps.next()
      while (step.done !== true) {
        step = steps.next(await file.read(step.value.offset, step.value.length))
      }
      return new TableReader(file, step.value, options.cache)
    } catch (error) {
      await file.close()
      throw error
    }
  }

  /** The blocking twin of {@link TableReader.open}. */
  static openSync(fs: FileSystem, path: string, options: TableReaderOptions = {}): TableReader {
    const file = fs.openRandomAccessSync(path)
    try {
      const steps = openTable(openInput(file, options))
      let step = steps.next()
      while (step.done !== true) {
        step = steps.next(file.readSync(step.value.offset, step.value.length))
      }
      return new TableReader(file, step.value, options.cache)
    } catch (error) {
      file.closeSync()
      throw error
    }
  }

  /** Memory held outside the block cache: index and filter. */
  get memoryBytes(): number {
    const { index, filter, filterIndex } = this.#table
    return index.sizeBytes + (filter?.sizeBytes ?? 0) + (filterIndex?.sizeBytes ?? 0)
  }

  /** Format version in the file's footer. */
  get formatVersion(): number {
    return this.#table.decoder.footer.formatVersion
  }

  /** 16 bytes that identify the table in the MANIFEST, from its own properties; see {@link computeUniqueId}. */
  get uniqueId(): Uint8Array | undefined {
    const { dbId, sessionId, originalFileNumber } = this.properties
    return computeUniqueId(dbId, sessionId, originalFileNumber)
  }

  /**
   * Finds the first entry at or after the internal key `target` that has its user key. Fills `result` and returns true, or
   * returns false. Range tombstones are not looked at. `sameKey` promises that `result` was last used for the same user key, by
   * any table: its hash need not be taken again.
   */
  getSync(target: Uint8Array, result: PointResult, sameKey: boolean = false): boolean {
    return this.#lookup.getSync(target, result as FoundEntry, sameKey)
  }

  /**
   * Hot. Whether a filter that is asked by hash lets the user key pass; false is certain. What {@link TableReader.getSync} begins with,
   * for who has a user key only. @internal
   */
  mayHold(userKey: Uint8Array, result: PointResult, sameKey: boolean): boolean {
    return this.#lookup.mayHold(userKey, result as FoundEntry, sameKey)
  }

  /**
   * {@link TableReader.getSync} of a key that the filter let pass; where {@link TableReader.lookupParts} are. The index names entry `place` for
   * it, if that is known, and `block`, if that is cached. @internal
   */
  getUnfiltered(
    target: Uint8Array,
    result: PointResult,
    block: Block | undefined,
    place: number = -1,
  ): boolean {
    return this.#lookup.getUnfiltered(target, result as FoundEntry, block, place)
  }

  /** {@link TableReader.getSync} whose reads do not block. */
  async get(target: Uint8Array, result: PointResult): Promise<boolean> {
    this.#checkOpen()
    this.ref()
    try {
      return await this.#lookup.get(target, result as FoundEntry)
    } finally {
      this.unref()
    }
  }

  /** Whether the table may hold entries of the user key; false is certain. May read a filter partition. */
  mayMatch(userKey: Uint8Array): boolean {
    this.#checkOpen()
    return this.#lookup.mayMatch(userKey, false)
  }

  /**
   * Whether the table may hold keys with the prefix of the user key, as the extractor in its properties cuts it; false is
   * certain. Range tombstones are not counted.
   */
  mayMatchPrefix(userKey: Uint8Array): boolean {
    this.#checkOpen()
    return this.#lookup.mayMatch(userKey, true)
  }

  /** A cursor over all entries in internal-key order. Holds the file open until it is closed. */
  iterator(options: TableIteratorOptions = {}): InternalIterator {
    this.#checkOpen()
    this.ref()
    const source: TableBlocks = {
      comparator: this.comparator,
      index: this.#table.index,
      twoLevel: this.#twoLevel,
      keyIsUserKey: this.#table.coding.keyIsUserKey,
      partition: (offset, sizeBytes) => this.#partition(offset, sizeBytes),
      block: this.#blocks.loader(options),
      release: () => this.unref(),
    }
    const iterator = new TableIterator(source)
    const { globalSequence } = this.#table
    return globalSequence === undefined
      ? iterator
      : new GlobalSequenceIterator(iterator, globalSequence, this.comparator)
  }

  /** All entries in order, copied. */
  *entries(): Generator<TableEntry, void, void> {
    using iterator = this.iterator({ fillCache: false, readaheadBytes: 64 * 1024 })
    for (iterator.seekToFirst(); iterator.valid; iterator.next()) {
      yield { key: new Uint8Array(iterator.key), value: new Uint8Array(iterator.value) }
    }
  }

  /**
   * Reads and checks every data block, and that keys ascend and number of entries and bounds of blocks agree with the
   * properties. Lets the event loop turn now and then. @throws CorruptionError at the first damage
   */
  async verify(signal?: AbortSignal): Promise<void> {
    await verifyTable(this, signal)
  }

  /** Offset in the file near which the internal key `target` would lie; grows with the key. May read an index partition. */
  approximateOffsetOf(target: Uint8Array): number {
    this.#checkOpen()
    const { index: top, coding, properties } = this.#table
    let index: IndexEntries = top
    let i = searchIndex(top, target, this.comparator, coding.keyIsUserKey)
    if (this.#twoLevel && i < top.count) {
      index = this.#partition(top.offsets[i]!, top.sizes[i]!)
      i = searchIndex(index, target, this.comparator, coding.keyIsUserKey)
    }
    if (i < index.count) return index.offsets[i]!
    return properties.dataSizeBytes > 0 ? properties.dataSizeBytes : this.fileSizeBytes
  }

  /** Keeps the file open until {@link TableReader.unref}. */
  ref(): void {
    this.#references++
  }

  /** Gives back one {@link TableReader.ref}; the last one closes the file. */
  unref(): void {
    if (--this.#references > 0) return
    this.#blocks.closeSync()
    resourceClosed(this)
  }

  /** Closes the table for its owner; open iterators keep the file until they close. May be called twice. */
  close(): Promise<void> {
    this.closeSync()
    return Promise.resolve()
  }

  /** The blocking twin of {@link TableReader.close}. */
  closeSync(): void {
    if (this.#closed) return
    this.#closed = true
    this.unref()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #checkOpen(): void {
    if (this.#closed) throw new NotOpenError(`table "${this.path}" is closed`)
  }

  /** A part of the index; reads it when it is not cached. */
  #partition(offset: number, sizeBytes: number): IndexEntries {
    const { IndexPartition } = BlockKind
    return this.#blocks.fetch(IndexPartition, offset, sizeBytes, undefined, true) as IndexEntries
  }
}

function openInput(file: RandomAccessFile, options: TableReaderOptions): OpenTableInput {
  return {
    file: file.path,
    fileSizeBytes: file.sizeBytes,
    comparator: options.comparator,
    largestSequence: options.largestSequence,
    readFilters: options.readFilters ?? true,
  }
}
