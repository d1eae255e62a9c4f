import { InvalidOptionError } from '@varve/base'

import { CompressedTier } from './compressed-tier.ts'
import { RecentMisses } from './recent-misses.ts'

/** What the cache keeps: something that knows how much memory it holds. */
export interface CachedValue {
  readonly sizeBytes: number
}

/** Memory of one cached block besides its bytes: three objects here, array, buffer and backing store in V8, a slot of the map. */
const ENTRY_OVERHEAD_BYTES = 480
/** For how many blocks fit. */
const TYPICAL_BLOCK_BYTES = 4096
/** Blocks found compressed, for each that may be kept decompressed from then on. */
const HITS_PER_PROMOTION = 8
/** By so much the compressed blocks grow at once, at most: a chunk, and a larger index. */
const COMPRESSED_STEP_BYTES = 2 << 20
/** How many rounds of the hand a block stays that was looked up so often. */
const MAX_CHANCES = 3
/** The cache counts as full when no more than this part of it is free. */
const FULL_FRACTION = 64

/** A third of them decompressed: those that are looked up most, for which decompression would be the better part of a look-up. */
const DEFAULT_COMPRESSED_RATIO = 0.7

/** Options of {@link BlockCache}. */
export interface BlockCacheOptions {
  /** Bounds cached blocks and reservations together. */
  readonly capacityBytes: number
  /**
   * Part of the memory that is not reserved, 0 to 1, in which blocks may be kept as they are stored, compressed: those that were
   * looked up once, and, when the cache is full, most. Twice as many have place, for half a microsecond each time one is read. Of
   * Snappy blocks only. Default 0.7.
   */
  readonly compressedSecondaryRatio?: number
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
}

/**
 * Cache of decoded blocks with a budget in bytes, shared by all databases of the process.
 *
 * Evicts by CLOCK with counters of at most three, an approximation of least frequently and recently used: a hit counts on its own entry and
 * moves nothing, where a list in order of use would touch four entries in as many cache lines.
 *
 * Once it is full, who misses a block asks `admits` first: one that is met once in a long time would drive out
 * another, and making a place for it costs as much as reading it. A block that was missed before, not long ago, takes the place of the
 * one under the hand, unless that has a chance left: then it loses one and stays. Where all blocks are
 * wanted alike and not all fit, nearly nothing is exchanged; where what is wanted changes, the new is in after a few rounds of the hand.
 *
 * A block that a look-up meets for the first time is kept compressed, in a part of the memory that grows with what is there: RocksDB's
 * tiered cache with a compressed secondary one, except that the parts are not fixed. The next look-up has it kept decompressed, as long
 * as there is room; so the objects of a block are made for those alone that are looked up again.
 *
 * Not sharded: one thread uses it, so there is no lock to spread. Each file looks its blocks up in its own map by offset,
 * which keeps the hot look-up at one small-integer key; only the order of use and the budget are common.
 * Memory that others hold against the same budget (memtables) is made known with {@link reserve}.
 */
export class BlockCache {
  readonly #list: CacheEntry = new CacheEntry(new CacheOwner(), -1, undefined, 0)
  #capacityBytes: number
  #usedBytes = 0
  #reservedBytes = 0
  #entries = 0
  #hits = 0
  #misses = 0
  #evictions = 0
  /** Made when the cache is full for the first time. */
  #recentMisses: RecentMisses | undefined
  readonly #compressedRatio: number
  #compressedHits = 0
  readonly #compressed: CompressedTier = new CompressedTier()

  /** @throws InvalidOptionError for a negative capacity and a ratio outside 0 to 1 */
  constructor(options: BlockCacheOptions) {
    const { capacityBytes, compressedSecondaryRatio = DEFAULT_COMPRESSED_RATIO } = options
    if (!(capacityBytes >= 0)) {
      throw new InvalidOptionError('capacityBytes', `must not be negative, is ${capacityBytes}`)
    }
    if (!(compressedSecondaryRatio >= 0 && compressedSecondaryRatio <= 1)) {
      throw new InvalidOptionError(
        'compressedSecondaryRatio',
        `must be 0 to 1, is ${compressedSecondaryRatio}`,
      )
    }
    this.#capacityBytes = capacityBytes
    this.#compressedRatio = compressedSecondaryRatio
  }

  get capacityBytes(): number {
    return this.#capacityBytes
  }

  /** Changes the budget and evicts what no longer fits. */
  set capacityBytes(value: number) {
    this.#capacityBytes = value
    this.#recentMisses = undefined
    this.#evict()
  }

  /** Bytes held by cached blocks, with bookkeeping. */
  get usedBytes(): number {
    return this.#usedBytes + this.#compressed.usedBytes
  }

  get reservedBytes(): number {
    return this.#reservedBytes
  }

  get stats(): BlockCacheStats {
    return {
      entries: this.#entries,
      usedBytes: this.usedBytes,
      compressedBytes: this.#compressed.usedBytes,
      reservedBytes: this.#reservedBytes,
      hits: this.#hits,
      misses: this.#misses,
      evictions: this.#evictions,
    }
  }

  /** Counts `deltaBytes` of memory held elsewhere against the budget; negative gives it back. */
  reserve(deltaBytes: number): void {
    this.#reservedBytes = Math.max(0, this.#reservedBytes + deltaBytes)
    this.#evict()
  }

  /** The block of `owner` at `offset`, which is thereby used. @internal */
  get(owner: CacheOwner, offset: number): CachedValue | undefined {
    return this.find(owner, offset)?.value
  }

