import type { InternalIterator, InternalKeyComparator } from '@varve/base'

import type { Block } from '../block/block.ts'
import { BlockCursor } from '../block/block-cursor.ts'
import type { IndexEntries } from '../index/index-block.ts'
import { searchIndex } from '../index/index-search.ts'

/** What a {@link TableIterator} needs of its table. @internal */
export interface TableBlocks {
  readonly comparator: InternalKeyComparator
  /** The index, or its top level. */
  readonly index: IndexEntries
  readonly twoLevel: boolean
  readonly keyIsUserKey: boolean
  partition(offset: number, sizeBytes: number): IndexEntries
  /** Block of entry `i` of the index or a partition of it; `isScan` when others before it were walked through. */
  block(index: IndexEntries, i: number, isScan: boolean): Block
  release(): void
}

/** Blocks from the one that was sought on that are not yet a scan. */
const soughtBlocks = 2

/** Hot. Walks a table: an index position and a cursor inside the block it leads to. @internal */
export class TableIterator implements InternalIterator {
  readonly #blocks: TableBlocks
  readonly #cursor: BlockCursor
  /** Position in the top level; always 0 without one. */
  #top = 0
  #index: IndexEntries
  #position = 0
  /** Blocks entered since the last seek. */
  #entered = 0
  #closed = false

  constructor(blocks: TableBlocks) {
    this.#blocks = blocks
    this.#index = blocks.index
    this.#cursor = new BlockCursor(blocks.comparator)
  }

  get valid(): boolean {
    return this.#cursor.valid
  }

  get key(): Uint8Array {
    return this.#cursor.key
  }

  get value(): Uint8Array {
    return this.#cursor.value
  }

  seekToFirst(): void {
    if (this.#enterTop(0)) {
      this.#position = 0
      if (this.#enterBlock()) this.#cursor.seekToFirst()
      this.#skipForward()
    }
  }

  seekToLast(): void {
    if (this.#enterTop(this.#topCount() - 1)) {
      this.#position = this.#index.count - 1
      if (this.#enterBlock()) this.#cursor.seekToLast()
      this.#skipBackward()
    }
  }

  seek(target: Uint8Array): void {
    const { comparator, keyIsUserKey, twoLevel, index } = this.#blocks
    this.#entered = 0
    const top = twoLevel ? searchIndex(index, target, comparator, keyIsUserKey) : 0
    if (!this.#enterTop(top)) return
    this.#position = searchIndex(this.#index, target, comparator, keyIsUserKey)
    if (this.#enterBlock()) {
      this.#cursor.seek(target)
      this.#cursor.touchAhead()
    }
    this.#skipForward()
  }

  seekForPrev(target: Uint8Array): void {
    this.seek(target)
    if (!this.valid) this.seekToLast()
    else if (this.#blocks.comparator.compare(this.key, target) > 0) this.prev()
  }

  next(): void {
    this.#cursor.next()
    if (!this.#cursor.valid) this.#skipForward()
  }

  prev(): void {
    this.#cursor.prev()
    if (!this.#cursor.valid) this.#skipBackward()
  }

  rest(): void {
    this.#cursor.setBlock(undefined)
    this.#index = this.#blocks.index
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#cursor.setBlock(undefined)
    this.#blocks.release()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  #topCount(): number {
    return this.#blocks.twoLevel ? this.#blocks.index.count : 1
  }

  /** Loads the index partition at `top`; false and not valid when there is none. */
  #enterTop(top: number): boolean {
    this.#cursor.valid = false
    if (this.#closed || top < 0 || top >= this.#topCount()) return false
    this.#top = top
    const { twoLevel, index } = this.#blocks
    this.#index = twoLevel ? this.#blocks.partition(index.offsets[top]!, index.sizes[top]!) : index
    return true
  }

  /** Aims the cursor at the block under the index position; false when that stands outside. */
  #enterBlock(): boolean {
    this.#cursor.valid = false
    const i = this.#position
    if (i < 0 || i >= this.#index.count) return false
    this.#cursor.setBlock(this.#blocks.block(this.#index, i, this.#entered++ >= soughtBlocks))
    return true
  }

  #skipForward(): void {
    while (!this.#cursor.valid) {
      if (++this.#position >= this.#index.count) {
        if (!this.#enterTop(this.#top + 1)) return
        this.#position = 0
      }
      if (this.#enterBlock()) this.#cursor.seekToFirst()
    }
  }

  #skipBackward(): void {
    while (!this.#cursor.valid) {
      if (--this.#position < 0) {
        if (!this.#enterTop(this.#top - 1)) return
        this.#position = this.#index.count - 1
      }
      if (this.#enterBlock()) this.#cursor.seekToLast()
    }
  }
}
