import { copyRange, NotOpenError, scratchBlock } from '@varve/base'
import type { RandomAccessFile } from '@varve/vfs'

import { Block } from './block.ts'
import { BlockRoom } from './block-room.ts'
import type { BlockHandle } from './block-handle.ts'
import type { BlockCache } from '../cache/block-cache.ts'
import { CacheOwner, type CachedValue } from '../cache/clock.ts'
import { CompressionType } from '../compression/compression-type.ts'
import { FilterReader } from '../filter/filter-reader.ts'
import { decodeIndexBlock, type IndexEntries } from '../index/index-block.ts'
import { BLOCK_TRAILER_SIZE_BYTES } from '../table/table-format.ts'
import type { OpenedTable } from '../table/table-open.ts'

/** Options of {@link TableReader.iterator}. */
export interface TableIteratorOptions {
  /** Whether blocks that are read go into the cache. Default true. */
  readonly fillCache?: boolean
  /** Reads that many bytes at a time, past the cache; for scans of whole tables. Default 0: one block at a time. */
  readonly readaheadBytes?: number
  /**
   * With `readaheadBytes`, or when the cache is filled: each block that the cache does not keep decompressed takes the memory of the one
   * before, so that no garbage is left. Keys and values are good until the next move and not a moment longer. Default false.
   */
  readonly reuseBlocks?: boolean
}

/** Blocks are read into this, and decompressed or copied out of it at once. */
const readScratch = new Uint8Array(64 * 1024)
/** Blocks for transient results that the cache does not keep are decompressed into this. */
const blockScratch = new Uint8Array(64 * 1024)

/** Blocks that are read together while the cache has room. */
const readAheadBlocks = 8
/** After so many blocks of another compression the others of the table are not read as if they might be kept compressed. */
const maxOtherBlocks = 8

/** Gives the block of entry `i` of an index; `isScan` when others before it were walked through. @internal */
export type BlockLoader = (index: IndexEntries, i: number, isScan: boolean) => Block

/** What a handle leads to. @internal */
export const BlockKind = { Data: 0, IndexPartition: 1, FilterPartition: 2 } as const
export type BlockKind = (typeof BlockKind)[keyof typeof BlockKind]

/** A block that a search found missing. */
interface MissingBlock {
  readonly kind: BlockKind
  readonly handle: BlockHandle
}

/** Blocks read for one search, so that it comes to an end whatever the cache evicts meanwhile. @internal */
export type PinnedBlocks = Map<number, CachedValue>

/**
 * Where a table's reader gets its blocks: from the cache, or out of the file, checked and decoded. Owns the file.
 *
 * Not safe after {@link BlockSource.closeSync}, which reads refuse. @internal
 */
export class BlockSource {
  readonly #file: RandomAccessFile
  readonly #table: OpenedTable
  readonly #cache: BlockCache | undefined
  readonly #owner: CacheOwner = new CacheOwner()
  #missing: MissingBlock | undefined
  #closed = false
  /** Blocks one after the other that were read and not compressed in the way in which they can be kept so. */
  #otherBlocks = 0

  constructor(file: RandomAccessFile, table: OpenedTable, cache: BlockCache | undefined) {
    this.#file = file
    this.#table = table
    this.#cache = cache
  }

  /** Closes the file and has the cache forget its blocks. */
  closeSync(): void {
    this.#closed = true
    this.#cache?.removeOwner(this.#owner)
    this.#file.closeSync()
  }

