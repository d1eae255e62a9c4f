import {
  bytewiseComparator,
  CorruptionError,
  encodeInternalKey,
  emptyBytes,
  InternalKeyComparator,
  NotOpenError,
  ownedCopy,
  readTrailerSequence,
  resourceClosed,
  resourceOpened,
  sequenceOf,
  sequenceSentinel,
  userKeyOf,
  valueTypeForSeek,
  type Comparator,
  type InternalIterator,
} from '@varve/base'
import type { FileSystem, RandomAccessFile } from '@varve/vfs'

import type { Block } from './block/block.ts'
import { BlockCursor } from './block/block-cursor.ts'
import {
  BlockKind,
  BlockSource,
  type PinnedBlocks,
  type TableIteratorOptions,
} from './block-source.ts'
import type { BlockCache } from './cache/block-cache.ts'
import type { FilterReader } from './filter/filter-reader.ts'
import { GlobalSequenceIterator } from './global-sequence-iterator.ts'
import type { IndexEntries } from './index/index-block.ts'
import { searchIndex } from './index/index-search.ts'
import { hash64, xxph3 } from './hash/xxh3-64.ts'
import type { LookupParts } from './lookup-batch.ts'
import type { TableProperties } from './meta/properties.ts'
import { computeUniqueId } from './meta/unique-id.ts'
import type { RangeTombstone } from './range-tombstone.ts'
import { IndexType } from './table-format.ts'
import { TableIterator, type TableBlocks } from './table-iterator.ts'
import { openTable, type OpenedTable, type OpenTableInput } from './table-open.ts'

/** Options of {@link TableReader.open}. */
export interface TableReaderOptions {
  /** Order of user keys. Default: by the name in the table's properties. */
  readonly comparator?: Comparator
  /** Keeps decoded blocks. Default: none are kept. */
  readonly cache?: BlockCache
  /** Largest sequence number according to the MANIFEST; decides that of tables made outside the database. */
  readonly largestSequence?: number
  /** Whether filters are read, for look-ups to be quick; who only walks the table does without. Default true. */
  readonly readFilters?: boolean
}

/** Where a look-up leaves what it found. Reuse one: it saves an allocation a look-up. */
export interface PointResult {
  /** Value type of the entry. */
  type: number
  sequence: number
  /**
   * View of the block's memory: not to be changed, alive as long as it is held; or only until the next look-up in any table, see
   * {@link createPointResult}.
   */
  readonly value: Uint8Array
  /** A copy that the caller owns. */
  copyValue(): Uint8Array<ArrayBuffer>
}

class FoundEntry implements PointResult {
  readonly isTransient: boolean
  type = 0
  sequence = 0
  data: Uint8Array = emptyBytes
  /** Hash of the key that is looked up, once a filter asked for it. */
  hashed = false
  hashHigh = 0
  hashLow = 0
  start = 0
  end = 0

  constructor(isTransient: boolean) {
    this.isTransient = isTransient
  }

  get value(): Uint8Array {
    return this.data.subarray(this.start, this.end)
  }

  copyValue(): Uint8Array<ArrayBuffer> {
    return ownedCopy(this.data, this.start, this.end)
  }
}

/**
 * A fresh {@link PointResult}. Of a transient one the value is good only until the next look-up in any table: a block that the
 * cache does not keep is then read without memory of its own.
 */
export function createPointResult(isTransient: boolean = false): PointResult {
  return new FoundEntry(isTransient)
}

/** A copied entry of {@link TableReader.entries}. */
export interface TableEntry {
  readonly key: Uint8Array
  readonly value: Uint8Array
}

/** Outcome of a search: `Missing` names the block it needs in `#missing`. */
const Outcome = { Absent: 0, Found: 1, Missing: 2, Behind: 3 } as const
type Outcome = (typeof Outcome)[keyof typeof Outcome]

