import { InvalidOptionError, type MemoryLoan } from '@varve/base'

import { chunkBytes } from './chunk.ts'
import { CacheEntry, Clock, MAX_CHANCES, type CachedValue, type CacheOwner } from './clock.ts'
import { CompressedTier, maxKeptBlockBytes } from './compressed-tier.ts'
import { RecentMisses } from './recent-misses.ts'

/** Memory of one cached block besides its bytes: three objects here, array, buffer and backing store in V8, a slot of the map. */
const ENTRY_OVERHEAD_BYTES = 480
/** For how many blocks fit. */
const TYPICAL_BLOCK_BYTES = 4096
/** Of a part of the memory smaller than this nothing is for compressed blocks, and so much of it stays free of them. */
const COMPRESSED_STEP_BYTES = 2 * chunkBytes
/**
 * What a block that has to be read costs more than one that is decompressed (two microseconds), by what that costs more than one that is
 * not compressed (half of one).
 */
const MISS_WEIGHT = 4
/** Blocks that take about the memory of a chunk, decompressed and compressed. */
const ENTRIES_PER_CHUNK = 225
const COMPRESSED_PER_CHUNK = 450
/** Where others have to go for it, one of so many blocks that are read is kept compressed: what is wanted often comes to its turn soon. */
const READS_PER_EXCHANGE = 4
/** Blocks are read ahead as long as so much is free. */
const READ_AHEAD_BYTES = 4 * chunkBytes
/** Misses among so many look-ups of blocks that are not decompressed count. */
const MISS_SPAN = 256
/** While more of them miss, blocks are still coming in: what is free is for those. */
const MAX_MISS_RATE = 1 / 8
/** The cache counts as full when no more than this part of it is free. */
const FULL_FRACTION = 64

/** Options of {@link BlockCache}. */
export interface BlockCacheOptions {
  /** Bounds cached blocks and reservations together. */
  readonly capacityBytes: number
  /**
   * Part of the memory that is not reserved, 0 to 1, in which blocks may be kept as they are stored, compressed, at most: twice as many
   * have place, for half a microsecond each time one is read. Within this bound as many are as is of use: none when all
   * blocks that are looked up fit decompressed, all but the most wanted when they do not fit compressed either. With 0 none are. Of Snappy blocks
   * only. Default 1.
   */
  readonly compressedSecondaryRatio?: number
}

/**
 * Cache of decoded blocks with a budget in bytes, shared by all databases of the process.
 *
 * Evicts by CLOCK with counters (`Clock`), an approximation of least frequently and recently used: a hit touches its own entry only,
 * where a list in order of use would touch four in as many cache lines.
 *
 * Once it is full, who misses a block asks `admits` first: one that is met once in a long time would drive out
 * another, and making a place for it costs as much as reading it. A block that was missed before, not long ago, takes the place of the
 * one under the hand, unless that has a chance left: then it loses one and stays. Where all blocks are
 * wanted alike and not all fit, nearly nothing is exchanged; where what is wanted changes, the new is in after a few rounds of the hand.
 *
 * Snappy blocks are kept in two ways, RocksDB's tiered cache with a compressed secondary one, except that the parts find their size. A block
 * that is met for the first time is kept compressed. It is kept decompressed when it is met again and there is room that no
 * others need, or when it is looked up much more often than the others; so the objects of a block are made for those alone that are
 * looked up again. Where memory is short, decompressed blocks that are looked up no more than four times as often as those
 * that have to be read give way to compressed ones (`readCompressed` finds out).
 *
 * Not sharded: one thread uses it, so there is no lock to spread. Each file looks its blocks up in its own map by offset,
 * which keeps the hot look-up at one small-integer key; only the order of use and the budget are common.
 * Memory that others hold against the same budget (memtables) is made known with {@link reserve}.
 */
export class BlockCache {
  readonly #clock: Clock = new Clock()
  #capacityBytes: number
  #reservedBytes = 0
  #hits = 0
  #misses = 0
  #evictions = 0
  /** Made when the cache is full for the first time. */
  #recentMisses: RecentMisses | undefined
  readonly #compressedRatio: number
  /** Of the last look-ups of blocks that are not decompressed, which part missed. */
  #missRate = 1
  /** Blocks that were read and not kept. */
  #passedOver = 0
  /** Entries that the hand owes to misses. */
  #pressure = 0
  readonly #compressed: CompressedTier = new CompressedTier()

  /** @throws InvalidOptionError for a negative capacity and a ratio outside 0 to 1 */
  constructor(options: BlockCacheOptions) {
    const { capacityBytes, compressedSecondaryRatio = 1 } = options
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
    return this.#clock.usedBytes + this.#compressed.usedBytes
  }

  get reservedBytes(): number {
    return this.#reservedBytes
  }

