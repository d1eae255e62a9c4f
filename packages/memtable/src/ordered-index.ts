/**
 * The user keys of a memtable in their order; each leads to its newest version. Entries are offsets into the arena, 0 is
 * none.
 */
export interface OrderedIndex {
  /** Newest version of the key. */
  find(key: Uint8Array, start: number, end: number): number
  /** Adds an entry, which is complete but for its link to older versions. */
  insert(entry: number): void
  /** Walks the user keys. */
  cursor(): OrderedCursor
}

/** A position among the user keys of a memtable, right also while keys are added. */
export interface OrderedCursor {
  /** Newest version of the key under the cursor, 0 when it stands nowhere. */
  readonly newest: number
  seekToFirst(): void
  seekToLast(): void
  /** Moves to the first key at or after `key[0, end)`; true when it is that key. */
  seek(key: Uint8Array, end: number): boolean
  /** Must stand on a key. */
  next(): void
  /** Must stand on a key. */
  prev(): void
  /** Lets go of the position. */
  clear(): void
}