  /** {@link get} of the entry, which {@link use} takes the next time. @internal */
  find(owner: CacheOwner, offset: number): CacheEntry | undefined {
    const entry = owner.entries.get(offset)
    if (entry === undefined) {
      this.#misses++
      return undefined
    }
    this.#hits++
    if (entry.chances < MAX_CHANCES) entry.chances++
    return entry
  }

  /** Hot. The block of an entry that was found before; undefined when it is evicted since. @internal */
  use(entry: CacheEntry): CachedValue | undefined {
    const { value } = entry
    if (value === undefined) return undefined
    this.#hits++
    if (entry.chances < MAX_CHANCES) entry.chances++
    return value
  }

  /** Whether a further block drives out no other. @internal */
  get hasRoom(): boolean {
    const capacity = this.#capacityBytes
    return this.usedBytes + this.#reservedBytes < capacity - capacity / FULL_FRACTION
  }

  /** Hot. Whether the block that was just missed is worth its place: there is room, or it is wanted more than another one. @internal */
  admits(owner: CacheOwner, offset: number): boolean {
    if (this.hasRoom) return true
    const capacity = this.#capacityBytes
    this.#recentMisses ??= new RecentMisses(Math.floor(capacity / TYPICAL_BLOCK_BYTES))
    return this.#recentMisses.note(owner.id, offset) && this.#challenge()
  }

  /** Moves the hand by one block; true when that was not used since the hand came by last, and may go. */
  #challenge(): boolean {
    const head = this.#list
    const entry = head.previous
    if (entry === head || entry.chances === 0) return true
    this.#pass(entry)
    return false
  }

  /** Whether blocks are kept compressed at all. @internal */
  get keepsCompressed(): boolean {
    return this.#compressedRatio > 0
  }

  /** Hot. Copies the stored bytes of a block that is kept compressed into `target`; how many they are, 0 when it is not. @internal */
  readCompressed(owner: CacheOwner, offset: number, target: Uint8Array): number {
    const size = this.#compressed.read(owner.id, offset, target)
    if (size > 0) this.#hits++
    else this.#misses++
    return size
  }

  /**
   * Hot. Whether the block that was just found compressed is to be kept decompressed instead: there is room, or it is one of so many, and
   * another one is wanted less. What is read often comes to its turn soon. @internal
   */
  promotes(): boolean {
    const promotes =
      this.hasRoom || (++this.#compressedHits % HITS_PER_PROMOTION === 0 && this.#challenge())
    // What is kept decompressed need not be there twice.
    if (promotes) this.#compressed.dropLastRead()
    return promotes
  }

  /**
   * Hot. Keeps `stored[0, size)`, a block that was read and is sound, compressed as it is; false when there is no place for it in the
   * part of the memory that is for such blocks. @internal
   */
  keepCompressed(owner: CacheOwner, offset: number, stored: Uint8Array, size: number): boolean {
    const tier = this.#compressed
    const grows = tier.isFull(size)
    const mayGrow = grows && tier.usedBytes + COMPRESSED_STEP_BYTES <= this.#compressedBound()
    const keeps = tier.write(owner.id, offset, stored, size, mayGrow)
    if (mayGrow) this.#evict()
    return keeps
  }

  #compressedBound(): number {
    return Math.max(0, this.#capacityBytes - this.#reservedBytes) * this.#compressedRatio
  }

  /** Counts a miss of who has found out without {@link get}. @internal */
  countMiss(): void {
    this.#misses++
  }

  /** Adds a block, unless it alone exceeds the budget. @internal */
  insert(owner: CacheOwner, offset: number, value: CachedValue): void {
    if (owner.entries.has(offset)) return
    const charge = value.sizeBytes + ENTRY_OVERHEAD_BYTES
    if (charge > this.#capacityBytes) return
    const entry = new CacheEntry(owner, offset, value, charge)
    owner.entries.set(offset, entry)
    this.#usedBytes += charge
    this.#entries++
    this.#pushFront(entry)
    this.#evict()
  }

  /** Forgets all blocks of a file that closes. @internal */
  removeOwner(owner: CacheOwner): void {
    for (const entry of owner.entries.values()) this.#unlink(entry)
    owner.entries.clear()
  }

  #pushFront(entry: CacheEntry): void {
    const head = this.#list
    entry.previous = head
    entry.next = head.next
    head.next.previous = entry
    head.next = entry
  }

  /** One chance less: it goes to the front. */
  #pass(entry: CacheEntry): void {
    entry.chances--
    entry.previous.next = entry.next
    entry.next.previous = entry.previous
    this.#pushFront(entry)
  }

  #unlink(entry: CacheEntry): void {
    entry.previous.next = entry.next
    entry.next.previous = entry.previous
    entry.value = undefined
    this.#usedBytes -= entry.charge
    this.#entries--
  }

  #evict(): void {
    const head = this.#list
    const tier = this.#compressed
    while (tier.usedBytes > this.#compressedBound() && tier.shrink());
    while (this.usedBytes + this.#reservedBytes > this.#capacityBytes && head.previous !== head) {
      const entry = head.previous
      if (entry.chances > 0) {
        this.#pass(entry)
        continue
      }
      entry.owner.entries.delete(entry.offset)
      this.#unlink(entry)
      this.#evictions++
    }
  }
}

/** Counters of a {@link BlockCache}. */
export interface BlockCacheStats {
  readonly entries: number
  readonly usedBytes: number
  /** Part of them in blocks that are kept compressed. */
  readonly compressedBytes: number
  readonly reservedBytes: number
  readonly hits: number
  readonly misses: number
  readonly evictions: number
}
