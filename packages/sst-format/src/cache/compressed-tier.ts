import { copyRange } from '@varve/base'

const chunkBytes = 1 << 20
const headerBytes = 16
/** Ways of a bucket of the index: two words each. */
const ways = 4
/** Bytes of chunks that one slot of the index stands for. */
const bytesPerSlot = 1024
const minSlots = 256
/** Of a chunk of which more is dropped the rest goes too. */
const maxDroppedBytes = chunkBytes * 0.875
/** One block must not take a chunk for itself. */
const maxBlockBytes = chunkBytes >>> 3

/**
 * Hot. Blocks as they are stored, in few large arrays with an index by hash: twice as many as decompressed, and for the garbage
 * collector none at all.
 *
 *     block: owner | offset (low, high) | bytes | stored bytes with trailer, to a multiple of 8
 *
 * Blocks are appended to the newest chunk; when there may be no more chunks the oldest one is written over, with all that is in it. What is read often
 * does not stay here but goes among the decompressed blocks. A block of a file that is gone is never asked for and goes with its chunk.
 */
export class CompressedTier {
  /** By age; the last one takes what comes. */
  readonly #chunks: Chunk[] = []
  /** Chunks without memory; of their blocks none is found. */
  #emptyChunks = 0
  /** Sequence number of the first chunk; a position is a chunk's number and the place in it. */
  #first = 0
  #used = chunkBytes
  /** Position plus one and hash; 0 for none. */
  #index: Float64Array = new Float64Array(0)
  #hashes: Int32Array = new Int32Array(0)
  #bucketMask = 0
  /** Slot of the block that was read last. */
  #lastRead = -1

