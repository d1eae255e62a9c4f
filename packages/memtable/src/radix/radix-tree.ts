import type { Arena } from '../arena.ts'
import { addVersion, entryHasKey, entryKeyLength, entryKeyStart, newestOf } from '../entry.ts'
import type { OrderedCursor, OrderedIndex } from '../ordered-index.ts'
import { RadixCursor } from './radix-cursor.ts'
import {
  addChild,
  childSlot,
  headOf,
  countOf,
  kindOf,
  maxPrefixLength,
  NodeKind,
  NodePool,
  nodeEnd,
  nodePrefix,
  prefixLengthOf,
} from './radix-node.ts'

/**
 * Hot. User keys in bytewise order: an adaptive radix tree whose leaves are the anchors of their versions.
 *
 * Every byte of the path is compared on the way down, so a leaf needs only the rest of its key looked at. Nodes are reused
 * when outgrown, so a cursor must not go on with a path from before a change: {@link RadixTree.changes} tells.
 */
export class RadixTree implements OrderedIndex {
  readonly arena: Arena
  /** As a child of a node: see `radix-node.ts`. */
  root: number
  /** Counts insertions; a version that is added without one changes no path. */
  changes = 0
  readonly #pool: NodePool

  /** With `root` the tree is one that another thread made. */
  constructor(arena: Arena, root: number = 0) {
    this.arena = arena
    this.root = root
    this.#pool = new NodePool(arena)
  }

  find(key: Uint8Array, start: number, end: number): number {
    const { words, bytes } = this.arena
    const length = end - start
    let child = this.root
    let depth = 0
    while (child !== 0) {
      if ((child & 1) === 1) {
        const entry = child >>> 1
        return entryHasKey(this.arena, entry, key, start, end, depth) ? newestOf(words, entry) : 0
      }
      const node = child >>> 1
      const prefixLength = prefixLengthOf(words[node]!)
      if (prefixLength > 0) {
        if (depth + prefixLength > length) return 0
        const prefix = words[node + nodePrefix]!
        for (let i = 0; i < prefixLength; i++)
          if (bytes[prefix + i] !== key[start + depth + i]) return 0
        depth += prefixLength
      }
      if (depth === length) {
        const anchor = words[node + nodeEnd]! >>> 1
        return anchor === 0 ? 0 : newestOf(words, anchor)
      }
      const slot = childSlot(words, bytes, node, key[start + depth]!)
      if (slot === 0) return 0
      child = words[slot]!
      depth++
    }
    return 0
  }

  insert(entry: number): void {
    this.changes++
    const { arena } = this
    const keyStart = arena.words[entry + entryKeyStart]!
    const length = arena.words[entry + entryKeyLength]!
    const leaf = entry * 2 + 1
    let child = this.root
    /** Word that holds `child`; 0 for the root. */
    let slot = 0
    let depth = 0
    for (;;) {
      const { words, bytes } = arena
      if (child === 0) {
        this.#set(slot, leaf)
        return
      }
      if ((child & 1) === 1) {
        const other = child >>> 1
        if (entryHasKey(arena, other, bytes, keyStart, keyStart + length, depth)) {
          addVersion(words, newestOf(words, other), entry)
          return
        }
        this.#set(slot, this.#split(other, entry, depth) * 2)
        return
      }
      const node = child >>> 1
      const prefixLength = prefixLengthOf(words[node]!)
      if (prefixLength > 0) {
        const prefix = words[node + nodePrefix]!
        const limit = Math.min(prefixLength, length - depth)
        let same = 0
        while (same < limit && bytes[prefix + same] === bytes[keyStart + depth + same]) same++
        if (same < prefixLength) {
          this.#set(slot, this.#splitPrefix(node, same, entry, depth) * 2)
          return
        }
        depth += prefixLength
      }
      if (depth === length) {
        const other = words[node + nodeEnd]! >>> 1
        if (other === 0) words[node + nodeEnd] = leaf
        else addVersion(words, newestOf(words, other), entry)
        return
      }
      const byte = bytes[keyStart + depth]!
      const next = childSlot(words, bytes, node, byte)
      if (next === 0) {
        const grown = addChild(arena, this.#pool, node, byte, leaf)
        if (grown !== node) this.#set(slot, grown * 2)
        return
      }
      slot = next
      child = words[slot]!
      depth++
    }
  }

  cursor(): OrderedCursor {
    return new RadixCursor(this)
  }

  #set(slot: number, child: number): void {
    if (slot === 0) this.root = child
    else this.arena.words[slot] = child
  }

  /** A node over two entries whose keys agree in `depth` bytes at least and are not the same. */
  #split(a: number, b: number, depth: number): number {
    const { arena } = this
    const { bytes } = arena
    const startA = arena.words[a + entryKeyStart]!
    const startB = arena.words[b + entryKeyStart]!
    const lengthA = arena.words[a + entryKeyLength]!
    const lengthB = arena.words[b + entryKeyLength]!
    const limit = Math.min(lengthA, lengthB, depth + maxPrefixLength)
    let same = depth
    while (same < limit && bytes[startA + same] === bytes[startB + same]) same++
    const node = this.#pool.allocate(NodeKind.Node4)
    arena.words[node] = headOf(NodeKind.Node4, 0, same - depth)
    arena.words[node + nodePrefix] = startA + depth
    if (
      same < lengthA &&
      same < lengthB &&
      arena.bytes[startA + same] === arena.bytes[startB + same]
    ) {
      // The common part is longer than a prefix can be: go on below.
      const below = this.#split(a, b, same + 1)
      return addChild(arena, this.#pool, node, arena.bytes[startA + same]!, below * 2)
    }
    this.#addEntry(node, a, same)
    this.#addEntry(node, b, same)
    return node
  }

  /** A node that takes the first `same` bytes of a node's prefix, with the rest of that node and the entry below. */
  #splitPrefix(node: number, same: number, entry: number, depth: number): number {
    const { arena } = this
    const upper = this.#pool.allocate(NodeKind.Node4)
    const { words, bytes } = arena
    const head = words[node]!
    const prefix = words[node + nodePrefix]!
    words[upper] = headOf(NodeKind.Node4, 0, same)
    words[upper + nodePrefix] = prefix
    words[node] = headOf(kindOf(head), countOf(head), prefixLengthOf(head) - same - 1)
    words[node + nodePrefix] = prefix + same + 1
    addChild(arena, this.#pool, upper, bytes[prefix + same]!, node * 2)
    this.#addEntry(upper, entry, depth + same)
    return upper
  }

  #addEntry(node: number, entry: number, depth: number): void {
    const { arena } = this
    const leaf = entry * 2 + 1
    if (arena.words[entry + entryKeyLength] === depth) {
      arena.words[node + nodeEnd] = leaf
      return
    }
    const byte = arena.bytes[arena.words[entry + entryKeyStart]! + depth]!
    addChild(arena, this.#pool, node, byte, leaf)
  }
}
