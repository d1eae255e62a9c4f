import {
  assert,
  bytewiseComparator,
  maxSequence,
  type Comparator,
  type InternalIterator,
} from '@varve/base'

import {
  entryOlder,
  entryTrailerHigh,
  entryTrailerLow,
  entryValueLength,
  entryValueStart,
  EntryStore,
} from './entry-store.ts'
import { hashKey, KeyIndex } from './key-index.ts'
import { MemtableIterator } from './memtable-iterator.ts'
import { RangeTombstoneList, type RangeTombstone } from './range-tombstones.ts'

const noBytes = new Uint8Array(0)
const defaultCapacityBytes = 16 * 1024

export interface MemtableOptions {
  /** Order of user keys. Default: bytewise. */
  readonly comparator?: Comparator
  /** Memory to begin with; it doubles as needed. Default 16 KiB. */
  readonly initialCapacityBytes?: number
}

/** A sealed memtable as plain data: posting it to a worker shares the memory instead of copying it. */
export interface SharedMemtable {
  readonly buffer: SharedArrayBuffer
  readonly usedWords: number
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
  readonly #store: EntryStore
  readonly #index: KeyIndex
  readonly #rangeTombstones: RangeTombstoneList
  #entryCount = 0
  #deletionCount = 0
  #rangeTombstoneBytes = 0
  #smallestSequence = maxSequence
  #largestSequence = 0
  #sealed = false

  constructor(options: MemtableOptions = {}) {
    this.comparator = options.comparator ?? bytewiseComparator
    this.#store = new EntryStore(
      this.comparator,
      options.initialCapacityBytes ?? defaultCapacityBytes,
    )
    this.#index = new KeyIndex(this.#store)
    this.#rangeTombstones = new RangeTombstoneList(this.comparator)
  }

  /** Point entries; range tombstones are counted apart. */
  get entryCount(): number {
    return this.#entryCount
  }

  get deletionCount(): number {
    return this.#deletionCount
  }

  get empty(): boolean {
    return this.#entryCount === 0 && this.#rangeTombstones.size === 0
  }

  /** Bytes of memory in use: entries, index and range tombstones. */
  get approximateMemoryBytes(): number {
    return this.#store.used * 4 + this.#index.sizeBytes + this.#rangeTombstoneBytes
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
    assert(!this.#sealed, 'a sealed memtable takes no entries')
    const high = Math.floor(sequence / 0x100_0000)
    const low = ((sequence - high * 0x100_0000) << 8) | type
    const hash = hashKey(key, keyStart, keyEnd)
    let node = this.#index.find(key, keyStart, keyEnd, hash)
    if (node === 0) {
      node = this.#store.insertNode(key, keyStart, keyEnd, hash)
      this.#index.add(node, hash)
    }
    this.#store.insertEntry(node, low, high, value, valueStart, valueEnd)
    this.#entryCount++
    // Deletion and SingleDeletion.
    if (type === 0 || type === 7) this.#deletionCount++
    this.#countSequence(sequence)
  }

  /** Deletes `[start, end)` below `sequence`; bytes are copied. A range that is empty in the family's order has no effect. */
  addRangeTombstone(sequence: number, start: Uint8Array, end: Uint8Array): void {
    assert(!this.#sealed, 'a sealed memtable takes no entries')
    if (this.comparator.compare(start, end) >= 0) return
    this.#rangeTombstones.add({ start: new Uint8Array(start), end: new Uint8Array(end), sequence })
    this.#rangeTombstoneBytes += start.length + end.length + 64
    this.#countSequence(sequence)
  }

  /** Hot. Newest version of the user key at or before `snapshot`, 0 when there is none. Range tombstones are not looked at. */
  find(userKey: Uint8Array, snapshot: number): number {
    const hash = hashKey(userKey, 0, userKey.length)
    const node = this.#index.find(userKey, 0, userKey.length, hash)
    if (node === 0) return 0
    const high = Math.floor(snapshot / 0x100_0000)
    return this.#store.firstVisible(node, ((snapshot - high * 0x100_0000) << 8) | 0xff, high)
  }

  /** The next older version of the same user key, 0 when there is none. */
  olderEntry(entry: number): number {
    return this.#store.words[entry + entryOlder]!
  }

  entryType(entry: number): number {
    return this.#store.words[entry + entryTrailerLow]! & 0xff
  }

  entrySequence(entry: number): number {
    const { words } = this.#store
    return (
      (words[entry + entryTrailerHigh]! >>> 0) * 0x100_0000 +
      (words[entry + entryTrailerLow]! >>> 8)
    )
  }

  /** A view of shared memory that stays good; copy it before giving it to a caller. */
  entryValue(entry: number): Uint8Array {
    const { bytes, words } = this.#store
    const start = words[entry + entryValueStart]!
    return bytes.subarray(start, start + words[entry + entryValueLength]!)
  }

  /** Sequence number of the newest range tombstone at or before `snapshot` that covers the key, -1 when none does. */
  maxCoveringTombstone(userKey: Uint8Array, snapshot: number): number {
    return this.#rangeTombstones.maxCoveringSequence(userKey, snapshot)
  }

  iterator(): InternalIterator {
    return new MemtableIterator(this.#store)
  }

  /** Ends writing. */
  seal(): void {
    this.#sealed = true
  }

  /** The sealed memtable for another thread; see {@link openSharedMemtable}. */
  share(): SharedMemtable {
    assert(this.#sealed, 'only a sealed memtable is shared')
    return {
      buffer: this.#store.buffer,
      usedWords: this.#store.used,
      entryCount: this.#entryCount,
      rangeTombstones: this.#rangeTombstones.tombstones,
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
  return new MemtableIterator(new EntryStore(comparator, 0, shared.buffer, shared.usedWords))
}
