import { ByteWriter, crc32c } from '@varve/base'
import type { WritableFile } from '@varve/vfs'

import type { BlockHandle } from './block-handle.ts'
import { blockChecksum, contextChecksumModifier, xxh3Checksum } from './checksum.ts'
import { compressBlock, type BlockCompression } from '../compression/block-compression.ts'
import { CompressionType } from '../compression/compression-type.ts'
import { BLOCK_TRAILER_SIZE_BYTES, ChecksumType } from '../table/table-format.ts'

/** Finished blocks are collected to this size before they go to the file in one system call. */
const WRITE_CHUNK_BYTES = 256 * 1024

/** What a finished one leaves to the next one of the thread: it would be garbage with every table. */
let spare: ByteWriter | undefined
/** More is left to the collector. */
const maxSpareBytes = 2 << 20

/** Appends blocks with their trailers to a table file, in large chunks. */
export class BlockWriter {
  readonly #file: WritableFile
  readonly #checksum: ChecksumType
  /** Added to checksums with the block's place; 0: nothing is. */
  readonly #baseContextChecksum: number
  readonly #hasFileChecksum: boolean
  #out: ByteWriter
  /** Types of compression that occur. */
  readonly usedCompressions: Set<number> = new Set()
  /** Where the next block begins. */
  offset = 0
  /** CRC-32C of the whole file so far, when it was asked for. */
  fileCrc = 0

  constructor(
    file: WritableFile,
    checksum: ChecksumType,
    baseContextChecksum: number,
    hasFileChecksum: boolean,
  ) {
    this.#file = file
    this.#checksum = checksum
    this.#baseContextChecksum = baseContextChecksum
    this.#hasFileChecksum = hasFileChecksum
    this.#out = spare ?? new ByteWriter(WRITE_CHUNK_BYTES + 16 * 1024)
    spare = undefined
  }

  /** Writes a block compressed, if that makes it smaller. `raw` is borrowed for the call. */
  writeCompressed(raw: Uint8Array, compression: BlockCompression): BlockHandle {
    const { type } = compression
    if (type !== CompressionType.NoCompression) {
      const compressed = compressBlock(raw, compression)
      if (compressed !== undefined) return this.#write(compressed, type)
    }
    return this.#write(raw, CompressionType.NoCompression)
  }

  /** Writes a block as it is. */
  writeRaw(raw: Uint8Array): BlockHandle {
    return this.#write(raw, CompressionType.NoCompression)
  }

  /** Fills up with zeros to a multiple of `alignment`, a power of two. */
  align(alignment: number): void {
    const padding = (alignment - (this.offset & (alignment - 1))) & (alignment - 1)
    this.#out.zeros(padding)
    this.offset += padding
  }

  /** Appends bytes that are no block. */
  append(bytes: Uint8Array): void {
    this.#out.raw(bytes)
    this.offset += bytes.length
  }

  /** Hands everything to the file. */
  flush(): void {
    const out = this.#out
    if (out.length === 0) return
    this.#appendToFile(out.view())
    out.clear()
  }

  #appendToFile(bytes: Uint8Array): void {
    if (this.#hasFileChecksum) this.fileCrc = crc32c(bytes, 0, bytes.length, this.fileCrc)
    this.#file.appendSync(bytes)
  }

  /** Hands everything to the file and the memory to the next writer; nothing is written afterwards. */
  finish(): void {
    this.flush()
    const out = this.#out
    if (out.bytes.length <= maxSpareBytes) spare = out
    this.#out = new ByteWriter(0)
  }

  #write(stored: Uint8Array, type: CompressionType): BlockHandle {
    const handle = { offset: this.offset, sizeBytes: stored.length }
    const out = this.#out
    let checksum: number
    if (this.#checksum === ChecksumType.XXH3 && stored.length >= WRITE_CHUNK_BYTES) {
      // The filter of a large table: it goes to the file from where it is.
      this.flush()
      this.#appendToFile(stored)
      checksum = xxh3Checksum(stored, 0, stored.length, type)
      out.byte(type)
    } else {
      const start = out.length
      out.reserve(stored.length + BLOCK_TRAILER_SIZE_BYTES)
      out.raw(stored).byte(type)
      checksum = blockChecksum(this.#checksum, out.bytes, start, stored.length)
    }
    checksum += contextChecksumModifier(this.#baseContextChecksum, handle.offset)
    out.fixed32(checksum >>> 0)
    this.offset += stored.length + BLOCK_TRAILER_SIZE_BYTES
    if (type !== CompressionType.NoCompression) this.usedCompressions.add(type)
    if (out.length >= WRITE_CHUNK_BYTES) this.flush()
    return handle
  }
}