  /** Reads, without blocking, what {@link data} or {@link fetch} found missing last, for a search that pins it. */
  async readMissing(pinned: PinnedBlocks): Promise<void> {
    const { kind, handle } = this.#missing!
    const length = this.#table.decoder.storedSize(handle)
    const stored = await this.#file.read(handle.offset, length)
    pinned.set(handle.offset, this.#decode(kind, stored, 0, handle, true))
  }

  /**
   * Hot. The data block that entry `i` of the index leads to; undefined when it is missing and not to be read (`sync`). A transient one may be
   * good only until the next is got, or the next checksum of anything is taken; in a `room`, if there is one, until that takes another.
   * A scan comes by the block and most likely not again.
   */
  data(
    index: IndexEntries,
    i: number,
    pinned: PinnedBlocks | undefined,
    sync: boolean,
    isTransient: boolean = false,
    room?: BlockRoom,
    isScan: boolean = !isTransient,
  ): CachedValue | undefined {
    const cache = this.#cache
    if (cache === undefined)
      return this.fetch(BlockKind.Data, index.offsets[i]!, index.sizes[i]!, pinned, sync)
    const slot = index.slot(i)
    const known = slot === undefined ? undefined : cache.use(slot)
    if (known !== undefined) return known
    const offset = index.offsets[i]!
    if (index !== this.#table.index) {
      // A partition that was evicted and read again knows nothing of its blocks.
      const entry = this.#owner.entries.get(offset)
      const value = entry === undefined ? undefined : cache.use(entry)
      if (value !== undefined) {
        index.setSlot(i, entry!)
        return value
      }
    }
    const read = pinned?.get(offset)
    if (read !== undefined) {
      this.#noteSlot(index, i, offset)
      return read
    }
    const found = this.#throughStored(cache, index, i, sync, isTransient, room, isScan)
    if (found !== undefined) return found
    if (!sync) {
      this.#missing = { kind: BlockKind.Data, handle: index.handle(i) }
      return undefined
    }
    const admits = cache.admits(this.#owner, offset)
    if (isTransient && !admits) return this.#readIntoOwnScratch(index.handle(i), room)
    const block = this.#read(BlockKind.Data, index.handle(i), admits)
    this.#noteSlot(index, i, offset)
    return block
  }

  #noteSlot(index: IndexEntries, i: number, offset: number): void {
    const entry = this.#owner.entries.get(offset)
    if (entry !== undefined) index.setSlot(i, entry)
  }

  /**
   * Hot. A block that is not in the cache as it is: found there compressed, or read and kept so. Undefined when it is neither there nor to
   * be read, or of another compression, or damaged.
   */
  #throughStored(
    cache: BlockCache,
    index: IndexEntries,
    i: number,
    mayRead: boolean,
    isTransient: boolean,
    room: BlockRoom | undefined,
    isScan: boolean,
  ): CachedValue | undefined {
    this.#checkOpen()
    const offset = index.offsets[i]!
    const sizeBytes = index.sizes[i]!
    const size = sizeBytes + BLOCK_TRAILER_SIZE_BYTES
    const scratch =
      this.#otherBlocks < maxOtherBlocks &&
      cache.keepsCompressed(size) &&
      offset + size <= this.#file.sizeBytes
        ? scratchBlock(size)
        : undefined
    if (scratch === undefined) {
      cache.countMiss()
      return undefined
    }
    const { decoder } = this.#table
    const { places } = index
    // It gets memory of its own.
    const inserts = (isScan || !mayRead) && cache.hasAmpleRoom
    const isKept = cache.readCompressed(this.#owner, places, i, size, scratch)
    if (isKept) {
      if (cache.isUnchecked && !decoder.isSoundSnappy(scratch, offset, sizeBytes)) {
        cache.dropCompressed(this.#owner, places, i)
        return undefined
      }
    } else {
      if (!mayRead) return undefined
      if (index === this.#table.index) this.#owner.places = places
      const isRead =
        (cache.readsAhead && this.#readAhead(cache, index, i, scratch)) ||
        this.#file.readIntoSync(scratch, offset) >= size
      if (!isRead || !decoder.isSoundSnappy(scratch, offset, sizeBytes)) {
        this.#otherBlocks++
        return undefined
      }
      this.#otherBlocks = 0
      if (!inserts) cache.keepCompressed(this.#owner, places, i, scratch, size, isScan)
    }
    // What is kept was found sound before.
    const data = decoder.decompressInScratch(scratch, sizeBytes)
    if (data === undefined) return undefined
    const isPromoted = inserts || (isKept && cache.promotes())
    const { path } = this.#file
    if (isTransient && mayRead && !isPromoted)
      return room?.block(data, path, offset) ?? new Block(data, path, offset)
    const block = new Block(new Uint8Array(data), path, offset)
    if (isPromoted) {
      cache.dropCompressed(this.#owner, places, i)
      const entry = cache.insert(this.#owner, offset, block)
      if (entry !== undefined) index.setSlot(i, entry)
    }
    return block
  }

  /**
   * Reads block `i` into `scratch`, and its neighbours with it, into the cache: one system call for eight blocks costs little more than for
   * one. False when they are not to be had so.
   */
  #readAhead(cache: BlockCache, index: IndexEntries, i: number, scratch: Uint8Array): boolean {
    const { places, offsets, sizes } = index
    // All of a group come together, so one neighbour tells of them.
    const neighbour = i + 1 < index.count ? i ^ 1 : i - 1
    if (neighbour < 0 || cache.hasCompressed(places, neighbour)) return false
    const first = i - (i % readAheadBlocks)
    const last = Math.min(first + readAheadBlocks, index.count) - 1
    const start = offsets[first]!
    const length = offsets[last]! + sizes[last]! + BLOCK_TRAILER_SIZE_BYTES - start
    if (!(length > 0 && length <= readScratch.length)) return false
    if (this.#file.readIntoSync(readScratch.subarray(0, length), start) < length) return false
    for (let k = first; k <= last; k++) {
      const at = offsets[k]! - start
      const size = sizes[k]! + BLOCK_TRAILER_SIZE_BYTES
      if (at < 0 || at + size > length) return false
      if (k === i) copyRange(readScratch, at, at + size, scratch, 0)
      else if (
        readScratch[at + sizes[k]!] === CompressionType.Snappy &&
        !cache.hasCompressed(places, k) &&
        index.slot(k)?.value === undefined
      )
        cache.keepAhead(this.#owner, places, k, readScratch, at, size)
    }
    return true
  }

  #readIntoOwnScratch(handle: BlockHandle, room: BlockRoom | undefined): Block {
    const { decoder } = this.#table
    const { path } = this.#file
    const { offset } = handle
    const size = decoder.storedSize(handle)
    let stored: Uint8Array
    if (size > readScratch.length) {
      stored = this.#file.readSync(offset, size)
    } else {
      const length = this.#file.readIntoSync(readScratch.subarray(0, size), offset)
      stored = readScratch.subarray(0, length)
    }
    const data = decoder.decode(stored, 0, handle, true, blockScratch)
    const { buffer } = data
    return room !== undefined && (buffer === readScratch.buffer || buffer === blockScratch.buffer)
      ? room.block(data, path, offset)
      : new Block(data, path, offset)
  }

  #checkOpen(): void {
    if (this.#closed) throw new NotOpenError(`table "${this.#file.path}" is closed`)
  }

  /** The block at `offset`: pinned, cached, or read when `sync`; else remembered as missing. */
  fetch(
    kind: BlockKind,
    offset: number,
    sizeBytes: number,
    pinned: PinnedBlocks | undefined,
    sync: boolean,
    fillCache: boolean = true,
  ): CachedValue | undefined {
    const known = pinned?.get(offset) ?? this.#cache?.get(this.#owner, offset)
    if (known !== undefined) return known
    const handle = { offset, sizeBytes }
    if (!sync) {
      this.#missing = { kind, handle }
      return undefined
    }
    return this.#read(kind, handle, fillCache)
  }

  #read(kind: BlockKind, handle: BlockHandle, fillCache: boolean): CachedValue {
    this.#checkOpen()
    const size = this.#table.decoder.storedSize(handle)
    if (size > readScratch.length) {
      const stored = this.#file.readSync(handle.offset, size)
      return this.#decode(kind, stored, 0, handle, fillCache)
    }
    const stored = readScratch.subarray(0, size)
    const length = this.#file.readIntoSync(stored, handle.offset)
    return this.#decode(kind, stored.subarray(0, length), 0, handle, fillCache)
  }

  #decode(
    kind: BlockKind,
    stored: Uint8Array,
    start: number,
    handle: BlockHandle,
    fillCache: boolean,
    isReused: boolean = stored.buffer === readScratch.buffer,
  ): CachedValue {
    let data = this.#table.decoder.decode(stored, start, handle, kind === BlockKind.Data)
    if (isReused && data.buffer === stored.buffer) data = new Uint8Array(data)
    let value: CachedValue
    if (kind === BlockKind.Data) value = new Block(data, this.#file.path, handle.offset)
    else if (kind === BlockKind.FilterPartition) value = new FilterReader(data)
    else value = decodeIndexBlock(data, this.#table.coding, this.#file.path, handle.offset)
    if (fillCache) this.#cache?.insert(this.#owner, handle.offset, value)
    return value
  }

  /** How an iterator gets its data blocks: through the cache, or out of large reads that go past it. */
  loader(options: TableIteratorOptions): BlockLoader {
    const { fillCache = true, readaheadBytes = 0, reuseBlocks = false } = options
    if (readaheadBytes <= 0) {
      if (fillCache) {
        const room = reuseBlocks ? new BlockRoom() : undefined
        return (index, i, isScan) =>
          this.data(index, i, undefined, true, reuseBlocks, room, isScan) as Block
      }
      return (index, i) =>
        this.fetch(
          BlockKind.Data,
          index.offsets[i]!,
          index.sizes[i]!,
          undefined,
          true,
          false,
        ) as Block
    }
    let chunk: Uint8Array = new Uint8Array(0)
    let chunkOffset = 0
    let chunkLength = 0
    let room: Uint8Array = new Uint8Array(0)
    return (index, i) => {
      const handle = index.handle(i)
      const { offset } = handle
      const size = this.#table.decoder.storedSize(handle)
      if (offset < chunkOffset || offset + size > chunkOffset + chunkLength) {
        const length = Math.min(Math.max(size, readaheadBytes), this.#file.sizeBytes)
        if (chunk.length < length) chunk = new Uint8Array(length)
        // Nothing is in it should the read fail.
        chunkLength = 0
        chunkLength = this.#file.readIntoSync(chunk, offset)
        chunkOffset = offset
      }
      const stored = chunkLength === chunk.length ? chunk : chunk.subarray(0, chunkLength)
      if (reuseBlocks) {
        const { decoder } = this.#table
        const data = decoder.decode(stored, offset - chunkOffset, handle, true, room)
        if (data.length > room.length) room = new Uint8Array(data.length * 2)
        return new Block(data, this.#file.path, offset)
      }
      return this.#decode(
        BlockKind.Data,
        stored,
        offset - chunkOffset,
        handle,
        false,
        true,
      ) as Block
    }
  }
}
