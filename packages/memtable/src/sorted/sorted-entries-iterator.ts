import { compareByteRanges, readFixed32, trailerSizeBytes } from '@varve/base'

import type { Arena } from '../arena.ts'
import { EntryIterator } from '../entry-iterator.ts'
import { compareTrailer, entryKeyLength, entryKeyStart } from '../entry.ts'

/** Walks versions that were sorted, in memory of their own. */
export class SortedEntriesIterator extends EntryIterator {
  readonly #entries: Int32Array
  /** 1 for keys in bytewise order, -1 for keys in the reverse of it. */
  readonly #direction: 1 | -1
  #at = -1

  constructor(arena: Arena, entries: Int32Array, direction: 1 | -1) {
    super(arena)
    this.#entries = entries
    this.#direction = direction
  }

  seekToFirst(): void {
    this.#moveToPlace(0)
  }

  seekToLast(): void {
    this.#moveToPlace(this.#entries.length - 1)
  }

  seek(target: Uint8Array): void {
    this.#moveToPlace(this.#firstAtOrAfter(target))
  }

  seekForPrev(target: Uint8Array): void {
    const at = this.#firstAtOrAfter(target)
    const exact = at < this.#entries.length && this.#compare(this.#entries[at]!, target) === 0
    this.#moveToPlace(exact ? at : at - 1)
  }

  next(): void {
    this.#moveToPlace(this.#at + 1)
  }

  prev(): void {
    this.#moveToPlace(this.#at - 1)
  }

  rest(): void {
    this.#moveToPlace(-1)
  }

  #moveToPlace(at: number): void {
    this.#at = at
    // Outside of the array it stands nowhere.
    this.moveTo(this.#entries[at] ?? 0)
  }

  #firstAtOrAfter(target: Uint8Array): number {
    let low = 0
    let high = this.#entries.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#compare(this.#entries[middle]!, target) < 0) low = middle + 1
      else high = middle
    }
    return low
  }

  /** Order of an entry and an internal key. */
  #compare(entry: number, target: Uint8Array): number {
    const { words, bytes } = this.arena
    const start = words[entry + entryKeyStart]!
    const end = target.length - trailerSizeBytes
    return (
      this.#direction *
        compareByteRanges(bytes, start, start + words[entry + entryKeyLength]!, target, 0, end) ||
      -compareTrailer(words, entry, readFixed32(target, end), readFixed32(target, end + 4))
    )
  }
}