  get usedBytes(): number {
    return (this.#chunks.length - this.#emptyChunks) * chunkBytes + this.#index.length * 12
  }

  /** Copies the stored bytes of a block to the start of `target`; how many they are, 0 when the block is not here. */
  read(owner: number, offset: number, target: Uint8Array): number {
    this.#lastRead = -1
    if (this.#chunks.length === 0) return 0
    const slot = this.#find(owner, offset, hashBlock(owner, offset))
    if (slot < 0) return 0
    const position = this.#index[slot]! - 1
    const chunk = this.#chunks[Math.floor(position / chunkBytes) - this.#first]!
    const at = position % chunkBytes
    const size = chunk.words[(at >>> 2) + 3]!
    if (size > target.length) return 0
    copyRange(chunk.bytes, at + headerBytes, at + headerBytes + size, target, 0)
    this.#lastRead = slot
    return size
  }

  /** Forgets the block that was {@link read} last, and with it the rest of its chunk when that is little. */
  dropLastRead(): void {
    const slot = this.#lastRead
    this.#lastRead = -1
    if (slot < 0 || !this.#isHere(this.#index[slot]!)) return
    const position = this.#index[slot]! - 1
    const at = Math.floor(position / chunkBytes) - this.#first
    const chunk = this.#chunks[at]!
    chunk.droppedBytes += headerBytes + chunk.words[((position % chunkBytes) >>> 2) + 3]!
    this.#index[slot] = 0
    if (at < this.#chunks.length - 1) this.#emptyIfDropped(chunk)
  }

  /** Pages go back at once, not when the collector comes by, and leave no hole in the heap. */
  #emptyIfDropped(chunk: Chunk | undefined): void {
    if (chunk === undefined || chunk.droppedBytes <= maxDroppedBytes) return
    chunk.memory.resize(0)
    this.#emptyChunks++
  }

  /** Whether a block of so many bytes needs a further chunk. */
  isFull(size: number): boolean {
    return this.#used + headerBytes + size > chunkBytes
  }

  /**
   * Keeps `stored[0, size)`, and says whether it does. With `mayGrow` in a further chunk when the last one is full, else in place of the
   * oldest.
   */
  write(
    owner: number,
    offset: number,
    stored: Uint8Array,
    size: number,
    mayGrow: boolean,
  ): boolean {
    if (size > maxBlockBytes) return false
    this.#lastRead = -1
    if (this.isFull(size)) {
      if (mayGrow) this.#grow()
      else if (this.#chunks.length - this.#emptyChunks > 1) this.#reuseOldest()
      else return false
    }
    const hash = hashBlock(owner, offset)
    const known = this.#find(owner, offset, hash)
    if (known >= 0) return true
    const at = this.#used
    const { bytes, words } = this.#chunks[this.#chunks.length - 1]!
    const header = at >>> 2
    words[header] = owner
    words[header + 1] = offset | 0
    words[header + 2] = Math.floor(offset / 0x1_0000_0000)
    words[header + 3] = size
    copyRange(stored, 0, size, bytes, at + headerBytes)
    this.#used = (at + headerBytes + size + 7) & ~7
    const slot = this.#victim(hash)
    this.#index[slot] = (this.#first + this.#chunks.length - 1) * chunkBytes + at + 1
    this.#hashes[slot] = hash
    return true
  }

  /** Gives the memory of the oldest chunk back; false when there is none. */
  shrink(): boolean {
    this.#dropEmpty()
    const oldest = this.#chunks.shift()
    if (oldest === undefined) return false
    this.#first++
    oldest.memory.resize(0)
    if (this.#chunks.length === 0) {
      this.#used = chunkBytes
      this.#index = new Float64Array(0)
      this.#hashes = new Int32Array(0)
    }
    return true
  }

  /** Forgets the oldest chunks as far as they have no memory. */
  #dropEmpty(): void {
    while (this.#chunks.length > 0 && this.#chunks[0]!.memory.byteLength === 0) {
      this.#chunks.shift()
      this.#first++
      this.#emptyChunks--
    }
  }

  #grow(): void {
    this.#emptyIfDropped(this.#chunks.at(-1))
    this.#dropEmpty()
    // Behind a chunk that stays they would become ever more.
    while (this.#emptyChunks > this.#chunks.length / 2) this.shrink()
    const memory = new ArrayBuffer(chunkBytes, { maxByteLength: chunkBytes })
    this.#chunks.push({
      memory,
      // Views of a fixed length are as fast as those of other memory.
      bytes: new Uint8Array(memory, 0, chunkBytes),
      words: new Int32Array(memory, 0, chunkBytes >>> 2),
      droppedBytes: 0,
    })
    this.#used = 0
    let slots = Math.max(minSlots, this.#index.length)
    const chunks = this.#chunks.length - this.#emptyChunks
    while (slots * bytesPerSlot < chunks * chunkBytes) slots *= 2
    if (slots !== this.#index.length) this.#rebuildIndex(slots)
  }

  #reuseOldest(): void {
    this.#dropEmpty()
    const oldest = this.#chunks.shift()!
    oldest.droppedBytes = 0
    this.#chunks.push(oldest)
    this.#first++
    this.#used = 0
  }

  #rebuildIndex(slots: number): void {
    const index = this.#index
    const hashes = this.#hashes
    this.#index = new Float64Array(slots)
    this.#hashes = new Int32Array(slots)
    this.#bucketMask = slots / ways - 1
    for (let slot = 0; slot < index.length; slot++) {
      if (!this.#isHere(index[slot]!)) continue
      const to = this.#victim(hashes[slot]!)
      this.#index[to] = index[slot]!
      this.#hashes[to] = hashes[slot]!
    }
  }

  #isHere(positionPlusOne: number): boolean {
    return positionPlusOne > this.#first * chunkBytes
  }

  /** Slot of the block, -1 when it is not here. */
  #find(owner: number, offset: number, hash: number): number {
    const index = this.#index
    const hashes = this.#hashes
    const first = (hash & this.#bucketMask) * ways
    for (let slot = first; slot < first + ways; slot++) {
      if (hashes[slot] !== hash || !this.#isHere(index[slot]!)) continue
      const position = index[slot]! - 1
      const { words } = this.#chunks[Math.floor(position / chunkBytes) - this.#first]!
      const header = (position % chunkBytes) >>> 2
      if (
        words[header] === owner &&
        words[header + 1] === (offset | 0) &&
        words[header + 2] === Math.floor(offset / 0x1_0000_0000)
      )
        return slot
    }
    return -1
  }

  /** Slot of the bucket that is empty or holds its oldest block. */
  #victim(hash: number): number {
    const index = this.#index
    const first = (hash & this.#bucketMask) * ways
    let victim = first
    for (let slot = first + 1; slot < first + ways; slot++)
      if (index[slot]! < index[victim]!) victim = slot
    return victim
  }
}

interface Chunk {
  /** Resizable, for that gives it pages of its own. */
  readonly memory: ArrayBuffer
  readonly bytes: Uint8Array
  readonly words: Int32Array
  /** Of blocks that are asked for no more. */
  droppedBytes: number
}

/** Never stored on disk. */
function hashBlock(owner: number, offset: number): number {
  let hash = Math.imul(offset | 0, 0x9e3779b1) ^ Math.imul(owner, 0x85ebca77)
  hash = Math.imul(hash ^ Math.floor(offset / 0x1_0000_0000) ^ (hash >>> 15), 0x2c1b3c6d)
  hash = Math.imul(hash ^ (hash >>> 12), 0x297a2d39)
  return hash ^ (hash >>> 15)
}