/**
 * Reads one table file.
 *
 * Footer, properties, index, filter and range tombstones stay in memory while the reader is open; data blocks and
 * partitions go through the block cache. Every block is checked when it is read; damage is a {@link CorruptionError} with
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

  readonly #table: OpenedTable
  readonly #cache: BlockCache | undefined
  readonly #blocks: BlockSource
  readonly #twoLevel: boolean
  readonly #cursor: BlockCursor
  /** Undefined where a look-up needs more than a hash, one index and blocks of the cache. @internal */
  readonly lookupParts: LookupParts | undefined
  #references = 1
  #closed = false

  private constructor(file: RandomAccessFile, table: OpenedTable, cache: BlockCache | undefined) {
    this.#table = table
    this.#cache = cache
    this.#blocks = new BlockSource(file, table, cache)
    this.path = file.path
    this.fileSizeBytes = file.sizeBytes
    this.properties = table.properties
    this.rangeTombstones = table.rangeTombstones
    this.comparator = new InternalKeyComparator(table.comparator)
    this.#twoLevel = table.properties.indexType === IndexType.TwoLevelIndexSearch
    this.#cursor = new BlockCursor(this.comparator)
    this.lookupParts = this.#lookupParts()
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
    const found = result as FoundEntry
    const { filter, filtersKeys } = this.#table
    if (filter?.takesHash === true && filtersKeys) {
      if (!this.#passesHash(filter, target, target.length - 8, found, sameKey)) return false
      return this.#searchEntry(target, found, undefined, true) === Outcome.Found
    }
    if (!sameKey) found.hashed = false
    return this.#search(target, found, undefined, true) === Outcome.Found
  }

  /**
   * Hot. Whether a filter that is asked by hash lets the user key pass; false is certain. What {@link TableReader.getSync} begins with,
   * for who has a user key only. @internal
   */
  mayHold(userKey: Uint8Array, result: PointResult, sameKey: boolean): boolean {
    const { filter, filtersKeys } = this.#table
    if (filter?.takesHash === true && filtersKeys)
      return this.#passesHash(filter, userKey, userKey.length, result as FoundEntry, sameKey)
    if (!sameKey) (result as FoundEntry).hashed = false
    return true
  }

  #passesHash(
    filter: FilterReader,
    bytes: Uint8Array,
    length: number,
    found: FoundEntry,
    sameKey: boolean,
  ): boolean {
    if (!sameKey || !found.hashed) {
      xxph3(bytes, 0, length)
      found.hashed = true
      found.hashHigh = hash64.hi
      found.hashLow = hash64.lo
    }
    return filter.mayMatchHash(found.hashHigh, found.hashLow)
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
    const found = result as FoundEntry
    if (block !== undefined) {
      this.#cursor.setBlock(block)
      this.#cursor.seek(target)
      if (this.#cursor.valid) return this.#isFound(target, found, block)
      // The separator may lie above the block's last key: the next block may have it.
    }
    if (place >= 0) {
      const next = block === undefined ? place : place + 1
      return (
        this.#searchBlocks(this.#table.index, next, target, found, undefined, true) ===
        Outcome.Found
      )
    }
    return this.#searchEntry(target, found, undefined, true) === Outcome.Found
  }

  #lookupParts(): LookupParts | undefined {
    const { filter, filterIndex, filtersKeys, globalSequence, index, coding } = this.#table
    const cache = this.#cache
    const takesHash =
      filter === undefined ? filterIndex === undefined : filter.takesHash && filtersKeys
    if (cache === undefined || !takesHash || this.#twoLevel || globalSequence !== undefined)
      return undefined
    if (this.comparator.user !== bytewiseComparator) return undefined
    return { filter, index, keyIsUserKey: coding.keyIsUserKey, cache }
  }

  /** {@link TableReader.getSync} whose reads do not block. */
  async get(target: Uint8Array, result: PointResult): Promise<boolean> {
    const pinned: PinnedBlocks = new Map()
    this.#checkOpen()
    this.ref()
    try {
      for (;;) {
        const outcome = this.#search(target, result as FoundEntry, pinned, false)
        if (outcome !== Outcome.Missing) return outcome === Outcome.Found
        await this.#blocks.readMissing(pinned)
      }
    } finally {
      this.unref()
    }
  }

  /** Whether the table may hold entries of the user key; false is certain. May read a filter partition. */
  mayMatch(userKey: Uint8Array): boolean {
    this.#checkOpen()
    const target = encodeInternalKey(userKey, sequenceSentinel, valueTypeForSeek)
    return this.#filterAnswer(target, undefined, true) === Outcome.Found
  }

  /**
   * Whether the table may hold keys with the prefix of the user key, as the extractor in its properties cuts it; false is
   * certain. Range tombstones are not counted.
   */
  mayMatchPrefix(userKey: Uint8Array): boolean {
    this.#checkOpen()
    const target = encodeInternalKey(userKey, sequenceSentinel, valueTypeForSeek)
    return this.#filterAnswer(target, undefined, true, true) === Outcome.Found
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
      partition: (offset, sizeBytes) =>
        this.#blocks.fetch(
          BlockKind.IndexPartition,
          offset,
          sizeBytes,
          undefined,
          true,
        ) as IndexEntries,
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
    using iterator = this.iterator({ fillCache: false, readaheadBytes: 256 * 1024 })
    let entries = this.rangeTombstones.length
    let last: Uint8Array | undefined
    for (iterator.seekToFirst(); iterator.valid; iterator.next()) {
      const key = iterator.key
      if (last !== undefined && this.comparator.compare(last, key) >= 0) {
        throw new CorruptionError('keys of a table do not ascend', { file: this.path })
      }
      last = new Uint8Array(key)
      if (++entries % 8192 === 0) {
        signal?.throwIfAborted()
        await new Promise<void>((resolve) => setImmediate(resolve))
      }
    }
    const { entries: expected, rangeDeletions, dataBlocks } = this.properties
    // Old releases leave range deletions out of the number of entries.
    const isKnown = dataBlocks > 0
    if (isKnown && rangeDeletions === 0 && entries !== expected) {
      throw new CorruptionError('table does not have the number of entries it says', {
        file: this.path,
        expected,
        actual: entries,
      })
    }
  }

  /** Offset in the file near which the internal key `target` would lie; grows with the key. May read an index partition. */
  approximateOffsetOf(target: Uint8Array): number {
    this.#checkOpen()
    const { index: top, coding, properties } = this.#table
    let index: IndexEntries = top
    let i = searchIndex(top, target, this.comparator, coding.keyIsUserKey)
    if (this.#twoLevel && i < top.count) {
      index = this.#blocks.fetch(
        BlockKind.IndexPartition,
        top.offsets[i]!,
        top.sizes[i]!,
        undefined,
        true,
      ) as IndexEntries
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

  /** Hot. The look-up itself; reads what is missing when `sync`, else says so. */
  #search(
    target: Uint8Array,
    result: FoundEntry,
    pinned: PinnedBlocks | undefined,
    sync: boolean,
  ): Outcome {
    const filtered = this.#filterAnswer(target, pinned, sync)
    return filtered === Outcome.Found ? this.#searchEntry(target, result, pinned, sync) : filtered
  }

  /** {@link #search} of what the filter lets pass. */
  #searchEntry(
    target: Uint8Array,
    result: FoundEntry,
    pinned: PinnedBlocks | undefined,
    sync: boolean,
  ): Outcome {
    const { globalSequence } = this.#table
    if (globalSequence === undefined) return this.#searchIn(target, result, pinned, sync)
    // Stored sequence numbers are 0: look for the key's only entry, then judge the number it stands for.
    if (sequenceOf(target) < globalSequence) return Outcome.Absent
    const any = encodeInternalKey(userKeyOf(target), sequenceSentinel, valueTypeForSeek)
    const outcome = this.#searchIn(any, result, pinned, sync)
    if (outcome === Outcome.Found) result.sequence = globalSequence
    return outcome
  }

  #searchIn(
    target: Uint8Array,
    result: FoundEntry,
    pinned: PinnedBlocks | undefined,
    sync: boolean,
  ): Outcome {
    const { index: top, coding } = this.#table
    const { keyIsUserKey } = coding
    const topStart = this.#twoLevel ? searchIndex(top, target, this.comparator, keyIsUserKey) : 0
    const topEnd = this.#twoLevel ? top.count : 1
    for (let t = topStart; t < topEnd; t++) {
      let index = top
      if (this.#twoLevel) {
        const partition = this.#blocks.fetch(
          BlockKind.IndexPartition,
          top.offsets[t]!,
          top.sizes[t]!,
          pinned,
          sync,
        )
        if (partition === undefined) return Outcome.Missing
        index = partition as IndexEntries
      }
      const i = searchIndex(index, target, this.comparator, keyIsUserKey)
      if (i === index.count) continue
      const outcome = this.#searchBlocks(index, i, target, result, pinned, sync)
      if (outcome !== Outcome.Behind) return outcome
    }
    return Outcome.Absent
  }

  /** Hot. {@link #searchIn} from the block on that entry `i` of an index names; `Behind` when all that follow it are below the target. */
  #searchBlocks(
    index: IndexEntries,
    i: number,
    target: Uint8Array,
    result: FoundEntry,
    pinned: PinnedBlocks | undefined,
    sync: boolean,
  ): Outcome {
    const cursor = this.#cursor
    for (; i < index.count; i++) {
      const block = this.#blocks.data(index, i, pinned, sync, result.isTransient)
      if (block === undefined) return Outcome.Missing
      cursor.setBlock(block as Block)
      cursor.touchBlock()
      cursor.seek(target)
      if (!cursor.valid) continue // the separator may lie above the block's last key
      return this.#isFound(target, result, block as Block) ? Outcome.Found : Outcome.Absent
    }
    return Outcome.Behind
  }

  /** Hot. Whether the cursor stands on an entry of the target's user key in `block`, which is then the result. */
  #isFound(target: Uint8Array, result: FoundEntry, block: Block): boolean {
    const cursor = this.#cursor
    const length = target.length - 8
    if (cursor.keyLength - 8 !== length) return false
    const key = cursor.keyBytes
    for (let k = 0; k < length; k++) if (key[k] !== target[k]) return false
    result.type = key[length]!
    result.sequence = readTrailerSequence(key, length)
    result.data = block.data
    result.start = cursor.valueStart
    result.end = cursor.valueEnd
    return true
  }

  /** `Found`: the key may be there. Its prefix is asked for where whole keys are not in the filter. */
  #filterAnswer(
    target: Uint8Array,
    pinned: PinnedBlocks | undefined,
    sync: boolean,
    byPrefix: boolean = false,
  ): Outcome {
    const { filter, filterIndex, coding, filtersKeys, prefixExtractor } = this.#table
    let length = target.length - 8
    if (byPrefix || !filtersKeys) {
      if (prefixExtractor === undefined) return Outcome.Found
      length = prefixExtractor.prefixLength(target, length)
      if (length < 0) return Outcome.Found
    }
    if (filter !== undefined) {
      return filter.mayMatch(target, length) ? Outcome.Found : Outcome.Absent
    }
    if (filterIndex === undefined || filterIndex.count === 0) return Outcome.Found
    let i = searchIndex(filterIndex, target, this.comparator, coding.keyIsUserKey)
    if (i === filterIndex.count) i-- // beyond the last key the last partition answers
    const partition = this.#blocks.fetch(
      BlockKind.FilterPartition,
      filterIndex.offsets[i]!,
      filterIndex.sizes[i]!,
      pinned,
      sync,
    )
    if (partition === undefined) return Outcome.Missing
    return (partition as FilterReader).mayMatch(target, length) ? Outcome.Found : Outcome.Absent
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
