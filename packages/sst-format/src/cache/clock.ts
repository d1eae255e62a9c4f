/** How many rounds of the hand a block stays that was looked up so often. */
export const MAX_CHANCES = 3

/** What the cache keeps: something that knows how much memory it holds. */
export interface CachedValue {
  readonly sizeBytes: number
}

let nextOwnerId = 1

/** A cached block; without value once it is evicted. @internal */
export class CacheEntry {
  value: CachedValue | undefined
  charge: number
  /** Rounds of the hand that it stays: one for each time it was looked up, as far as they are counted. */
  chances = 0
  readonly owner: CacheOwner
  readonly offset: number
  previous: CacheEntry = this
  next: CacheEntry = this

  constructor(owner: CacheOwner, offset: number, value: CachedValue | undefined, charge: number) {
    this.owner = owner
    this.offset = offset
    this.value = value
    this.charge = charge
  }
}

/** The blocks of one file that are in the cache, by offset. @internal */
export class CacheOwner {
  readonly id: number = nextOwnerId++
  readonly entries: Map<number, CacheEntry> = new Map()
  /** Places of the data blocks, when they are all of one index. Without them compressed blocks are forgotten when others move together. */
  places: Uint32Array | undefined
}

/**
 * The decompressed blocks in a circle, as CLOCK has it: a hit counts on its own entry, up to three times, and moves nothing. The hand takes a
 * chance from those it passes; who has none left may go.
 *
 * Source: Corbató, A Paging Experiment with the Multics System (1968), with counters instead of a bit.
 */
export class Clock {
  readonly #head: CacheEntry = new CacheEntry(new CacheOwner(), -1, undefined, 0)
  #usedBytes = 0
  #entries = 0

  /** Charges of all entries. */
  get usedBytes(): number {
    return this.#usedBytes
  }

  get entries(): number {
    return this.#entries
  }

  /** The entry under the hand. */
  get hand(): CacheEntry | undefined {
    const entry = this.#head.previous
    return entry === this.#head ? undefined : entry
  }

  /** Adds an entry, which the hand comes to last. */
  add(entry: CacheEntry): void {
    this.#usedBytes += entry.charge
    this.#entries++
    this.#pushFront(entry)
  }

  /** One chance less: the hand comes to it last. */
  pass(entry: CacheEntry): void {
    entry.chances--
    entry.previous.next = entry.next
    entry.next.previous = entry.previous
    this.#pushFront(entry)
  }

  /** Takes an entry out, whose value is gone from then on. An index may keep it: it must not keep those that were beside it. */
  remove(entry: CacheEntry): void {
    entry.previous.next = entry.next
    entry.next.previous = entry.previous
    entry.previous = entry
    entry.next = entry
    entry.value = undefined
    this.#usedBytes -= entry.charge
    this.#entries--
  }

  #pushFront(entry: CacheEntry): void {
    const head = this.#head
    entry.previous = head
    entry.next = head.next
    head.next.previous = entry
    head.next = entry
  }
}
