import {
  bytewiseComparator,
  encodeInternalKey,
  readTrailerSequence,
  sequenceOf,
  sequenceSentinel,
  userKeyOf,
  valueTypeForSeek,
  type InternalKeyComparator,
  type PrefixExtractor,
} from '@varve/base'

import type { Block } from '../block/block.ts'
import { BlockCursor } from '../block/block-cursor.ts'
import { BlockKind, type BlockSource, type PinnedBlocks } from '../block/block-source.ts'
import type { BlockCache } from '../cache/block-cache.ts'
import type { FilterReader } from '../filter/filter-reader.ts'
import { hash64, xxph3 } from '../hash/xxh3-64.ts'
import type { IndexEntries } from '../index/index-block.ts'
import { searchIndex } from '../index/index-search.ts'
import type { LookupParts } from './lookup-batch.ts'
import type { FoundEntry } from './point-result.ts'
import { IndexType } from './table-format.ts'
import type { OpenedTable } from './table-open.ts'

/** Outcome of a search: `Missing` leaves the block that it needs to {@link BlockSource.readMissing}. */
const Outcome = { Absent: 0, Found: 1, Missing: 2, Behind: 3 } as const
type Outcome = (typeof Outcome)[keyof typeof Outcome]

/**
 * Hot. Look-ups of single keys in one table: filter, index, block, entry. What stays in memory while the table is open lies here side by
 * side. One text serves both ways of reading: the search stops at a block that is missing, and begins again when it is there.
 *
 * Whether the table is open is its reader's affair. @internal
 */
export class TableLookup {
  readonly #filter: FilterReader | undefined
  /** Whole keys are in the filter, and it is asked by their hash. */
  readonly #asksByHash: boolean
  readonly #index: IndexEntries
  readonly #twoLevel: boolean
  readonly #keyIsUserKey: boolean
  readonly #comparator: InternalKeyComparator
  readonly #cursor: BlockCursor
  readonly #blocks: BlockSource
  readonly #globalSequence: number | undefined
  readonly #filterIndex: IndexEntries | undefined
  readonly #filtersKeys: boolean
  readonly #prefixExtractor: PrefixExtractor | undefined

  constructor(table: OpenedTable, comparator: InternalKeyComparator, blocks: BlockSource) {
    const { filter, filtersKeys } = table
    this.#filter = filter
    this.#asksByHash = filter?.takesHash === true && filtersKeys
    this.#index = table.index
    this.#twoLevel = table.properties.indexType === IndexType.TwoLevelIndexSearch
    this.#keyIsUserKey = table.coding.keyIsUserKey
    this.#comparator = comparator
    this.#cursor = new BlockCursor(comparator)
    this.#blocks = blocks
    this.#globalSequence = table.globalSequence
    this.#filterIndex = table.filterIndex
    this.#filtersKeys = filtersKeys
    this.#prefixExtractor = table.prefixExtractor
  }

