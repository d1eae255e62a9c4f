import { copyRange, type MemoryLoan } from '@varve/base'

import { chunkBytes, lentChunk, newChunk, type Chunk } from './chunk.ts'
import type { CacheOwner } from './clock.ts'

const headerBytes = 16
/** Blocks begin at multiples of this. */
const unitShift = 3
/** Bits of a place that say where in its chunk it is, in such units. */
const unitBits = 17
const unitMask = (1 << unitBits) - 1
/** 16 GiB; so places are small integers. */
const maxChunks = 1 << 14
/** One block must not take a chunk for itself. */
export const maxKeptBlockBytes: number = chunkBytes >>> 3
/** A chunk of which no more than this is left is cleared for what comes: the rest is moved together. */
const clearedLiveBytes = chunkBytes * 0.8
/** Of a chunk of which less is left that goes, too. */
const minLiveBytes = chunkBytes / 8
/** Clearing a chunk fills another one; the second or third gives one back. */
const maxMoves = 8
/** Places of a block that are read for it to be near, so far apart: what is between them comes with them, or fast. */
const touchedWords = 256
/** A block counts as looked up much more often than others with so many hits, and so many times as many as the average. */
const frequentHits = 3
const frequentFactor = 4

/**
 * Hot. Blocks as they are stored, in few large arrays: twice as many as decompressed, and for the garbage collector none at all.
 *
 *     block: owner | entry of the index | bytes | hits, -1 as long as it is unchecked | stored bytes with trailer, to a multiple of 8
 *
 * The index of a table knows the places of its blocks: two numbers for each, where it is (chunk and unit), and the generation of the chunk at
 * that time. A chunk that is used anew has another generation, so that a place leads to its block or to nothing, and tells how long it is
 * since the block was here.
 *
 * Blocks are appended to the newest chunk. When there may be no more, one of which much is dropped (of files that are gone, or kept
 * decompressed) is cleared for what comes: what is left moves together. If none is, the oldest one is written over.
 *
 * Memory that others have and do not need at the moment may be {@link lend lent}: it is filled first, counts for nothing, and goes back at
 * once with all that is in it.
 */
export class CompressedTier {
  /** By the number that places have; undefined where there is none now. */
  readonly #chunks: (Chunk | undefined)[] = []
  readonly #byAge: Chunk[] = []
  /** Chunks of lent memory that keep nothing; the last one is taken first. */
  readonly #idle: Chunk[] = []
  /** Of those in `#byAge`, the ones that are lent. */
  #lentCount = 0
  /** Takes what comes. */
  #newest: Chunk | undefined
  /** Where it goes on. */
  #used = chunkBytes
  /** The newest chunk was the oldest, and is written over. */
  #isOverwriting = false
  #generation = 0
  #liveBytes = 0
  #hits = 0
  /** What was read last. */
  #lastChunk: Chunk | undefined
  #lastHeader = 0

