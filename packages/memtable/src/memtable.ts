import {
  assert,
  bytewiseComparator,
  copyRange,
  maxSequence,
  ownedCopy,
  reverseBytewiseComparator,
  ValueType,
  type Comparator,
  type InternalIterator,
} from '@varve/base'

import { Arena } from './arena.ts'
import {
  addVersion,
  entryKeyLength,
  entryKeyStart,
  entryOlder,
  entryTrailerHigh,
  entryTrailerLow,
  entryValueLength,
  entryValueStart,
  entryWords,
  firstVisible,
  isAnchor,
  newestOf,
} from './entry.ts'
import { entriesOf, EntryList } from './entry-list.ts'
import { hashKey, KeyIndex } from './key-index.ts'
import { MemtableIterator } from './memtable-iterator.ts'
import type { OrderedIndex } from './ordered-index.ts'
import { RadixTree } from './radix/radix-tree.ts'
import { ReverseIndex } from './radix/reverse-index.ts'
import { RangeTombstoneList, type RangeTombstone } from './range-tombstones.ts'
import { SkipList } from './skip-list/skip-list.ts'
import { sortEntries } from './sorted/sort-entries.ts'
import { SortedEntriesIterator } from './sorted/sorted-entries-iterator.ts'
import type { SpareMemory } from './spare-memory.ts'

const noBytes = new Uint8Array(0)
const valueType = ValueType.Value
const defaultCapacityBytes = 16 * 1024
/** A memtable of fewer entries is as quick without an index of its keys. */
const minIndexedEntries = 64
/** Where the tree is kept, making the index of more entries than this would hold up the look-up that asks for it. */
const maxEntriesBeforeIndex = 4096
/** Entries between two looks at how many of them were for keys whose value could have been written over. */
const overwriteSample = 256
/** Writing over pays when it can be done to one entry of so many: copying the others one by one costs more than all at once. */
const entriesPerOverwrite = 4
/** Entries for each look-up from which on an index of their keys beside the tree costs more than the walks that it saves. */
const entriesPerLookup = 4

/** Hears of everything that is added to a memtable, before it can be read. */
export interface MemtableObserver {
  /** A version of the key `bytes[keyStart, keyEnd)`, with its value where it has one. */
  added(
    type: number,
    bytes: Uint8Array,
    keyStart: number,
    keyEnd: number,
    valueStart: number,
    valueEnd: number,
  ): void
  /** A range tombstone: any key may have changed. */
  forget(): void
}

export interface MemtableOptions {
  /** Order of user keys. Default: bytewise. */
  readonly comparator?: Comparator
  /** Memory to begin with; it grows as needed. Default 16 KiB. */
  readonly initialCapacityBytes?: number
  readonly observer?: MemtableObserver | undefined
  /** Keys will be looked up: the index for that is kept from the beginning. Default: from the first look-up on. */
  readonly expectsLookups?: boolean
  /** There will be iterators: the tree for them is kept from the beginning. Default: from the first one on. */
  readonly expectsOrder?: boolean
  /** Where memory beyond the first MiB comes from, and goes with {@link Memtable.unref}. Default: none is reused. */
  readonly spares?: SpareMemory | undefined
}

/** A sealed memtable as plain data: posting it to a worker shares the memory instead of copying it. */
export interface SharedMemtable {
  readonly buffer: SharedArrayBuffer
  readonly usedWords: number
  /** Root of the radix tree; 0 when the order has none, or the entries are not in it. */
  readonly root: number
  /** Where the list of the entries is that are not in the order; undefined when all are. */
  readonly unordered: Int32Array | undefined
  readonly entryCount: number
  readonly rangeTombstones: readonly RangeTombstone[]
}