  get stats(): BlockCacheStats {
    return {
      entries: this.#clock.entries,
      usedBytes: this.usedBytes,
      compressedBytes: this.#compressed.usedBytes,
      lentBytes: this.#compressed.lentBytes,
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

  /**
   * Keeps compressed blocks in the first `sizeBytes` of memory that nobody needs for now, beyond the budget: whoever owns it has reserved it.
   * It must have been written to, or it becomes resident by this.
   */
  lend(buffer: SharedArrayBuffer, sizeBytes: number): MemoryLoan {
    return this.#compressed.lend(buffer, this.#compressedRatio > 0 ? sizeBytes : 0)
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
    return this.#freeBytes > this.#slackBytes
  }

  /** Whether there is so much room that a block may be kept decompressed at once by whom it costs nothing more. @internal */
  get hasAmpleRoom(): boolean {
    return this.#freeBytes > this.#capacityBytes / 2
  }

  /** Hot. Whether the block that was just missed is worth its place: there is room, or it is wanted more than another one. @internal */
  admits(owner: CacheOwner, offset: number): boolean {
    if (this.hasRoom) return true
    return this.#isMissedAgain(owner, offset) && this.#challenge()
  }

  #isMissedAgain(owner: CacheOwner, offset: number): boolean {
    this.#recentMisses ??= new RecentMisses(Math.floor(this.#capacityBytes / TYPICAL_BLOCK_BYTES))
    return this.#recentMisses.note(owner.id, offset)
  }

  /** Moves the hand by one block; true when that was not used since the hand came by last, and may go. */
  #challenge(): boolean {
    const { hand } = this.#clock
    if (hand === undefined || hand.chances === 0) return true
    this.#clock.pass(hand)
    return false
  }

