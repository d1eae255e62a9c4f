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
} from './entry.ts'
import { hashKey, KeyIndex } from './key-index.ts'
import { MemtableIterator } from './memtable-iterator.ts'
import type { OrderedIndex } from './ordered-index.ts'
import { RadixTree } from './radix/radix-tree.ts'
import { ReverseIndex } from './radix/reverse-index.ts'
import { RangeTombstoneList, type RangeTombstone } from './range-tombstones.ts'
import { SkipList } from './skip-list/skip-list.ts'
import type { SpareMemory } from './spare-memory.ts'

const noBytes = new Uint8Array(0)
const valueType = ValueType.Value
const defaultCapacityBytes = 16 * 1024
/** A memtable of fewer entries is as quick without an index of its keys. */
const minIndexedEntries = 256
/** Making the index of more entries than this would hold up the look-up that asks for it. */
const maxEntriesBeforeIndex = 4096
/** Entries between two looks at how many of them were for keys whose value could have been written over. */
const overwriteSample = 256
/** Writing over pays when it can be done to one entry of so many: copying the others one by one costs more than all at once. */
const entriesPerOverwrite = 4
/** Entries for each look-up from which on an index of their keys costs more than the walks through the tree that it saves. */
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
  /** Keys will be looked up about as often as written: the index for that is made early. Default: once they are, if that is soon. */
  readonly expectsLookups?: boolean
  /** Where memory beyond the first MiB comes from, and goes with {@link Memtable.unref}. Default: none is reused. */
  readonly spares?: SpareMemory | undefined
}

/** A sealed memtable as plain data: posting it to a worker shares the memory instead of copying it. */
export interface SharedMemtable {
  readonly buffer: SharedArrayBuffer
  readonly usedWords: number
  /** Root of the radix tree; 0 when the order has none. */
  readonly root: number
  readonly entryCount: number
  readonly rangeTombstones: readonly RangeTombstone[]
}

/**
 * Ordered table of versions in memory: every put, deletion and merge operand of its time, by user key and then newest
 * first, and the range tombstones.
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
  /** Beside the tree, where keys are looked up. */
  #keyIndex: KeyIndex | undefined
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
    return this.#lookups > 0 && this.#lookups * entriesPerLookup >= this.#entryCount
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
    if (this.#keyIndex !== undefined) this.#insertIndexed(this.#keyIndex, entry, keyAt, keyLength)
    else if (this.#tree === undefined) this.#index.insert(entry)
    else this.#tree.insert(entry)
    if (++this.#entryCount === minIndexedEntries && (this.lookedUp || this.#expectsLookups))
      this.#indexKeys()
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
    if (this.#keyIndex === undefined) this.#considerIndex()
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

  iterator(): InternalIterator {
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
      entryCount: this.#entryCount,
      rangeTombstones: this.#rangeTombstones.tombstones,
    }
  }

  #insertIndexed(keyIndex: KeyIndex, entry: number, keyAt: number, keyLength: number): void {
    const arena = this.#arena
    const { bytes } = arena
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
    this.#index.insert(entry)
    if (!keyIndex.add(hash, entry)) this.#keyIndex = undefined
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

  #considerIndex(): void {
    const count = this.#entryCount
    if (count < minIndexedEntries || count > maxEntriesBeforeIndex) return
    if (this.lookedUp && !this.#sealed) this.#indexKeys()
  }

  /** Begins the index with the keys that are there. */
  #indexKeys(): void {
    if (this.#tree === undefined || this.#keyIndex !== undefined) return
    const arena = this.#arena
    const keyIndex = new KeyIndex(arena)
    const cursor = this.#tree.cursor()
    for (cursor.seekToFirst(); cursor.newest !== 0; cursor.next()) {
      const entry = cursor.newest
      const { bytes, words } = arena
      const start = words[entry + entryKeyStart]!
      const hash = hashKey(bytes, start, start + words[entry + entryKeyLength]!)
      if (!keyIndex.add(hash, entry)) return
    }
    this.#keyIndex = keyIndex
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
  const tree = hasByteOrder(comparator) ? new RadixTree(arena, shared.root) : undefined
  return new MemtableIterator(arena, indexOf(arena, comparator, tree, true))
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