/**
 * Ordered table of versions in memory: every put, deletion and merge operand of its time, by user key and then newest
 * first, and the range tombstones.
 *
 * Entries are listed as they come. An index by hash is made with the first look-up, the radix tree with the first iterator, and
 * each is kept from then on; who flushes a memtable without a tree sorts the list. Other orders than those of bytes have a skip list
 * from the beginning.
 *
 * One thread writes and reads; after {@link seal} nobody writes and any thread reads through {@link share}. Keys and
 * values are copied in. Lookups return entry references, numbers that stay good for the life of the memtable, so that a
 * read allocates nothing but the value it returns.
 */
export class Memtable {
  readonly comparator: Comparator
  /** Versions up to this sequence number can be seen by a reader that is at work: {@link put} leaves them. Default: all can. */
  viewedTo: number = Number.POSITIVE_INFINITY
  readonly #arena: Arena
  /** Undefined when the order is not one of bytes. */
  readonly #tree: RadixTree | undefined
  readonly #index: OrderedIndex
  /** All entries, where there is a tree to come. */
  readonly #entries: EntryList
  /** So many of them are in the tree. */
  #ordered = 0
  /** The tree has all entries at all times. */
  #keepsOrder: boolean
  #iterated = false
  /** All entries in their order, where the tree has not all of them and there are no more to come. */
  #sorted: Int32Array | undefined
  /** Has the keys of all entries. */
  #keyIndex: KeyIndex | undefined
  /** Too many keys had hashes that are alike. */
  #isHashable = true
  #lookups = 0
  readonly #expectsLookups: boolean
  readonly #rangeTombstones: RangeTombstoneList
  readonly #observer: MemtableObserver | undefined
  #overwrites = false
  #overwrittenTo = 0
  /** Of the entries since the last look. */
  #sampled = 0
  #overwritable = 0
  #entryCount = 0
  #deletionCount = 0
  #rangeTombstoneBytes = 0
  #smallestSequence = maxSequence
  #largestSequence = 0
  #sealed = false
  #references = 1

