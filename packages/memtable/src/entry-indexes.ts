import type { Comparator, InternalIterator } from '@varve/base'

import type { Arena } from './arena.ts'
import { EntryList } from './entry-list.ts'
import { addVersion, entryKeyLength, entryKeyStart, isAnchor, newestOf } from './entry.ts'
import { hashKey, KeyIndex } from './key-index.ts'
import { MemtableIterator } from './memtable-iterator.ts'
import { directionOf, hasByteOrder, orderedIndexOf } from './ordered-index-of.ts'
import type { OrderedIndex } from './ordered-index.ts'
import { RadixTree } from './radix/radix-tree.ts'
import { sortedEntries } from './sorted/sort-entries.ts'
import { SortedEntriesIterator } from './sorted/sorted-entries-iterator.ts'

/** Fewer entries are found as quickly without an index of their keys. */
const minIndexedEntries = 64
/** Where the tree is kept, making the index of more entries than this would hold up the look-up that asks for it. */
const maxEntriesBeforeIndex = 4096
/** Entries for each look-up from which on an index of their keys beside the tree costs more than the walks that it saves. */
const entriesPerLookup = 4

export interface Expectations {
  readonly lookups: boolean
  readonly order: boolean
}

/**
 * Hot. The ways to the entries of a memtable: a list of them as they came; an index of their keys by hash from the first look-up on, and
 * the radix tree from the first iterator on, each kept complete from then on. Both link the versions of a key, whichever sees an
 * entry first. Orders that are not of bytes have a skip list, and nothing else, from the beginning.
 */
export class EntryIndexes {
  readonly #arena: Arena
  readonly #comparator: Comparator
  /** Undefined when the order is not one of bytes. */
  readonly #tree: RadixTree | undefined
  readonly #order: OrderedIndex
  /** All entries, where there is a tree to come. */
  readonly #entries: EntryList
  readonly #expectsLookups: boolean
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
  #count = 0
  #lookups = 0

  constructor(arena: Arena, comparator: Comparator, expectations: Expectations) {
    this.#arena = arena
    this.#comparator = comparator
    this.#tree = hasByteOrder(comparator) ? new RadixTree(arena) : undefined
    this.#order = orderedIndexOf(arena, comparator, this.#tree, false)
    this.#entries = new EntryList(arena)
    this.#expectsLookups = expectations.lookups
    this.#keepsOrder = expectations.order
  }

  get count(): number {
    return this.#count
  }

  /** Whether keys were looked up often enough for an index of them to pay. */
  get lookedUp(): boolean {
    if (this.#lookups === 0) return false
    return !this.#keepsOrder || this.#lookups * entriesPerLookup >= this.#count
  }

  /** Whether there were iterators. */
  get iterated(): boolean {
    return this.#iterated
  }

  /** Whether equal keys are equal bytes, so that a hash of them is of use. */
  get hashesKeys(): boolean {
    return this.#tree !== undefined
  }

  /** Bytes outside of the arena. */
  get otherBytes(): number {
    return this.#keyIndex?.directoryBytes ?? 0
  }

  /** As a child of a node of the tree; 0 when there is none. */
  get root(): number {
    return this.#tree?.root ?? 0
  }

  /** Where the list of the entries is that are not in the order; undefined when all are. */
  get unordered(): Int32Array | undefined {
    return this.#isOrdered ? undefined : this.#entries.chunkOffsets()
  }

  get #isOrdered(): boolean {
    return this.#tree === undefined || this.#ordered === this.#entries.length
  }

  /** Adds an entry, which is complete but for its links. Returns the newest version of its key before, if the index by hash knows; else 0. */
  add(entry: number): number {
    this.#count++
    if (this.#tree === undefined) {
      this.#order.insert(entry)
      return 0
    }
    this.#entries.add(entry)
    let newest = 0
    if (this.#keyIndex !== undefined) newest = this.#indexEntry(this.#keyIndex, entry)
    else if (this.#expectsLookups && this.#count === minIndexedEntries) this.#indexKeys()
    if (this.#keepsOrder) this.#orderEntries(this.#tree)
    return newest
  }

  /** Newest version of `key[start, end)`, if the index by hash knows; else 0. */
  indexed(key: Uint8Array, start: number, end: number): number {
    const keyIndex = this.#keyIndex
    if (keyIndex === undefined) return 0
    const place = keyIndex.find(hashKey(key, start, end), key, start, end)
    return place === 0 ? 0 : this.#arena.words[place]!
  }

  /** Newest version of the key, whose hash by {@link hashKey} it is; 0 when there is none. */
  find(key: Uint8Array, hash: number): number {
    this.#lookups++
    const tree = this.#tree
    if (tree === undefined) return this.#order.find(key, 0, key.length)
    if (this.#keyIndex === undefined) this.#prepareLookup(tree)
    const keyIndex = this.#keyIndex
    if (keyIndex === undefined) return tree.find(key, 0, key.length)
    const place = keyIndex.find(hash, key, 0, key.length)
    return place === 0 ? 0 : this.#arena.words[place]!
  }

  /** Over all versions. `complete` when no entries will be added. */
  iterator(complete: boolean): InternalIterator {
    const arena = this.#arena
    this.#iterated = true
    if (complete && !this.#isOrdered) {
      const direction = directionOf(this.#comparator)
      // Twice as quick as the tree, which only additions need.
      const entries = this.#entries
      this.#sorted ??= sortedEntries(arena, entries.chunkOffsets(), entries.length, direction)
      return new SortedEntriesIterator(arena, this.#sorted, direction)
    }
    this.#keepsOrder = true
    if (this.#tree !== undefined) this.#orderEntries(this.#tree)
    return new MemtableIterator(arena, this.#order)
  }

  /** Puts the entries into the tree that are not there. */
  #orderEntries(tree: RadixTree): void {
    const entries = this.#entries
    // Those that the index has are linked to the other versions of their keys; the tree leads to the first one.
    const linked = this.#keyIndex !== undefined
    while (this.#ordered < entries.length) {
      const entry = entries.at(this.#ordered++)
      if (!linked || isAnchor(this.#arena.words, entry)) tree.insert(entry)
    }
  }

  /** Links an entry to the other versions of its key, and the index to it. Returns the newest version before, 0 when there is none. */
  #indexEntry(keyIndex: KeyIndex, entry: number): number {
    const arena = this.#arena
    const { bytes } = arena
    const start = arena.words[entry + entryKeyStart]!
    const end = start + arena.words[entry + entryKeyLength]!
    const hash = hashKey(bytes, start, end)
    const place = keyIndex.find(hash, bytes, start, end)
    if (place === 0) {
      if (!keyIndex.add(hash, entry)) this.#giveUpIndex()
      return 0
    }
    const { words } = arena
    const newest = words[place]!
    words[place] = addVersion(words, newest, entry)
    return newest
  }

  #giveUpIndex(): void {
    if (this.#tree !== undefined) this.#orderEntries(this.#tree)
    this.#keyIndex = undefined
    this.#isHashable = false
    this.#keepsOrder = true
  }

  /** Has the index or the tree complete, whichever is better for look-ups now. */
  #prepareLookup(tree: RadixTree): void {
    const count = this.#count
    const indexPays =
      count >= minIndexedEntries &&
      this.#isHashable &&
      (!this.#keepsOrder || (this.lookedUp && count <= maxEntriesBeforeIndex))
    if (indexPays) this.#indexKeys()
    else this.#orderEntries(tree)
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
}
