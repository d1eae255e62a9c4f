import type { OrderedCursor, OrderedIndex } from '../ordered-index.ts'
import type { RadixTree } from './radix-tree.ts'

/** A radix tree read from its end: the reverse bytewise order. */
export class ReverseIndex implements OrderedIndex {
  readonly #tree: RadixTree

  constructor(tree: RadixTree) {
    this.#tree = tree
  }

  find(key: Uint8Array, start: number, end: number): number {
    return this.#tree.find(key, start, end)
  }

  insert(entry: number): void {
    this.#tree.insert(entry)
  }

  cursor(): OrderedCursor {
    return new ReverseCursor(this.#tree.cursor())
  }
}

class ReverseCursor implements OrderedCursor {
  readonly #cursor: OrderedCursor

  constructor(cursor: OrderedCursor) {
    this.#cursor = cursor
  }

  get newest(): number {
    return this.#cursor.newest
  }

  seekToFirst(): void {
    this.#cursor.seekToLast()
  }

  seekToLast(): void {
    this.#cursor.seekToFirst()
  }

  seek(key: Uint8Array, end: number): boolean {
    const exact = this.#cursor.seek(key, end)
    if (this.#cursor.newest === 0) this.#cursor.seekToLast()
    else if (!exact) this.#cursor.prev()
    return exact
  }

  next(): void {
    this.#cursor.prev()
  }

  prev(): void {
    this.#cursor.next()
  }

  clear(): void {
    this.#cursor.clear()
  }
}