  constructor(options: MemtableOptions = {}) {
    this.comparator = options.comparator ?? bytewiseComparator
    this.#arena = new Arena(
      options.initialCapacityBytes ?? defaultCapacityBytes,
      undefined,
      undefined,
      options.spares,
    )
    this.#tree = hasByteOrder(this.comparator) ? new RadixTree(this.#arena) : undefined
    this.#index = indexOf(this.#arena, this.comparator, this.#tree, false)
    this.#entries = new EntryList(this.#arena)
    this.#keepsOrder = options.expectsOrder ?? false
    this.#rangeTombstones = new RangeTombstoneList(this.comparator)
    this.#observer = options.observer
    this.#expectsLookups = options.expectsLookups ?? false
  }

  /** Point entries, a value written over another one not counted; range tombstones are counted apart. */
  get entryCount(): number {
    return this.#entryCount
  }

  get deletionCount(): number {
    return this.#deletionCount
  }

  get empty(): boolean {
    return this.#entryCount === 0 && this.#rangeTombstones.size === 0
  }

  /** Whether keys were looked up often enough for an index of them to pay. */
  get lookedUp(): boolean {
    if (this.#lookups === 0) return false
    return !this.#keepsOrder || this.#lookups * entriesPerLookup >= this.#entryCount
  }

  /** Whether there were iterators. */
  get iterated(): boolean {
    return this.#iterated
  }

  /** Whether values come often for keys whose present value nobody sees any more: then {@link put} is better than {@link addStored}. */
  get overwrites(): boolean {
    return this.#overwrites
  }

  /** Sequence number of the last value that was written over another one; 0 while all that was written is here. */
  get overwrittenTo(): number {
    return this.#overwrittenTo
  }

  /** Bytes of memory in use: entries, indexes and range tombstones. */
  get approximateMemoryBytes(): number {
    return this.#arena.usedBytes + this.#otherBytes
  }

  /** Bytes of memory that are held: above those in use where memory was used before. */
  get residentBytes(): number {
    return this.#arena.residentBytes + this.#otherBytes
  }

  get #otherBytes(): number {
    return this.#rangeTombstoneBytes + (this.#keyIndex?.directoryBytes ?? 0)
  }

  /** Bounds of the sequence numbers inside; meaningless while empty. */
  get smallestSequence(): number {
    return this.#smallestSequence
  }

  get largestSequence(): number {
    return this.#largestSequence
  }

  get rangeTombstones(): readonly RangeTombstone[] {
    return this.#rangeTombstones.tombstones
  }

  get sealed(): boolean {
    return this.#sealed
  }

  /** Adds a version; `type` is one of `ValueType`. Bytes are copied. */
  add(sequence: number, type: number, key: Uint8Array, value: Uint8Array = noBytes): void {
    this.addRange(sequence, type, key, 0, key.length, value, 0, value.length)
  }

  /** Hot. {@link add} of `key[keyStart, keyEnd)` and `value[valueStart, valueEnd)`. */
  addRange(
    sequence: number,
    type: number,
    key: Uint8Array,
    keyStart: number,
    keyEnd: number,
    value: Uint8Array,
    valueStart: number,
    valueEnd: number,
  ): void {
    const keyAt = this.#arena.append(key, keyStart, keyEnd)
    const valueAt =
      valueEnd === valueStart ? keyAt : this.#arena.append(value, valueStart, valueEnd)
    this.addStored(sequence, type, keyAt, keyEnd - keyStart, valueAt, valueEnd - valueStart)
  }

  /**
   * Copies `source[start, end)` into the memtable's memory, for {@link addStored} of what is in it; returns the place of
   * its first byte. Of a write batch that is one copy instead of two for every entry.
   */
  store(source: Uint8Array, start: number, end: number): number {
    return this.#arena.append(source, start, end)
  }

  /** Hot. {@link add} of a key and a value at places inside what was stored. */
  addStored(
    sequence: number,
    type: number,
    keyAt: number,
    keyLength: number,
    valueAt: number,
    valueLength: number,
  ): void {
    assert(!this.#sealed, 'a sealed memtable takes no entries')
    const high = Math.floor(sequence / 0x100_0000)
    const entry = this.#arena.allocate(entryWords)
    const { words } = this.#arena
    words[entry + entryTrailerLow] = ((sequence - high * 0x100_0000) << 8) | type
    words[entry + entryTrailerHigh] = high
    words[entry + entryKeyStart] = keyAt
    words[entry + entryKeyLength] = keyLength
    words[entry + entryValueStart] = valueAt
    words[entry + entryValueLength] = valueLength
    this.#entryCount++
    if (this.#tree === undefined) this.#index.insert(entry)
    else this.#list(entry)
    // Deletion and SingleDeletion.
    if (type === 0 || type === 7) this.#deletionCount++
    this.#countSequence(sequence)
    if (this.#observer !== undefined) {
      const { bytes } = this.#arena
      this.#observer.added(type, bytes, keyAt, keyAt + keyLength, valueAt, valueAt + valueLength)
    }
  }

  /**
   * Hot. Adds a value, writing it over the newest one of its key when that has the same length and is newer than {@link viewedTo}: a key
   * that is written again and again takes no more memory then, and is flushed once. Bytes are copied.
   *
   * The older value is gone at once: who calls must let nobody read with a sequence number between the two afterwards.
   */
  put(
    sequence: number,
    source: Uint8Array,
    keyStart: number,
    keyEnd: number,
    valueStart: number,
    valueEnd: number,
  ): void {
    const keyIndex = this.#keyIndex
    if (keyIndex !== undefined) {
      const arena = this.#arena
      const { words } = arena
      const place = keyIndex.find(hashKey(source, keyStart, keyEnd), source, keyStart, keyEnd)
      const newest = place === 0 ? 0 : words[place]!
      if (newest !== 0 && this.#isOverwritable(newest, valueEnd - valueStart)) {
        assert(!this.#sealed, 'a sealed memtable takes no entries')
        const valueAt = words[newest + entryValueStart]!
        const high = Math.floor(sequence / 0x100_0000)
        words[newest + entryTrailerLow] =
          ((sequence - high * 0x100_0000) << 8) | (words[newest + entryTrailerLow]! & 0xff)
        words[newest + entryTrailerHigh] = high
        copyRange(source, valueStart, valueEnd, arena.bytes, valueAt)
        this.#overwrittenTo = sequence
        this.#sample(1)
        this.#countSequence(sequence)
        if (this.#observer !== undefined) {
          const keyAt = words[newest + entryKeyStart]!
          this.#observer.added(
            valueType,
            arena.bytes,
            keyAt,
            keyAt + keyEnd - keyStart,
            valueAt,
            valueAt + valueEnd - valueStart,
          )
        }
        return
      }
    }
    const at = this.store(source, keyStart, valueEnd) - keyStart
    this.addStored(
      sequence,
      valueType,
      at + keyStart,
      keyEnd - keyStart,
      at + valueStart,
      valueEnd - valueStart,
    )
  }

  /** Deletes `[start, end)` below `sequence`; bytes are copied. A range that is empty in the family's order has no effect. */
  addRangeTombstone(sequence: number, start: Uint8Array, end: Uint8Array): void {
    assert(!this.#sealed, 'a sealed memtable takes no entries')
    if (this.comparator.compare(start, end) >= 0) return
    this.#rangeTombstones.add({ start: new Uint8Array(start), end: new Uint8Array(end), sequence })
    this.#rangeTombstoneBytes += start.length + end.length + 64
    this.#observer?.forget()
    this.#countSequence(sequence)
  }

  /** Hot. Newest version of the user key at or before `snapshot`, 0 when there is none. Range tombstones are not looked at. */
  find(userKey: Uint8Array, snapshot: number): number {
    return this.findHashed(
      userKey,
      // The look-up may be the one that begins the index.
      this.#tree === undefined ? 0 : hashKey(userKey, 0, userKey.length),
      snapshot,
    )
  }

  /** Hot. {@link find} with the key's hash by {@link hashKey}, which serves all memtables of a look-up. */
  findHashed(userKey: Uint8Array, hash: number, snapshot: number): number {
    this.#lookups++
    if (this.#keyIndex === undefined && this.#tree !== undefined) this.#prepareLookup()
    const keyIndex = this.#keyIndex
    let newest: number
    if (keyIndex !== undefined) {
      const place = keyIndex.find(hash, userKey, 0, userKey.length)
      newest = place === 0 ? 0 : this.#arena.words[place]!
    } else if (this.#tree === undefined) {
      newest = this.#index.find(userKey, 0, userKey.length)
    } else {
      newest = this.#tree.find(userKey, 0, userKey.length)
    }
    if (newest === 0) return 0
    const high = Math.floor(snapshot / 0x100_0000)
    const low = ((snapshot - high * 0x100_0000) << 8) | 0xff
    return firstVisible(this.#arena.words, newest, low, high)
  }

  /** The next older version of the same user key, 0 when there is none. */
  olderEntry(entry: number): number {
    return this.#arena.words[entry + entryOlder]!
  }

  entryType(entry: number): number {
    return this.#arena.words[entry + entryTrailerLow]! & 0xff
  }

  entrySequence(entry: number): number {
    const { words } = this.#arena
    return (
      (words[entry + entryTrailerHigh]! >>> 0) * 0x100_0000 +
      (words[entry + entryTrailerLow]! >>> 8)
    )
  }

  /** A view of shared memory that stays good; copy it before giving it to a caller. */
  entryValue(entry: number): Uint8Array {
    const { buffer, words } = this.#arena
    return new Uint8Array(buffer, words[entry + entryValueStart]!, words[entry + entryValueLength]!)
  }

  /** Hot. A copy of the value that the caller owns. */
  copyValue(entry: number): Uint8Array<ArrayBuffer> {
    const { bytes, words } = this.#arena
    const start = words[entry + entryValueStart]!
    return ownedCopy(bytes, start, start + words[entry + entryValueLength]!)
  }

  /** Sequence number of the newest range tombstone at or before `snapshot` that covers the key, -1 when none does. */
  maxCoveringTombstone(userKey: Uint8Array, snapshot: number): number {
    return this.#rangeTombstones.maxCoveringSequence(userKey, snapshot)
  }

  /** Sees what is added later, too. The first one puts all entries in their order, unless that was expected. */
  iterator(): InternalIterator {
    this.#iterated = true
    if (this.#sealed && !this.#isOrdered) {
      // Sorting is three times as quick as the tree, which only additions need.
      this.#sorted ??= sortedEntries(
        this.#arena,
        this.comparator,
        this.#entries.chunkOffsets(),
        this.#entries.length,
      )
      return new SortedEntriesIterator(this.#arena, this.#sorted, directionOf(this.comparator))
    }
    this.#keepsOrder = true
    this.#order()
    return new MemtableIterator(this.#arena, this.#index)
  }

  /** Keeps the memory until {@link unref}; who made the memtable has the first reference. */
  ref(): void {
    this.#references++
  }

  /**
   * Lets go. With the last reference the memory is for other memtables, where there are spares: nothing may be read here any more,
   * nor in a thread it was shared with. References that are never let go leave it to the collector.
   */
  unref(): void {
    assert(this.#references > 0, 'a memtable is let go no more often than it is held')
    if (--this.#references === 0) this.#arena.release()
  }

  /** Ends writing. */
  seal(): void {
    this.#sealed = true
  }

  /** The sealed memtable for another thread; see {@link openSharedMemtable}. */
  share(): SharedMemtable {
    assert(this.#sealed, 'only a sealed memtable is shared')
    return {
      buffer: this.#arena.buffer,
      usedWords: this.#arena.used,
      root: this.#tree?.root ?? 0,
      unordered: this.#isOrdered ? undefined : this.#entries.chunkOffsets(),
      entryCount: this.#entryCount,
      rangeTombstones: this.#rangeTombstones.tombstones,
    }
  }

  get #isOrdered(): boolean {
    return this.#tree === undefined || this.#ordered === this.#entries.length
  }

  #list(entry: number): void {
    this.#entries.add(entry)
    if (this.#keyIndex !== undefined) this.#indexEntry(this.#keyIndex, entry)
    else if (this.#expectsLookups && this.#entryCount === minIndexedEntries) this.#indexKeys()
    if (this.#keepsOrder) this.#order()
  }

  /** Puts the entries into the tree that are not there. */
  #order(): void {
    const tree = this.#tree
    if (tree === undefined) return
    const entries = this.#entries
    // Those that the index has are linked to the other versions of their keys; the tree leads to the first one.
    const linked = this.#keyIndex !== undefined
    while (this.#ordered < entries.length) {
      const entry = entries.at(this.#ordered++)
      if (!linked || isAnchor(this.#arena.words, entry)) tree.insert(entry)
    }
  }

  /** Links an entry to the other versions of its key, and the index to it. */
  #indexEntry(keyIndex: KeyIndex, entry: number): void {
    const arena = this.#arena
    const { bytes } = arena
    const keyAt = arena.words[entry + entryKeyStart]!
    const keyLength = arena.words[entry + entryKeyLength]!
    const hash = hashKey(bytes, keyAt, keyAt + keyLength)
    const place = keyIndex.find(hash, bytes, keyAt, keyAt + keyLength)
    if (place !== 0) {
      const { words } = arena
      const newest = words[place]!
      const overwritable =
        (words[entry + entryTrailerLow]! & 0xff) === valueType &&
        this.#isOverwritable(newest, words[entry + entryValueLength]!)
      words[place] = addVersion(words, newest, entry)
      this.#sample(overwritable ? 1 : 0)
      return
    }
    this.#sample(0)
    if (!keyIndex.add(hash, entry)) this.#giveUpIndex()
  }

  #giveUpIndex(): void {
    this.#order()
    this.#keyIndex = undefined
    this.#isHashable = false
    this.#keepsOrder = true
  }

  /** Hot. Whether a value of that length may take the place of the newest version of its key. */
  #isOverwritable(newest: number, valueLength: number): boolean {
    const { words } = this.#arena
    return (
      words[newest + entryValueLength] === valueLength &&
      (words[newest + entryTrailerLow]! & 0xff) === valueType &&
      this.entrySequence(newest) > this.viewedTo
    )
  }

  #sample(overwritable: 0 | 1): void {
    this.#overwritable += overwritable
    if (++this.#sampled < overwriteSample) return
    this.#overwrites = this.#overwritable * entriesPerOverwrite >= overwriteSample
    this.#sampled = 0
    this.#overwritable = 0
  }

  /** Has the index or the tree complete, whichever is better for look-ups now. */
  #prepareLookup(): void {
    const count = this.#entryCount
    const indexPays =
      count >= minIndexedEntries &&
      this.#isHashable &&
      (!this.#keepsOrder || (this.lookedUp && count <= maxEntriesBeforeIndex && !this.#sealed))
    if (indexPays) this.#indexKeys()
    else this.#order()
  }

  /** Begins the index with the entries that are there. */
  #indexKeys(): void {
    if (!this.#isHashable) return
    const arena = this.#arena
    const entries = this.#entries
    const keyIndex = new KeyIndex(arena)
    this.#keyIndex = keyIndex
    const ordered = this.#ordered
    for (let i = 0; i < entries.length && this.#keyIndex !== undefined; i++) {
      const entry = entries.at(i)
      if (i >= ordered) {
        this.#indexEntry(keyIndex, entry)
        continue
      }
      // The tree has linked it.
      const { bytes, words } = arena
      if (!isAnchor(words, entry)) continue
      const start = words[entry + entryKeyStart]!
      const hash = hashKey(bytes, start, start + words[entry + entryKeyLength]!)
      if (!keyIndex.add(hash, newestOf(words, entry))) this.#giveUpIndex()
    }
  }

  #countSequence(sequence: number): void {
    if (sequence < this.#smallestSequence) this.#smallestSequence = sequence
    if (sequence > this.#largestSequence) this.#largestSequence = sequence
  }
}

/** An iterator over a memtable that another thread sealed and shared. */
export function openSharedMemtable(
  shared: SharedMemtable,
  comparator: Comparator = bytewiseComparator,
): InternalIterator {
  const arena = new Arena(0, shared.buffer, shared.usedWords)
  const { unordered } = shared
  if (unordered !== undefined) {
    const entries = sortedEntries(arena, comparator, unordered, shared.entryCount)
    return new SortedEntriesIterator(arena, entries, directionOf(comparator))
  }
  const tree = hasByteOrder(comparator) ? new RadixTree(arena, shared.root) : undefined
  return new MemtableIterator(arena, indexOf(arena, comparator, tree, true))
}

function sortedEntries(
  arena: Arena,
  comparator: Comparator,
  chunkOffsets: Int32Array,
  count: number,
): Int32Array {
  const entries = entriesOf(arena.words, chunkOffsets, count)
  sortEntries(arena, entries, directionOf(comparator))
  return entries
}

function directionOf(comparator: Comparator): 1 | -1 {
  return comparator === bytewiseComparator ? 1 : -1
}

function hasByteOrder(comparator: Comparator): boolean {
  return comparator === bytewiseComparator || comparator === reverseBytewiseComparator
}

function indexOf(
  arena: Arena,
  comparator: Comparator,
  tree: RadixTree | undefined,
  shared: boolean,
): OrderedIndex {
  if (tree === undefined) return new SkipList(arena, comparator, shared)
  return comparator === bytewiseComparator ? tree : new ReverseIndex(tree)
}
