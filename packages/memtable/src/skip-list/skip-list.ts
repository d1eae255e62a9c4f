import type { Comparator } from '@varve/base'

import type { Arena } from '../arena.ts'
import { entryKeyLength, entryKeyStart, linkVersion } from '../entry.ts'
import type { OrderedCursor, OrderedIndex } from '../ordered-index.ts'

/**
 * User keys in the order of any comparator, where the radix tree knows only bytes.
 *
 * One node per user key: `newest entry | next node, one per level …`.
 *
 * Source: skip lists, William Pugh, 1990, branching factor 4.
 */
export class SkipList implements OrderedIndex {
  readonly #arena: Arena
  readonly #comparator: Comparator
  readonly #predecessors = new Int32Array(maxHeight)
  #randomState = 0x2545f491

  /** Makes the list's head in the arena, which is empty; or, when `shared`, finds the head that another thread made. */
  constructor(arena: Arena, comparator: Comparator, shared: boolean) {
    this.#arena = arena
    this.#comparator = comparator
    if (!shared) arena.allocate(nodeWords + maxHeight)
  }

  find(key: Uint8Array, start: number, end: number): number {
    const sought = start === 0 && end === key.length ? key : key.subarray(start, end)
    const node = this.#next(this.#before(sought))
    return node !== 0 && this.#compare(node, sought) === 0 ? this.newestOf(node) : 0
  }

  insert(entry: number): void {
    const arena = this.#arena
    const start = arena.words[entry + entryKeyStart]!
    const key = arena.bytes.subarray(start, start + arena.words[entry + entryKeyLength]!)
    const found = this.#next(this.#before(key))
    if (found !== 0 && this.#compare(found, key) === 0) {
      arena.words[found] = linkVersion(arena.words, arena.words[found]!, entry)
      return
    }
    const height = this.#randomHeight()
    const node = arena.allocate(nodeWords + height)
    const { words } = arena
    words[node] = entry
    for (let level = 0; level < height; level++) {
      const link = this.#predecessors[level]! + nodeWords + level
      words[node + nodeWords + level] = words[link]!
      words[link] = node
    }
  }

  cursor(): OrderedCursor {
    return new SkipListCursor(this)
  }

  /** Newest entry of a node. */
  newestOf(node: number): number {
    return this.#arena.words[node]!
  }

  first(): number {
    return this.#next(headNode)
  }

  last(): number {
    const { words } = this.#arena
    let node = headNode
    for (let level = maxHeight - 1; level >= 0; level--) {
      for (;;) {
        const next = words[node + nodeWords + level]!
        if (next === 0) break
        node = next
      }
    }
    return node === headNode ? 0 : node
  }

  /** First node at or after the key, 0 when there is none. */
  atOrAfter(key: Uint8Array): number {
    return this.#next(this.#before(key))
  }

  after(node: number): number {
    return this.#next(node)
  }

  /** Last node before a node, 0 when there is none. */
  before(node: number): number {
    const before = this.#before(this.#keyOf(node))
    return before === headNode ? 0 : before
  }

  hasKey(node: number, key: Uint8Array): boolean {
    return this.#compare(node, key) === 0
  }

  #next(node: number): number {
    return this.#arena.words[node + nodeWords]!
  }

  /** Last node before the key, the head when there is none; leaves the predecessors of all levels. */
  #before(key: Uint8Array): number {
    const { words } = this.#arena
    let node = headNode
    for (let level = maxHeight - 1; level >= 0; level--) {
      for (;;) {
        const next = words[node + nodeWords + level]!
        if (next === 0 || this.#compare(next, key) >= 0) break
        node = next
      }
      this.#predecessors[level] = node
    }
    return node
  }

  #keyOf(node: number): Uint8Array {
    const { words, bytes } = this.#arena
    const entry = words[node]!
    const start = words[entry + entryKeyStart]!
    return bytes.subarray(start, start + words[entry + entryKeyLength]!)
  }

  #compare(node: number, key: Uint8Array): number {
    return this.#comparator.compare(this.#keyOf(node), key)
  }

  #randomHeight(): number {
    // xorshift32: any deterministic scatter does.
    let x = this.#randomState
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    this.#randomState = x
    let height = 1
    while (height < maxHeight && (x & 3) === 0) {
      height++
      x >>>= 2
    }
    return height
  }
}

/** Stays right while nodes are added: it sees those that come behind its position. */
class SkipListCursor implements OrderedCursor {
  readonly #list: SkipList
  #node = 0

  constructor(list: SkipList) {
    this.#list = list
  }

  get newest(): number {
    return this.#node === 0 ? 0 : this.#list.newestOf(this.#node)
  }

  seekToFirst(): void {
    this.#node = this.#list.first()
  }

  seekToLast(): void {
    this.#node = this.#list.last()
  }

  seek(key: Uint8Array, end: number): boolean {
    const sought = key.subarray(0, end)
    this.#node = this.#list.atOrAfter(sought)
    return this.#node !== 0 && this.#list.hasKey(this.#node, sought)
  }

  next(): void {
    this.#node = this.#list.after(this.#node)
  }

  prev(): void {
    this.#node = this.#list.before(this.#node)
  }

  clear(): void {
    this.#node = 0
  }
}

/** Enough for 4^12 keys. */
const maxHeight = 12
/** The arena's first word behind the one that stands for none. */
const headNode = 2
const nodeWords = 1
