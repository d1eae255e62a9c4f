import {
  copyRange,
  readFixed32,
  trailerSizeBytes,
  writeFixed32,
  type InternalIterator,
} from '@varve/base'

import type { Arena } from './arena.ts'
import {
  compareTrailer,
  entryKeyLength,
  entryKeyStart,
  entryOlder,
  entryTrailerHigh,
  entryTrailerLow,
  entryValueLength,
  entryValueStart,
  firstVisible,
} from './entry.ts'
import type { OrderedCursor, OrderedIndex } from './ordered-index.ts'

/**
 * Walks the versions of a memtable in internal-key order. Stays right while entries are added: it sees those that come
 * behind its position. Keys and values are read through the arena at each move, because growing replaces its views.
 */
export class MemtableIterator implements InternalIterator {
  readonly #arena: Arena
  /** Stands on the user key of the current entry. */
  readonly #keys: OrderedCursor
  #entry = 0
  #keyBuffer: Uint8Array = new Uint8Array(64)
  #key: Uint8Array = this.#keyBuffer
  #keyLength = -1
  #keyEntry = 0

  constructor(arena: Arena, index: OrderedIndex) {
    this.#arena = arena
    this.#keys = index.cursor()
  }

  get valid(): boolean {
    return this.#entry !== 0
  }

  get key(): Uint8Array {
    // The user key and the trailer lie apart; put together once per position and only when asked for.
    if (this.#keyEntry === this.#entry) return this.#key
    const { bytes, words } = this.#arena
    const start = words[this.#entry + entryKeyStart]!
    const length = words[this.#entry + entryKeyLength]!
    const total = length + trailerSizeBytes
    if (total > this.#keyBuffer.length) {
      this.#keyBuffer = new Uint8Array(total * 2)
      this.#keyLength = -1
    }
    const buffer = this.#keyBuffer
    copyRange(bytes, start, start + length, buffer, 0)
    writeFixed32(buffer, length, words[this.#entry + entryTrailerLow]!)
    writeFixed32(buffer, length + 4, words[this.#entry + entryTrailerHigh]!)
    if (this.#keyLength !== total) {
      this.#keyLength = total
      this.#key = buffer.subarray(0, total)
    }
    this.#keyEntry = this.#entry
    return this.#key
  }

  get value(): Uint8Array {
    const { buffer, words } = this.#arena
    return new Uint8Array(
      buffer,
      words[this.#entry + entryValueStart]!,
      words[this.#entry + entryValueLength]!,
    )
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
      this.#arena.words,
      this.#keys.newest,
      readFixed32(target, end),
      readFixed32(target, end + 4),
    )
    if (entry === 0) {
      this.#keys.next()
      this.#toNewest()
    } else {
      this.#moveTo(entry)
    }
  }

  seekForPrev(target: Uint8Array): void {
    const { words } = this.#arena
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
      this.#moveTo(last)
    }
  }

  next(): void {
    const older = this.#arena.words[this.#entry + entryOlder]!
    if (older !== 0) {
      this.#moveTo(older)
      return
    }
    this.#keys.next()
    this.#toNewest()
  }

  prev(): void {
    const { words } = this.#arena
    let entry = this.#keys.newest
    if (entry === this.#entry) {
      this.#keys.prev()
      this.#toOldest()
      return
    }
    while (words[entry + entryOlder] !== this.#entry) entry = words[entry + entryOlder]!
    this.#moveTo(entry)
  }

  rest(): void {
    this.#keys.clear()
    this.#entry = 0
  }

  close(): void {
    this.rest()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  #toNewest(): void {
    this.#moveTo(this.#keys.newest)
  }

  #toOldest(): void {
    const { words } = this.#arena
    let entry = this.#keys.newest
    if (entry !== 0)
      for (let older = entry; older !== 0; older = words[older + entryOlder]!) entry = older
    this.#moveTo(entry)
  }

  #moveTo(entry: number): void {
    this.#entry = entry
    this.#keyEntry = 0
  }
}
