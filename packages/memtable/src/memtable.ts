import {
  assert,
  bytewiseComparator,
  copyRange,
  maxSequence,
  ownedCopy,
  ValueType,
  type Comparator,
  type InternalIterator,
  type RangeTombstone,
} from '@varve/base'

import { Arena } from './arena.ts'
import { EntryIndexes } from './entry-indexes.ts'
import {
  entryKeyLength,
  entryKeyStart,
  entryOlder,
  entryTrailerHigh,
  entryTrailerLow,
  entryValueLength,
  entryValueStart,
  entryWords,
  firstVisible,
  setTrailer,
} from './entry.ts'
import { hashKey } from './key-index.ts'
import { OverwriteSample } from './overwrite-sample.ts'
import { RangeTombstoneList } from './range-tombstones.ts'
import type { SharedMemtable } from './shared-memtable.ts'
import type { SpareMemory } from './spare-memory.ts'

const noBytes = new Uint8Array(0)
const valueType = ValueType.Value
const defaultCapacityBytes = 16 * 1024
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

/**
 * Ordered table of versions in memory: every put, deletion and merge operand of its time, by user key and then newest
 * first, and the range tombstones.
 *
 * Entries are listed as they come. An index by hash is made with the first look-up, the radix tree with the first iterator, and
 * each is kept from then on; who flushes a memtable without a tree sorts the list. Other orders than those of bytes have a skip list
 * from the beginning.
 *
 * One thread writes and reads; after {@link seal} nobody writes and any thread reads through {@link share}. Keys and
 * values are copied in. Lookups return entry references, numbers that stay good for the life of the memtable (a value that
 * {@link put} writes over leaves its reference to the new one), so that a read allocates nothing but the value it returns.
 */
export class Memtable {
  readonly comparator: Comparator
  /** Versions up to this sequence number can be seen by a reader that is at work: {@link put} leaves them. Default: all can. */
  viewedTo: number = Number.POSITIVE_INFINITY
  readonly #arena: Arena
  readonly #indexes: EntryIndexes
  readonly #rangeTombstones: RangeTombstoneList
  readonly #observer: MemtableObserver | undefined
  readonly #overwritable = new OverwriteSample()
  #overwrittenTo = 0
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
    this.#indexes = new EntryIndexes(this.#arena, this.comparator, {
      lookups: options.expectsLookups ?? false,
      order: options.expectsOrder ?? false,
    })
    this.#rangeTombstones = new RangeTombstoneList(this.comparator)
    this.#observer = options.observer
  }

  /** Point entries, a value written over another one not counted; range tombstones are counted apart. */
  get entryCount(): number {
    return this.#indexes.count
  }

  get deletionCount(): number {
    return this.#deletionCount
  }

  get empty(): boolean {
    return this.#indexes.count === 0 && this.#rangeTombstones.size === 0
  }

  /** Whether keys were looked up often enough for an index of them to pay. */
  get lookedUp(): boolean {
    return this.#indexes.lookedUp
  }

  /** Whether there were iterators. */
  get iterated(): boolean {
    return this.#indexes.iterated
  }

  /** Whether values come often for keys whose present value nobody sees any more: then {@link put} is better than {@link addStored}. */
  get overwrites(): boolean {
    return this.#overwritable.often
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
    return this.#rangeTombstoneBytes + this.#indexes.otherBytes
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
    const entry = this.#arena.allocate(entryWords)
    const { words } = this.#arena
    setTrailer(words, entry, sequence, type)
    words[entry + entryKeyStart] = keyAt
    words[entry + entryKeyLength] = keyLength
    words[entry + entryValueStart] = valueAt
    words[entry + entryValueLength] = valueLength
    const newest = this.#indexes.add(entry)
    this.#overwritable.add(
      newest !== 0 && type === valueType && this.#isOverwritable(newest, valueLength),
    )
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
    const newest = this.#indexes.indexed(source, keyStart, keyEnd)
    if (newest !== 0 && this.#isOverwritable(newest, valueEnd - valueStart)) {
      this.#overwrite(newest, sequence, source, valueStart, valueEnd)
      return
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
      this.#indexes.hashesKeys ? hashKey(userKey, 0, userKey.length) : 0,
      snapshot,
    )
  }

  /** Hot. {@link find} with the key's hash by {@link hashKey}, which serves all memtables of a look-up. */
  findHashed(userKey: Uint8Array, hash: number, snapshot: number): number {
    const newest = this.#indexes.find(userKey, hash)
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

  /** A view of shared memory, good until {@link put} writes over the value; copy it before giving it to a caller. */
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
    return this.#indexes.iterator(this.#sealed)
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
      root: this.#indexes.root,
      unordered: this.#indexes.unordered,
      entryCount: this.#indexes.count,
      rangeTombstones: this.#rangeTombstones.tombstones,
    }
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

  #overwrite(
    newest: number,
    sequence: number,
    source: Uint8Array,
    valueStart: number,
    valueEnd: number,
  ): void {
    assert(!this.#sealed, 'a sealed memtable takes no entries')
    const { words, bytes } = this.#arena
    const valueAt = words[newest + entryValueStart]!
    setTrailer(words, newest, sequence, valueType)
    copyRange(source, valueStart, valueEnd, bytes, valueAt)
    this.#overwrittenTo = sequence
    this.#overwritable.add(true)
    this.#countSequence(sequence)
    if (this.#observer === undefined) return
    const keyAt = words[newest + entryKeyStart]!
    const keyEnd = keyAt + words[newest + entryKeyLength]!
    const valueEndAt = valueAt + valueEnd - valueStart
    this.#observer.added(valueType, bytes, keyAt, keyEnd, valueAt, valueEndAt)
  }

  #countSequence(sequence: number): void {
    if (sequence < this.#smallestSequence) this.#smallestSequence = sequence
    if (sequence > this.#largestSequence) this.#largestSequence = sequence
  }
}