  /** Memory of the tier's own. */
  get usedBytes(): number {
    return (this.#byAge.length - this.#lentCount) * chunkBytes
  }

  /** Lent memory that keeps blocks. */
  get lentBytes(): number {
    return this.#lentCount * chunkBytes
  }

  /** Part of the memory in blocks that are asked for no more, or none. */
  get deadBytes(): number {
    return this.#byAge.length * chunkBytes - this.#liveBytes - (chunkBytes - this.#used)
  }

  /** Copies the stored bytes of block `i` to the start of `target`; false when it is not here. */
  read(
    owner: CacheOwner,
    places: Uint32Array,
    i: number,
    size: number,
    target: Uint8Array,
  ): boolean {
    const generation = places[2 * i + 1]!
    if (generation === 0) return false
    const place = places[2 * i]!
    const chunk = this.#chunks[place >>> unitBits]
    if (chunk?.generation !== generation) return false
    const at = (place & unitMask) << unitShift
    const { words } = chunk
    const header = at >>> 2
    if (words[header] !== owner.id || words[header + 1] !== i || words[header + 2] !== size)
      return false
    words[header + 3]!++
    this.#hits++
    this.#lastChunk = chunk
    this.#lastHeader = header
    copyRange(chunk.bytes, at + headerBytes, at + headerBytes + size, target, 0)
    return true
  }

  /** Whether the block that was just {@link read} was written unchecked; the next time it is not said any more. */
  get isLastReadUnchecked(): boolean {
    return this.#lastChunk?.words[this.#lastHeader + 3] === 0
  }

  /** Hot. Reads the ends of block `i`, if it is here, for {@link read} to find it near; what it says means nothing. */
  touch(places: Uint32Array, i: number): number {
    const generation = places[2 * i + 1]!
    if (generation === 0) return 0
    const place = places[2 * i]!
    const chunk = this.#chunks[place >>> unitBits]
    if (chunk?.generation !== generation) return 0
    const header = (place & unitMask) << (unitShift - 2)
    const { words } = chunk
    const last = words.length - 1
    return (
      words[header]! ^
      words[Math.min(header + touchedWords, last)]! ^
      words[Math.min(header + touchedWords * 2, last)]!
    )
  }

  /** Whether block `i` is here. */
  has(places: Uint32Array, i: number): boolean {
    const generation = places[2 * i + 1]!
    return generation !== 0 && this.#chunks[places[2 * i]! >>> unitBits]?.generation === generation
  }

  /** How many chunks more would have kept block `i`, which is not here, till now; -1 when it never was. */
  chunksShort(places: Uint32Array, i: number): number {
    const generation = places[2 * i + 1]!
    return generation === 0 ? -1 : Math.max(0, this.#generation - generation - this.#byAge.length)
  }

  /** Whether the block that was just {@link read} is looked up much more often than the others since it came. */
  get isLastReadFrequent(): boolean {
    const chunk = this.#lastChunk
    if (chunk === undefined) return false
    const { words, hitsBefore } = chunk
    const bytes = blockBytes(words[this.#lastHeader + 2]!)
    const average = ((this.#hits - hitsBefore) * bytes) / this.#liveBytes
    return words[this.#lastHeader + 3]! >= frequentHits + frequentFactor * average
  }

  /** Forgets block `i`, and with it the rest of its chunk when that is little. */
  drop(owner: CacheOwner, places: Uint32Array, i: number): void {
    if (!this.has(places, i)) return
    const place = places[2 * i]!
    const chunk = this.#chunks[place >>> unitBits]!
    const size = chunk.words[((place & unitMask) << (unitShift - 2)) + 2]!
    places[2 * i + 1] = 0
    this.#forget(chunk, owner, blockBytes(size))
  }

  #forget(chunk: Chunk, owner: CacheOwner, bytes: number): void {
    const left = (chunk.bytesByOwner.get(owner) ?? 0) - bytes
    if (left > 0) chunk.bytesByOwner.set(owner, left)
    else chunk.bytesByOwner.delete(owner)
    chunk.liveBytes -= bytes
    this.#liveBytes -= bytes
    if (chunk.liveBytes < minLiveBytes && chunk !== this.#newest) this.#free(chunk)
  }

  /** Forgets all blocks of a file. */
  removeOwner(owner: CacheOwner): void {
    for (const chunk of this.#byAge.slice()) {
      const bytes = chunk.bytesByOwner.get(owner)
      if (bytes !== undefined) this.#forget(chunk, owner, bytes)
    }
  }

  /** Whether others had to go for what is written now. */
  get isOverwriting(): boolean {
    return this.#isOverwriting
  }

  /** Lent memory that keeps nothing yet. */
  get idleBytes(): number {
    return this.#idle.length * chunkBytes
  }

  /** Whether a block of so many bytes needs further memory. */
  isFull(size: number): boolean {
    return this.#idle.length === 0 && this.#exceedsNewest(size)
  }

  #exceedsNewest(size: number): boolean {
    return this.#used + blockBytes(size) > chunkBytes
  }

  /**
   * Keeps `stored[start, start + size)`, at most {@link maxKeptBlockBytes}, as block `i`, which is not here. With `mayGrow` in a further chunk
   * when the last one is full, else in place of others; false when there are none.
   */
  write(
    owner: CacheOwner,
    places: Uint32Array,
    i: number,
    stored: Uint8Array,
    start: number,
    size: number,
    isChecked: boolean,
    mayGrow: boolean,
  ): boolean {
    const needsRoom = this.#exceedsNewest(size) || (this.#isOverwriting && this.#idle.length > 0)
    if (needsRoom && !this.#makeRoom(size, mayGrow)) return false
    const chunk = this.#newest!
    const at = this.#used
    const header = at >>> 2
    const { words } = chunk
    words[header] = owner.id
    words[header + 1] = i
    words[header + 2] = size
    words[header + 3] = isChecked ? 0 : -1
    copyRange(stored, start, start + size, chunk.bytes, at + headerBytes)
    this.#append(chunk, owner, places, i, blockBytes(size))
    return true
  }

  /** Notes the block whose bytes are at the end of the newest chunk. */
  #append(chunk: Chunk, owner: CacheOwner, places: Uint32Array, i: number, bytes: number): void {
    places[2 * i] = (chunk.number << unitBits) | (this.#used >>> unitShift)
    places[2 * i + 1] = chunk.generation
    this.#used += bytes
    chunk.liveBytes += bytes
    this.#liveBytes += bytes
    chunk.bytesByOwner.set(owner, (chunk.bytesByOwner.get(owner) ?? 0) + bytes)
  }

  #makeRoom(size: number, mayGrow: boolean): boolean {
    if ((mayGrow || this.#idle.length > 0) && this.#byAge.length < maxChunks) {
      this.#grow()
      return true
    }
    const emptiest = this.#emptiest()
    if (emptiest === undefined) return false
    if (emptiest.liveBytes > clearedLiveBytes) {
      this.#begin(this.#byAge[0]!)
      this.#isOverwriting = true
    } else {
      const before = this.#byAge.length
      this.#clear(emptiest)
      if (this.#byAge.length < before && this.#exceedsNewest(size)) this.#grow()
    }
    return true
  }

  /** The chunk with the fewest bytes that may still be asked for, but for the newest; of the tier's own, when only those are of use. */
  #emptiest(isOwn: boolean = false): Chunk | undefined {
    let emptiest: Chunk | undefined
    for (const chunk of this.#byAge)
      if (
        chunk !== this.#newest &&
        chunk.liveBytes < (emptiest?.liveBytes ?? Infinity) &&
        !(isOwn && chunk.memory === undefined)
      )
        emptiest = chunk
    return emptiest
  }

  /**
   * Moves what is left of the chunk to the end of the newest one; once that is full, to its own beginning, and takes what comes. If all
   * had place, its memory goes.
   */
  #clear(chunk: Chunk): void {
    const owners = new Map<number, CacheOwner>()
    for (const owner of chunk.bytesByOwner.keys()) owners.set(owner.id, owner)
    const { bytes, words, generation, number, end } = chunk
    let to = this.#newest
    this.#discard(chunk)
    for (let at = 0; at < end;) {
      const header = at >>> 2
      const size = words[header + 2]!
      const i = words[header + 1]!
      const length = blockBytes(size)
      const owner = owners.get(words[header]!)
      const places = owner?.places
      if (
        places?.[2 * i + 1] === generation &&
        places[2 * i] === ((number << unitBits) | (at >>> unitShift))
      ) {
        if (to === undefined || (to !== chunk && this.#used + length > chunkBytes)) {
          this.#begin(chunk)
          to = chunk
        }
        words[header + 3] = Math.min(0, words[header + 3]!)
        copyRange(bytes, at, at + headerBytes + size, to.bytes, this.#used)
        this.#append(to, owner!, places, i, length)
      }
      at += length
    }
    if (to !== chunk) this.#free(chunk)
  }

  /** Gives the memory of a chunk of its own back: one of which most is dropped, or the oldest. False when there is none. */
  shrink(): boolean {
    const emptiest = this.#emptiest(true)
    const chunk =
      emptiest !== undefined && emptiest.liveBytes < chunkBytes / 2
        ? emptiest
        : this.#byAge.find(({ memory }) => memory !== undefined)
    if (chunk === undefined) return false
    this.#free(chunk)
    return true
  }

  /** Moves blocks together until the memory of a chunk of its own is given back; false when that is not possible. Clears lent ones, too. */
  compact(): boolean {
    const before = this.usedBytes
    for (let k = 0; k < maxMoves && this.usedBytes === before; k++) {
      const emptiest = this.#emptiest()
      if (emptiest === undefined || emptiest.liveBytes > clearedLiveBytes) return false
      this.#clear(emptiest)
    }
    return this.usedBytes < before
  }

  /**
   * Takes the first `sizeBytes` of memory that nobody needs at the moment, and has been written to before. It is filled from its end, as what is needed
   * again first is its beginning.
   */
  lend(buffer: SharedArrayBuffer, sizeBytes: number): MemoryLoan {
    const chunks: Chunk[] = []
    for (let at = 0; at + chunkBytes <= sizeBytes; at += chunkBytes)
      chunks.push(lentChunk(buffer, at))
    this.#idle.push(...chunks)
    let reclaimed = 0
    const reclaimTo = (bytes: number): void => {
      for (; reclaimed < chunks.length && reclaimed * chunkBytes < bytes; reclaimed++)
        this.#giveBack(chunks[reclaimed]!)
    }
    return { reclaimTo, end: () => reclaimTo(Infinity) }
  }

  #giveBack(chunk: Chunk): void {
    if (chunk.generation > 0) this.#free(chunk)
    this.#idle.splice(this.#idle.indexOf(chunk), 1)
  }

  #free(chunk: Chunk): void {
    this.#discard(chunk)
    chunk.generation = 0
    if (chunk === this.#newest) {
      this.#newest = undefined
      this.#used = chunkBytes
    }
    this.#byAge.splice(this.#byAge.indexOf(chunk), 1)
    this.#chunks[chunk.number] = undefined
    if (chunk.memory !== undefined) {
      chunk.memory.resize(0)
      return
    }
    this.#lentCount--
    this.#idle.push(chunk)
  }

  /** Counts what is in the chunk no more. */
  #discard(chunk: Chunk): void {
    if (this.#lastChunk === chunk) this.#lastChunk = undefined
    this.#liveBytes -= chunk.liveBytes
    chunk.liveBytes = 0
    chunk.bytesByOwner.clear()
  }

  #grow(): void {
    let number = this.#chunks.indexOf(undefined)
    if (number < 0) number = this.#chunks.length
    const lent = this.#idle.pop()
    if (lent !== undefined) this.#lentCount++
    const chunk = lent ?? newChunk()
    chunk.number = number
    this.#chunks[number] = chunk
    this.#start(chunk)
  }

  /** Has the chunk take what comes; of what is in it nothing is found any more. */
  #begin(chunk: Chunk): void {
    this.#discard(chunk)
    this.#byAge.splice(this.#byAge.indexOf(chunk), 1)
    this.#start(chunk)
  }

  #start(chunk: Chunk): void {
    if (this.#newest !== undefined) this.#newest.end = this.#used
    this.#byAge.push(chunk)
    this.#newest = chunk
    this.#isOverwriting = false
    chunk.generation = ++this.#generation
    chunk.hitsBefore = this.#hits
    this.#used = 0
  }
}

/** What a block takes, its header included. */
function blockBytes(size: number): number {
  return (headerBytes + size + 7) & ~7
}
