import type { Arena } from './arena.ts'
import { entryHasKey } from './entry.ts'

/** Homes of a segment. */
const homes = 512
/** A key lies fewer slots than this behind its home; a segment where one would not is split. */
const maxProbes = 32
/** The last slot stays empty, so that a walk ends. */
const segmentWords = (homes + maxProbes) * 2
/** Directory entries for each segment beyond which the hashes are no accident. */
const maxSpread = 8

/** Scatters a user key over 32 bits, for each `seed` in another way. Never stored on disk. */
export function hashKey(key: Uint8Array, start: number, end: number, seed: number = 0): number {
  let hash = Math.imul(0x811c9dc5 ^ (end - start) ^ seed, 0x01000193)
  let i = start
  for (const last = end - 3; i < last; i += 4) {
    hash = Math.imul(
      hash ^ (key[i]! | (key[i + 1]! << 8) | (key[i + 2]! << 16) | (key[i + 3]! << 24)),
      0x85ebca6b,
    )
    hash ^= hash >>> 15
  }
  for (; i < end; i++) hash = Math.imul(hash ^ key[i]!, 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0xc2b2ae35)
  return hash ^ (hash >>> 13)
}

/**
 * Hot. The newest version of a user key by the key's hash, beside the ordered tree: what is not there is known after one look at memory
 * where the tree needs one a level, and a further version of a key needs no walk at all.
 *
 * A slot is hash | entry, 0 for none. Slots are in segments of the arena, found by the first bits of the hash through a directory; the last
 * bits are the home in it. A segment that is full is split in two, so that growing never holds up a write for long and leaves no memory
 * behind.
 *
 * Source: extendible hashing, Fagin et al., 1979, with linear probing inside a segment.
 */
export class KeyIndex {
  readonly #arena: Arena
  /** Offset of the segment for each value of the first bits. */
  #directory: Int32Array
  /** Bits of a hash behind those of the directory. */
  #shift = 31
  #segments = 1

  constructor(arena: Arena) {
    this.#arena = arena
    this.#directory = new Int32Array(2).fill(arena.allocate(segmentWords))
  }

  /** Bytes outside of the arena. */
  get directoryBytes(): number {
    return this.#directory.byteLength
  }

  /** Word that holds the entry of the key `key[start, end)`, 0 when there is none. */
  find(hash: number, key: Uint8Array, start: number, end: number): number {
    const arena = this.#arena
    const { words } = arena
    let at = this.#directory[hash >>> this.#shift]! + (hash & (homes - 1)) * 2
    for (let entry = words[at + 1]!; entry !== 0; entry = words[at + 1]!) {
      if (words[at] === hash && entryHasKey(arena, entry, key, start, end, 0)) return at + 1
      at += 2
    }
    return 0
  }

  /**
   * Adds a key that is not there. False when it cannot be taken, because too many hashes are alike: the index is of no use from
   * then on.
   */
  add(hash: number, entry: number): boolean {
    for (;;) {
      const segment = this.#directory[hash >>> this.#shift]!
      if (place(this.#arena.words, segment, hash, entry)) return true
      if (!this.#split(segment, hash >>> this.#shift)) return false
    }
  }

  #split(segment: number, at: number): boolean {
    let first = at
    let end = at + 1
    while (first > 0 && this.#directory[first - 1] === segment) first--
    while (end < this.#directory.length && this.#directory[end] === segment) end++
    if (end - first === 1) {
      if (this.#directory.length * 2 > (this.#segments + 1) * maxSpread) return false
      this.#directory = doubled(this.#directory)
      this.#shift--
      first *= 2
      end = first + 2
    }
    const middle = (first + end) >>> 1
    const upper = this.#arena.allocate(segmentWords)
    this.#directory.fill(upper, middle, end)
    this.#segments++
    const { words } = this.#arena
    // In their order, so that each comes to lie where it was or nearer to its home.
    for (let slot = segment; slot < segment + segmentWords; slot += 2) {
      const entry = words[slot + 1]!
      if (entry === 0) continue
      const hash = words[slot]!
      words[slot + 1] = 0
      place(words, hash >>> this.#shift < middle ? segment : upper, hash, entry)
    }
    return true
  }
}

/** Puts an entry into a segment; false when there is no room near its home. */
function place(words: Int32Array, segment: number, hash: number, entry: number): boolean {
  const home = segment + (hash & (homes - 1)) * 2
  for (let at = home; at < home + (maxProbes - 1) * 2; at += 2) {
    if (words[at + 1] !== 0) continue
    words[at] = hash
    words[at + 1] = entry
    return true
  }
  return false
}

function doubled(directory: Int32Array): Int32Array {
  const larger = new Int32Array(directory.length * 2)
  for (let i = 0; i < directory.length; i++) larger.fill(directory[i]!, i * 2, i * 2 + 2)
  return larger
}
