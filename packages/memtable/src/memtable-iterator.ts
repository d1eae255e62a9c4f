import { readFixed32, trailerSizeBytes } from '@varve/base'

import type { Arena } from './arena.ts'
import { EntryIterator } from './entry-iterator.ts'
import { compareTrailer, entryOlder, firstVisible } from './entry.ts'
import type { OrderedCursor, OrderedIndex } from './ordered-index.ts'

/**
 * Walks the versions of a memtable in internal-key order. Stays right while entries are added: it sees those that come
 * behind its position.
 */
export class MemtableIterator extends EntryIterator {
  /** Stands on the user key of the current entry. */
  readonly #keys: OrderedCursor

  constructor(arena: Arena, index: OrderedIndex) {
    super(arena)
    this.#keys = index.cursor()
  }

  seekToFirst(): void {
    this.#keys.seekToFirst()
    this.#toNewest()
  }

  seekToLast(): void {
    this.#keys.seekToLast()
    this.#toOldest()
  }

  seek(target: Uint8Array): void {
    const end = target.length - trailerSizeBytes
    if (!this.#keys.seek(target, end)) {
      this.#toNewest()
      return
    }
    const entry = firstVisible(
      this.arena.words,
      this.#keys.newest,
      readFixed32(target, end),
      readFixed32(target, end + 4),
    )
    if (entry === 0) {
      this.#keys.next()
      this.#toNewest()
    } else {
      this.moveTo(entry)
    }
  }

  seekForPrev(target: Uint8Array): void {
    const { words } = this.arena
    const end = target.length - trailerSizeBytes
    if (!this.#keys.seek(target, end)) {
      if (this.#keys.newest === 0) this.#keys.seekToLast()
      else this.#keys.prev()
      this.#toOldest()
      return
    }
    // The last entry at or before the target in key order is the oldest one that is as new as the target or newer.
    const low = readFixed32(target, end)
    const high = readFixed32(target, end + 4)
    let last = 0
    for (let entry = this.#keys.newest; entry !== 0; entry = words[entry + entryOlder]!) {
      if (compareTrailer(words, entry, low, high) < 0) break
      last = entry
    }
    if (last === 0) {
      this.#keys.prev()
      this.#toOldest()
    } else {
      this.moveTo(last)
    }
  }

  next(): void {
    const older = this.arena.words[this.entry + entryOlder]!
    if (older !== 0) {
      this.moveTo(older)
      return
    }
    this.#keys.next()
    this.#toNewest()
  }

  prev(): void {
    const { words } = this.arena
    let entry = this.#keys.newest
    if (entry === this.entry) {
      this.#keys.prev()
      this.#toOldest()
      return
    }
    while (words[entry + entryOlder] !== this.entry) entry = words[entry + entryOlder]!
    this.moveTo(entry)
  }

  rest(): void {
    this.#keys.clear()
    this.moveTo(0)
  }

  #toNewest(): void {
    this.moveTo(this.#keys.newest)
  }

  #toOldest(): void {
    const { words } = this.arena
    let entry = this.#keys.newest
    if (entry !== 0)
      for (let older = entry; older !== 0; older = words[older + entryOlder]!) entry = older
    this.moveTo(entry)
  }
}