  get #freeBytes(): number {
    return this.#capacityBytes - this.usedBytes - this.#reservedBytes
  }

  /** What may be free of a full cache: compressed blocks take memory by the chunk. */
  get #slackBytes(): number {
    const capacity = this.#capacityBytes
    const slack = capacity / FULL_FRACTION
    if (this.#compressed.usedBytes === 0) return slack
    return Math.max(slack, Math.min(COMPRESSED_STEP_BYTES, capacity / 8))
  }

  /** Whether blocks of so many stored bytes are kept compressed before anything else. @internal */
  keepsCompressed(size: number): boolean {
    return size <= maxKeptBlockBytes && this.#compressedBound >= COMPRESSED_STEP_BYTES
  }

  /**
   * Hot. Copies the stored bytes of block `i` of an index with these places, if it is kept compressed, to the start of `target`; whether it is.
   * @internal
   */
  readCompressed(
    owner: CacheOwner,
    places: Uint32Array,
    i: number,
    size: number,
    target: Uint8Array,
  ): boolean {
    if (this.#compressed.read(owner, places, i, size, target)) {
      this.#hits++
      this.#missRate -= this.#missRate / MISS_SPAN
      return true
    }
    this.#misses++
    this.#missRate += (1 - this.#missRate) / MISS_SPAN
    this.#press(this.#compressed.chunksShort(places, i))
    return false
  }

  /** Hot. Reads a little of block `i`, if it is kept compressed, for `readCompressed` to find it near; the result says nothing. @internal */
  touchCompressed(places: Uint32Array, i: number): number {
    return this.#compressed.touch(places, i)
  }

  /**
   * A block was missed that would be here if compressed blocks had so many chunks more. When these are no more than the decompressed ones
   * take, the hand moves on, so far that a decompressed block stays if it is looked up more than {@link MISS_WEIGHT} times as often as
   * those that are missed.
   */
  #press(chunksShort: number): void {
    const { entries } = this.#clock
    const chunks = Math.ceil(entries / COMPRESSED_PER_CHUNK)
    if (chunksShort < 0 || chunksShort > chunks || !this.#compressedMayGrow) return
    this.#pressure += (MISS_WEIGHT * entries) / (COMPRESSED_PER_CHUNK * Math.max(1, chunks))
    for (; this.#pressure >= 1; this.#pressure--) this.#advance()
  }

  /** Moves the hand by one block, which goes unless it has a chance left. */
  #advance(): void {
    const { hand } = this.#clock
    if (hand === undefined) return
    if (hand.chances > 0) this.#clock.pass(hand)
    else this.#drop(hand)
  }

  /**
   * Hot. Whether the block that was just found compressed is to be kept decompressed instead: there is room that no others need, or it is looked up
   * much more often than other compressed ones. @internal
   */
  promotes(): boolean {
    const tier = this.#compressed
    if (this.#missRate <= MAX_MISS_RATE) {
      if (this.hasRoom) return true
      // What was kept decompressed before has left holes.
      const holesBound = COMPRESSED_STEP_BYTES + (tier.usedBytes + tier.lentBytes) / 4
      if (tier.deadBytes > holesBound && tier.compact()) return this.hasRoom
    }
    return tier.isLastReadFrequent
  }

  /** Forgets the compressed block that is kept decompressed from now on. @internal */
  dropCompressed(owner: CacheOwner, places: Uint32Array, i: number): void {
    this.#compressed.drop(owner, places, i)
  }

  /** Whether the block that `readCompressed` just found was read ahead, and is to be checked now. @internal */
  get isUnchecked(): boolean {
    return this.#compressed.isLastReadUnchecked
  }

  /** Whether so much memory is free that blocks may be read that nobody has asked for. @internal */
  get readsAhead(): boolean {
    if (this.#compressed.idleBytes >= READ_AHEAD_BYTES) return true
    return this.#freeBytes >= READ_AHEAD_BYTES && this.#compressedMayGrow
  }

  /** Whether block `i` is kept compressed. @internal */
  hasCompressed(places: Uint32Array, i: number): boolean {
    return this.#compressed.has(places, i)
  }

  /** Keeps `stored[start, start + size)`, block `i` that was read ahead, as it is. Only where {@link readsAhead}. @internal */
  keepAhead(
    owner: CacheOwner,
    places: Uint32Array,
    i: number,
    stored: Uint8Array,
    start: number,
    size: number,
  ): void {
    const mayGrow = this.#freeBytes >= chunkBytes
    this.#compressed.write(owner, places, i, stored, start, size, false, mayGrow)
  }

  /**
   * Hot. Keeps `stored[0, size)`, block `i` that was read and is sound, compressed as it is; where others have to go for it, one of some, and none
   * that a scan meets for the first time. Only where {@link keepsCompressed}. @internal
   */
  keepCompressed(
    owner: CacheOwner,
    places: Uint32Array,
    i: number,
    stored: Uint8Array,
    size: number,
    isScan: boolean,
  ): void {
    const tier = this.#compressed
    const isFull = tier.isFull(size)
    if (isFull && !isScan) this.#yieldToCompressed()
    const mayGrow =
      tier.idleBytes > 0 ||
      (this.#compressedMayGrow &&
        (this.#freeBytes >= chunkBytes || tier.usedBytes < chunkBytes * 2))
    if (!mayGrow) {
      if (isScan && !this.#isMissedAgain(owner, i)) return
      if (tier.isOverwriting && !isFull && ++this.#passedOver % READS_PER_EXCHANGE !== 0) return
    }
    tier.write(owner, places, i, stored, 0, size, true, mayGrow)
    if (this.#freeBytes < 0) this.#evict()
  }

  /** Decompressed blocks at the hand that have no chance left make place for a chunk of compressed ones. */
  #yieldToCompressed(): void {
    if (!this.#compressedMayGrow) return
    while (this.#freeBytes < chunkBytes && this.#clock.hand?.chances === 0) this.#advance()
  }

  get #compressedMayGrow(): boolean {
    return this.#compressed.usedBytes + COMPRESSED_STEP_BYTES <= this.#compressedBound
  }

  get #compressedBound(): number {
    return Math.max(0, this.#capacityBytes - this.#reservedBytes) * this.#compressedRatio
  }

  /** Counts a miss of who has found out without {@link get}. @internal */
  countMiss(): void {
    this.#misses++
  }

  /** Adds a block, unless it alone exceeds the budget; its entry may be evicted already. @internal */
  insert(owner: CacheOwner, offset: number, value: CachedValue): CacheEntry | undefined {
    const known = owner.entries.get(offset)
    if (known !== undefined) return known
    const charge = value.sizeBytes + ENTRY_OVERHEAD_BYTES
    if (charge > this.#capacityBytes) return undefined
    const entry = new CacheEntry(owner, offset, value, charge)
    owner.entries.set(offset, entry)
    this.#clock.add(entry)
    this.#evict()
    return entry
  }

  /** Forgets all blocks of a file that closes. @internal */
  removeOwner(owner: CacheOwner): void {
    for (const entry of owner.entries.values()) this.#clock.remove(entry)
    owner.entries.clear()
    this.#compressed.removeOwner(owner)
  }

  #drop(entry: CacheEntry): void {
    entry.owner.entries.delete(entry.offset)
    this.#clock.remove(entry)
    this.#evictions++
  }

  /**
   * Makes the budget hold. Decompressed blocks without chances go first; when the hand has passed as many others as take the memory of a
   * chunk, a chunk of compressed ones goes.
   */
  #evict(): void {
    const tier = this.#compressed
    while (tier.usedBytes > this.#compressedBound && tier.shrink());
    let passed = 0
    while (this.#freeBytes < 0) {
      const { hand } = this.#clock
      if (hand !== undefined && passed < ENTRIES_PER_CHUNK) {
        if (hand.chances > 0) passed++
        this.#advance()
      } else if (tier.shrink() || hand !== undefined) passed = 0
      else return
    }
  }
}

/** Counters of a {@link BlockCache}. */
export interface BlockCacheStats {
  readonly entries: number
  readonly usedBytes: number
  /** Part of them in blocks that are kept compressed. */
  readonly compressedBytes: number
  /** Memory besides that others lent (see {@link BlockCache.lend}) and that keeps compressed blocks. */
  readonly lentBytes: number
  readonly reservedBytes: number
  readonly hits: number
  readonly misses: number
  readonly evictions: number
}
