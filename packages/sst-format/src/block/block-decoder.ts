import { CorruptionError, readFixed32, snappyInScratch } from '@varve/base'

import type { BlockHandle } from './block-handle.ts'
import { blockChecksum, contextChecksumModifier } from './checksum.ts'
import { decompressBlock } from '../compression/block-compression.ts'
import { CompressionType } from '../compression/compression-type.ts'
import type { Footer } from '../table/footer.ts'
import { BLOCK_TRAILER_SIZE_BYTES, ChecksumType } from '../table/table-format.ts'

/**
 * End of `rocksdb.external_sst_file.global_seqno`, the property whose value RocksDB may overwrite in a finished file: the
 * part of the name that no neighbour shares as a prefix, so that it stands in the block as it is.
 */
const GLOBAL_SEQUENCE_TAIL = new TextEncoder().encode('global_seqno')

/** Contents of a block that is decompressed in scratch memory, at most. */
const maxScratchContentsBytes = 256 << 10

/**
 * The pure half of reading a block: from stored bytes to checked, decompressed contents.
 * Knows the file's name and size, so that errors name the place and no length leads beyond the file.
 */
export class BlockDecoder {
  readonly file: string
  readonly fileSizeBytes: number
  readonly footer: Footer
  /** Preset dictionary of data blocks; set once it is read. */
  dictionary: Uint8Array | undefined

  constructor(file: string, fileSizeBytes: number, footer: Footer) {
    this.file = file
    this.fileSizeBytes = fileSizeBytes
    this.footer = footer
  }

  /** Bytes to read for the block, trailer included. @throws CorruptionError when they are not all in the file */
  storedSize(handle: BlockHandle): number {
    const { offset, sizeBytes } = handle
    const size = sizeBytes + BLOCK_TRAILER_SIZE_BYTES
    if (offset + size > this.fileSizeBytes) {
      throw new CorruptionError('block handle points beyond the file', {
        file: this.file,
        offset,
        expected: this.fileSizeBytes,
        actual: offset + size,
      })
    }
    return size
  }

  /**
   * Contents of the block whose stored bytes start at `start` of `stored`. A view when the block is not compressed;
   * in `target`, if it is given and large enough, when the compression allows it.
   *
   * @throws CorruptionError when the checksum differs or the block does not decompress
   */
  decode(
    stored: Uint8Array,
    start: number,
    handle: BlockHandle,
    isData: boolean,
    target?: Uint8Array,
  ): Uint8Array {
    const { offset, sizeBytes } = handle
    if (stored.length - start < sizeBytes + BLOCK_TRAILER_SIZE_BYTES) {
      throw new CorruptionError('file ends inside a block', {
        file: this.file,
        offset,
        expected: sizeBytes + BLOCK_TRAILER_SIZE_BYTES,
        actual: stored.length - start,
      })
    }
    const { checksum, formatVersion } = this.footer
    if (checksum !== ChecksumType.NoChecksum) {
      const actual = this.#checksum(stored, start, offset, sizeBytes)
      const expected = readFixed32(stored, start + sizeBytes + 1)
      if (actual !== expected) {
        throw new CorruptionError('checksum mismatch in a block', {
          file: this.file,
          offset,
          expected,
          actual,
        })
      }
    }
    const type = stored[start + sizeBytes]!
    const body = stored.subarray(start, start + sizeBytes)
    if (type === CompressionType.NoCompression) return body
    const context = {
      file: this.file,
      formatVersion,
      dictionary: isData ? this.dictionary : undefined,
    }
    return decompressBlock(type, body, offset, context, target)
  }

  /** Hot. Whether the stored bytes that begin `stored` are a Snappy block with the checksum that belongs to it. */
  isSoundSnappy(stored: Uint8Array, offset: number, sizeBytes: number): boolean {
    return (
      stored[sizeBytes] === CompressionType.Snappy &&
      (this.footer.checksum === ChecksumType.NoChecksum ||
        this.#checksum(stored, 0, offset, sizeBytes) === readFixed32(stored, sizeBytes + 1))
    )
  }

  /**
   * Hot. Contents of the sound Snappy block whose stored bytes begin `stored`, memory of {@link scratchBlock}; good as long as that.
   * Undefined when it does not decompress: {@link decode} then takes it, or says what is wrong.
   */
  decompressInScratch(stored: Uint8Array, sizeBytes: number): Uint8Array | undefined {
    return stored[sizeBytes] === CompressionType.Snappy
      ? snappyInScratch(sizeBytes, maxScratchContentsBytes)
      : undefined
  }

  #checksum(stored: Uint8Array, start: number, offset: number, sizeBytes: number): number {
    const { checksum, baseContextChecksum } = this.footer
    const modifier = contextChecksumModifier(baseContextChecksum, offset)
    return (blockChecksum(checksum, stored, start, sizeBytes) + modifier) >>> 0
  }

  /**
   * As {@link decode}, for the properties block: RocksDB may have written the assigned sequence number of an ingested table
   * over eight of its bytes, after the checksum was taken over zeros. The number is returned as it stands.
   */
  decodeProperties(stored: Uint8Array, handle: BlockHandle): Uint8Array {
    try {
      return this.decode(stored, 0, handle, false)
    } catch (error) {
      if (!(error instanceof CorruptionError)) throw error
      const at = indexOf(stored, GLOBAL_SEQUENCE_TAIL)
      const value = at < 0 ? -1 : at + GLOBAL_SEQUENCE_TAIL.length
      if (value < 0 || value + 8 > handle.sizeBytes) throw error
      const zeroed = new Uint8Array(stored)
      zeroed.fill(0, value, value + 8)
      this.decode(zeroed, 0, handle, false)
      return stored.subarray(0, handle.sizeBytes)
    }
  }
}

function indexOf(data: Uint8Array, part: Uint8Array): number {
  outer: for (let i = 0; i + part.length <= data.length; i++) {
    for (let k = 0; k < part.length; k++) if (data[i + k] !== part[k]) continue outer
    return i
  }
  return -1
}
