import type { Arena } from './arena.ts'

const chunkWords = 128
const chunkShift = 7

/** Hot. The entries of a memtable as they were added, in chunks of its arena. */
export class EntryList {
  readonly #arena: Arena
  readonly #chunks: number[] = []
  #length = 0

  constructor(arena: Arena) {
    this.#arena = arena
  }

  get length(): number {
    return this.#length
  }

  add(entry: number): void {
    const at = this.#length++ & (chunkWords - 1)
    if (at === 0) this.#chunks.push(this.#arena.allocate(chunkWords))
    this.#arena.words[this.#chunks.at(-1)! + at] = entry
  }

  at(i: number): number {
    return this.#arena.words[this.#chunks[i >>> chunkShift]! + (i & (chunkWords - 1))]!
  }

  /** Where the chunks begin in the arena, for {@link entriesOf} in another thread. */
  chunkOffsets(): Int32Array {
    return Int32Array.from(this.#chunks)
  }
}

/** The first `length` entries of the list whose chunks these are. */
export function entriesOf(words: Int32Array, chunkOffsets: Int32Array, length: number): Int32Array {
  const entries = new Int32Array(length)
  for (let i = 0; i < length; i += chunkWords) {
    const chunk = chunkOffsets[i >>> chunkShift]!
    entries.set(words.subarray(chunk, chunk + Math.min(chunkWords, length - i)), i)
  }
  return entries
}