  /** What {@link LookupBatch} takes apart; undefined where a look-up needs more than a hash, one index and blocks of the cache. */
  parts(cache: BlockCache | undefined): LookupParts | undefined {
    const filter = this.#filter
    const takesHash = filter === undefined ? this.#filterIndex === undefined : this.#asksByHash
    if (cache === undefined || !takesHash || this.#twoLevel) return undefined
    if (this.#globalSequence !== undefined) return undefined
    if (this.#comparator.user !== bytewiseComparator) return undefined
    return { filter, index: this.#index, keyIsUserKey: this.#keyIsUserKey, cache }
  }

  /** {@link TableReader.getSync}. */
  getSync(target: Uint8Array, found: FoundEntry, sameKey: boolean): boolean {
    if (this.#asksByHash) {
      if (!this.#passesHash(target, target.length - 8, found, sameKey)) return false
      return this.#searchEntry(target, found, undefined, true) === Outcome.Found
    }
    if (!sameKey) found.hashed = false
    return this.#search(target, found, undefined, true) === Outcome.Found
  }

  /** {@link TableReader.mayHold}. */
  mayHold(userKey: Uint8Array, found: FoundEntry, sameKey: boolean): boolean {
    if (this.#asksByHash) return this.#passesHash(userKey, userKey.length, found, sameKey)
    if (!sameKey) found.hashed = false
    return true
  }

  /** {@link TableReader.getUnfiltered}. */
  getUnfiltered(
    target: Uint8Array,
    found: FoundEntry,
    block: Block | undefined,
    place: number,
  ): boolean {
    if (block !== undefined) {
      const cursor = this.#cursor
      cursor.setBlock(block)
      cursor.seek(target)
      if (cursor.valid) return this.#isFound(target, found, block)
      // The separator may lie above the block's last key: the next block may have it.
    }
    if (place >= 0) {
      const next = block === undefined ? place : place + 1
      return this.#searchBlocks(this.#index, next, target, found, undefined, true) === Outcome.Found
    }
    return this.#searchEntry(target, found, undefined, true) === Outcome.Found
  }

  /** {@link TableReader.get}. */
  async get(target: Uint8Array, found: FoundEntry): Promise<boolean> {
    const pinned: PinnedBlocks = new Map()
    for (;;) {
      const outcome = this.#search(target, found, pinned, false)
      if (outcome !== Outcome.Missing) return outcome === Outcome.Found
      await this.#blocks.readMissing(pinned)
    }
  }

  /** Whether the filter lets the key pass, or its prefix; false is certain. */
  mayMatch(userKey: Uint8Array, byPrefix: boolean): boolean {
    const target = encodeInternalKey(userKey, sequenceSentinel, valueTypeForSeek)
    return this.#filterAnswer(target, undefined, true, byPrefix) === Outcome.Found
  }

  #passesHash(bytes: Uint8Array, length: number, found: FoundEntry, sameKey: boolean): boolean {
    if (!sameKey || !found.hashed) {
      xxph3(bytes, 0, length)
      found.hashed = true
      found.hashHigh = hash64.hi
      found.hashLow = hash64.lo
    }
    return this.#filter!.mayMatchHash(found.hashHigh, found.hashLow)
  }

  /** The look-up itself; reads what is missing when `sync`, else says so. */
  #search(
    target: Uint8Array,
    found: FoundEntry,
    pinned: PinnedBlocks | undefined,
    sync: boolean,
  ): Outcome {
    const filtered = this.#filterAnswer(target, pinned, sync, false)
    return filtered === Outcome.Found ? this.#searchEntry(target, found, pinned, sync) : filtered
  }

  /** {@link #search} of what the filter lets pass. */
  #searchEntry(
    target: Uint8Array,
    found: FoundEntry,
    pinned: PinnedBlocks | undefined,
    sync: boolean,
  ): Outcome {
    const globalSequence = this.#globalSequence
    if (globalSequence === undefined) return this.#searchIn(target, found, pinned, sync)
    // Stored sequence numbers are 0: look for the key's only entry, then judge the number it stands for.
    if (sequenceOf(target) < globalSequence) return Outcome.Absent
    const any = encodeInternalKey(userKeyOf(target), sequenceSentinel, valueTypeForSeek)
    const outcome = this.#searchIn(any, found, pinned, sync)
    if (outcome === Outcome.Found) found.sequence = globalSequence
    return outcome
  }

  #searchIn(
    target: Uint8Array,
    found: FoundEntry,
    pinned: PinnedBlocks | undefined,
    sync: boolean,
  ): Outcome {
    const top = this.#index
    const keyIsUserKey = this.#keyIsUserKey
    const topStart = this.#twoLevel ? searchIndex(top, target, this.#comparator, keyIsUserKey) : 0
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
      const i = searchIndex(index, target, this.#comparator, keyIsUserKey)
      if (i === index.count) continue
      const outcome = this.#searchBlocks(index, i, target, found, pinned, sync)
      if (outcome !== Outcome.Behind) return outcome
    }
    return Outcome.Absent
  }

  /** {@link #searchIn} from the block on that entry `i` of an index names; `Behind` when all that follow it are below the target. */
  #searchBlocks(
    index: IndexEntries,
    i: number,
    target: Uint8Array,
    found: FoundEntry,
    pinned: PinnedBlocks | undefined,
    sync: boolean,
  ): Outcome {
    const cursor = this.#cursor
    for (; i < index.count; i++) {
      const block = this.#blocks.data(index, i, pinned, sync, found.isTransient)
      if (block === undefined) return Outcome.Missing
      cursor.setBlock(block as Block)
      cursor.touchBlock()
      cursor.seek(target)
      if (!cursor.valid) continue // the separator may lie above the block's last key
      return this.#isFound(target, found, block as Block) ? Outcome.Found : Outcome.Absent
    }
    return Outcome.Behind
  }

  /** Whether the cursor stands on an entry of the target's user key in `block`, which is then what is found. */
  #isFound(target: Uint8Array, found: FoundEntry, block: Block): boolean {
    const cursor = this.#cursor
    const length = target.length - 8
    if (cursor.keyLength - 8 !== length) return false
    const key = cursor.keyBytes
    for (let k = 0; k < length; k++) if (key[k] !== target[k]) return false
    found.type = key[length]!
    found.sequence = readTrailerSequence(key, length)
    found.data = block.data
    found.start = cursor.valueStart
    found.end = cursor.valueEnd
    return true
  }

  /** `Found`: the key may be there. Its prefix is asked for where whole keys are not in the filter. */
  #filterAnswer(
    target: Uint8Array,
    pinned: PinnedBlocks | undefined,
    sync: boolean,
    byPrefix: boolean,
  ): Outcome {
    const filter = this.#filter
    const filterIndex = this.#filterIndex
    let length = target.length - 8
    if (byPrefix || !this.#filtersKeys) {
      const prefixExtractor = this.#prefixExtractor
      if (prefixExtractor === undefined) return Outcome.Found
      length = prefixExtractor.prefixLength(target, length)
      if (length < 0) return Outcome.Found
    }
    if (filter !== undefined)
      return filter.mayMatch(target, length) ? Outcome.Found : Outcome.Absent
    if (filterIndex === undefined || filterIndex.count === 0) return Outcome.Found
    let i = searchIndex(filterIndex, target, this.#comparator, this.#keyIsUserKey)
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
