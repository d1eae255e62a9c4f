import { compareByteRanges, headAt } from '@varve/base'

import type { Arena } from '../arena.ts'
import { entriesOf } from '../entry-list.ts'
import {
  compareTrailer,
  entryHasKey,
  entryKeyLength,
  entryKeyStart,
  entryTrailerHigh,
  entryTrailerLow,
} from '../entry.ts'

/** Fewer entries are sorted by comparing them. */
const minRadixEntries = 64
const digitBits = 11
const digits = 1 << digitBits
/** Digits of the eight bytes that a pass over the keys looks at: three of each half. */
const digitsPerHalf = 3
const headsBytes = 8

/**
 * Sorts entries in place by user key, bytewise or (`direction` -1) the reverse, and those of one key newest first.
 *
 * By the eight bytes behind what the keys have in common, digit by digit; those that agree in them by the bytes behind. Source: LSD
 * radix sort, within an MSD one (Knuth, The Art of Computer Programming 3, 5.2.5).
 */
function sortEntries(arena: Arena, entries: Int32Array, direction: 1 | -1): void {
  new EntrySort(arena, entries.length).sort(entries, 0)
  if (direction === 1) return
  entries.reverse()
  let start = 0
  for (let end = 1; end <= entries.length; end++) {
    if (end < entries.length && haveSameKey(arena, entries[start]!, entries[end]!)) continue
    entries.subarray(start, end).reverse()
    start = end
  }
}

/** The first `count` entries of the list whose chunks these are, sorted: by user key in the direction, those of one key newest first. */
export function sortedEntries(
  arena: Arena,
  chunkOffsets: Int32Array,
  count: number,
  direction: 1 | -1,
): Int32Array {
  const entries = entriesOf(arena.words, chunkOffsets, count)
  sortEntries(arena, entries, direction)
  return entries
}

function haveSameKey(arena: Arena, a: number, b: number): boolean {
  const start = arena.words[a + entryKeyStart]!
  return entryHasKey(arena, b, arena.bytes, start, start + arena.words[a + entryKeyLength]!, 0)
}

class EntrySort {
  readonly #arena: Arena
  // By place in what is being sorted; used again by the passes over parts of it, which come when these are read no more.
  readonly #high: Uint32Array
  readonly #low: Uint32Array
  readonly #order: Uint32Array
  readonly #nextOrder: Uint32Array
  readonly #starts = new Uint32Array(digits)

  constructor(arena: Arena, count: number) {
    this.#arena = arena
    this.#high = new Uint32Array(count)
    this.#low = new Uint32Array(count)
    this.#order = new Uint32Array(count)
    this.#nextOrder = new Uint32Array(count)
  }

  /** `entries` have keys that agree in their first `depth` bytes and are no shorter. */
  sort(entries: Int32Array, depth: number): void {
    if (entries.length < minRadixEntries) {
      this.#compareAll(entries, depth)
      return
    }
    const from = this.#commonLength(entries, depth)
    if (!this.#readHeads(entries, from)) {
      this.#compareAll(entries, from)
      return
    }
    const order = this.#orderByHeads(entries.length)
    // The other array of places is free.
    const sorted = order === this.#order ? this.#nextOrder : this.#order
    for (let i = 0; i < entries.length; i++) sorted[i] = entries[order[i]!]!
    // Where equal heads end, before the arrays serve the parts.
    const ends: number[] = []
    for (let i = 1; i <= entries.length; i++) {
      if (i === entries.length || this.#differ(order[i - 1]!, order[i]!)) ends.push(i)
    }
    for (let i = 0; i < entries.length; i++) entries[i] = sorted[i]!
    let start = 0
    for (const end of ends) {
      if (end - start > 1) this.#sortAlike(entries.subarray(start, end), from)
      start = end
    }
  }

  /** Entries whose heads behind `from` bytes agree, zeros behind the end of a key included. */
  #sortAlike(entries: Int32Array, from: number): void {
    const { words } = this.#arena
    const depth = from + headsBytes
    for (const entry of entries) {
      if (words[entry + entryKeyLength]! < depth) {
        this.#compareAll(entries, from)
        return
      }
    }
    this.sort(entries, depth)
  }

  #compareAll(entries: Int32Array, depth: number): void {
    if (entries.length === 2) {
      const [a, b] = entries
      if (this.#compare(a!, b!, depth) > 0) {
        entries[0] = b!
        entries[1] = a!
      }
      return
    }
    entries.sort((a, b) => this.#compare(a, b, depth))
  }

  #compare(a: number, b: number, depth: number): number {
    const { words, bytes } = this.#arena
    const aStart = words[a + entryKeyStart]!
    const bStart = words[b + entryKeyStart]!
    return (
      compareByteRanges(
        bytes,
        aStart + depth,
        aStart + words[a + entryKeyLength]!,
        bytes,
        bStart + depth,
        bStart + words[b + entryKeyLength]!,
      ) || compareTrailer(words, b, words[a + entryTrailerLow]!, words[a + entryTrailerHigh]!)
    )
  }

  /** Bytes that all keys begin with. */
  #commonLength(entries: Int32Array, depth: number): number {
    const { words, bytes } = this.#arena
    const first = words[entries[0]! + entryKeyStart]!
    let common = words[entries[0]! + entryKeyLength]!
    for (const entry of entries) {
      const start = words[entry + entryKeyStart]!
      const limit = Math.min(common, words[entry + entryKeyLength]!)
      let same = depth
      while (same < limit && bytes[start + same] === bytes[first + same]) same++
      common = same
    }
    return common
  }

  /** False when the keys end there, all of them. */
  #readHeads(entries: Int32Array, from: number): boolean {
    const { words, bytes } = this.#arena
    let longer = false
    for (let i = 0; i < entries.length; i++) {
      const entry = entries[i]!
      const start = words[entry + entryKeyStart]!
      const end = start + words[entry + entryKeyLength]!
      this.#high[i] = headAt(bytes, start + from, end)
      this.#low[i] = headAt(bytes, start + from + 4, end)
      longer ||= start + from < end
    }
    return longer
  }

  #differ(a: number, b: number): boolean {
    return this.#high[a] !== this.#high[b] || this.#low[a] !== this.#low[b]
  }

  /** Places in the order of their heads, those that agree as they were. */
  #orderByHeads(count: number): Uint32Array {
    let order = this.#order
    let next = this.#nextOrder
    for (let i = 0; i < count; i++) order[i] = i
    for (const half of [this.#low, this.#high]) {
      for (let digit = 0; digit < digitsPerHalf; digit++) {
        if (!this.#pass(half, digit * digitBits, order, next, count)) continue
        const turned = order
        order = next
        next = turned
      }
    }
    return order
  }

  /** False when there is nothing to do, since all have the same digit. */
  #pass(
    half: Uint32Array,
    shift: number,
    order: Uint32Array,
    next: Uint32Array,
    count: number,
  ): boolean {
    const starts = this.#starts.fill(0)
    for (let i = 0; i < count; i++) starts[(half[i]! >>> shift) & (digits - 1)]!++
    if (starts[(half[0]! >>> shift) & (digits - 1)] === count) return false
    let start = 0
    for (let digit = 0; digit < digits; digit++) {
      const size = starts[digit]!
      starts[digit] = start
      start += size
    }
    for (let i = 0; i < count; i++) {
      const place = order[i]!
      next[starts[(half[place]! >>> shift) & (digits - 1)]!++] = place
    }
    return true
  }
}
