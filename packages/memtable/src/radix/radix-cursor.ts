import { entryKeyLength, entryKeyStart, newestOf } from '../entry.ts'
import type { OrderedCursor } from '../ordered-index.ts'
import {
  childSlot,
  nextByte,
  nodeEnd,
  nodePrefix,
  prefixLengthOf,
  previousByte,
} from './radix-node.ts'
import type { RadixTree } from './radix-tree.ts'

/** Position in a node: its own end of key, before all children. */
const atEnd = -1

/**
 * Hot. Walks a radix tree by the path from its root. When the tree has changed since, the path is found anew from the key
 * under the cursor.
 */
export class RadixCursor implements OrderedCursor {
  readonly #tree: RadixTree
  /** Nodes on the path, and the key byte taken in each. */
  readonly #nodes: number[] = []
  readonly #taken: number[] = []
  #depth = 0
  #changes = 0
  /** Leaf at the end of the path, 0 for none. */
  #anchor = 0

  constructor(tree: RadixTree) {
    this.#tree = tree
  }

  get newest(): number {
    const anchor = this.#anchor
    return anchor === 0 ? 0 : newestOf(this.#tree.arena.words, anchor)
  }

  seekToFirst(): void {
    this.#reset()
    this.#descendFirst(this.#tree.root)
  }

  seekToLast(): void {
    this.#reset()
    this.#descendLast(this.#tree.root)
  }

  seek(key: Uint8Array, end: number): boolean {
    return this.#seek(key, 0, end)
  }

  next(): void {
    if (this.#changes !== this.#tree.changes) this.#refresh()
    this.#ascendNext()
  }

  prev(): void {
    if (this.#changes !== this.#tree.changes) this.#refresh()
    this.#ascendPrevious()
  }

  clear(): void {
    this.#depth = 0
    this.#anchor = 0
  }

  /** Finds the path anew. */
  #refresh(): void {
    this.#changes = this.#tree.changes
    if (this.#anchor === 0) return
    const { words, bytes } = this.#tree.arena
    const start = words[this.#anchor + entryKeyStart]!
    this.#seek(bytes, start, start + words[this.#anchor + entryKeyLength]!)
  }

  #reset(): void {
    this.#depth = 0
    this.#anchor = 0
    this.#changes = this.#tree.changes
  }

  #seek(key: Uint8Array, start: number, end: number): boolean {
    this.#reset()
    const { words, bytes } = this.#tree.arena
    const length = end - start
    let child = this.#tree.root
    let depth = 0
    while (child !== 0) {
      if ((child & 1) === 1) {
        const entry = child >>> 1
        const order = this.#compareRest(entry, key, start, length, depth)
        if (order >= 0) this.#anchor = entry
        else this.#ascendNext()
        return order === 0
      }
      const node = child >>> 1
      const prefixLength = prefixLengthOf(words[node]!)
      const prefix = words[node + nodePrefix]!
      for (let i = 0; i < prefixLength; i++) {
        const order = depth + i < length ? bytes[prefix + i]! - key[start + depth + i]! : 1
        if (order === 0) continue
        // The whole subtree lies on one side of the key.
        if (order > 0) this.#descendFirst(child)
        else this.#ascendNext()
        return false
      }
      depth += prefixLength
      if (depth === length) {
        const exact = words[node + nodeEnd]! !== 0
        this.#descendFirst(child)
        return exact
      }
      const byte = key[start + depth]!
      this.#push(node, byte)
      const slot = childSlot(words, bytes, node, byte)
      if (slot === 0) {
        this.#ascendNext()
        return false
      }
      child = words[slot]!
      depth++
    }
    return false
  }

  /** The entry's key against the sought one behind `depth` common bytes. */
  #compareRest(
    entry: number,
    key: Uint8Array,
    start: number,
    length: number,
    depth: number,
  ): number {
    const { words, bytes } = this.#tree.arena
    const keyStart = words[entry + entryKeyStart]!
    const keyLength = words[entry + entryKeyLength]!
    const limit = keyLength < length ? keyLength : length
    for (let i = depth; i < limit; i++) {
      const order = bytes[keyStart + i]! - key[start + i]!
      if (order !== 0) return order
    }
    return keyLength - length
  }

  #push(node: number, byte: number): void {
    this.#nodes[this.#depth] = node
    this.#taken[this.#depth++] = byte
  }

  /** To the first key below `child`. */
  #descendFirst(child: number): void {
    const { words, bytes } = this.#tree.arena
    while (child !== 0 && (child & 1) === 0) {
      const node = child >>> 1
      const end = words[node + nodeEnd]!
      if (end !== 0) {
        this.#push(node, atEnd)
        child = end
        break
      }
      const byte = nextByte(words, bytes, node, 0)
      this.#push(node, byte)
      child = words[childSlot(words, bytes, node, byte)]!
    }
    this.#anchor = child >>> 1
  }

  /** To the last key below `child`. */
  #descendLast(child: number): void {
    const { words, bytes } = this.#tree.arena
    while (child !== 0 && (child & 1) === 0) {
      const node = child >>> 1
      const byte = previousByte(words, bytes, node, 255)
      this.#push(node, byte)
      child = byte < 0 ? words[node + nodeEnd]! : words[childSlot(words, bytes, node, byte)]!
    }
    this.#anchor = child >>> 1
  }

  /** To the first key behind the path. */
  #ascendNext(): void {
    const { words, bytes } = this.#tree.arena
    while (this.#depth > 0) {
      const top = this.#depth - 1
      const node = this.#nodes[top]!
      const byte = nextByte(words, bytes, node, this.#taken[top]! + 1)
      if (byte < 256) {
        this.#taken[top] = byte
        this.#descendFirst(words[childSlot(words, bytes, node, byte)]!)
        return
      }
      this.#depth = top
    }
    this.#anchor = 0
  }

  /** To the last key before the path. */
  #ascendPrevious(): void {
    const { words, bytes } = this.#tree.arena
    while (this.#depth > 0) {
      const top = this.#depth - 1
      const node = this.#nodes[top]!
      const taken = this.#taken[top]!
      if (taken > atEnd) {
        const byte = previousByte(words, bytes, node, taken - 1)
        const end = words[node + nodeEnd]!
        if (byte >= 0 || end !== 0) {
          this.#taken[top] = byte
          this.#descendLast(byte < 0 ? end : words[childSlot(words, bytes, node, byte)]!)
          return
        }
      }
      this.#depth = top
    }
    this.#anchor = 0
  }
}
