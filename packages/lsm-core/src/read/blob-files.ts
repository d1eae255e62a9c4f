import { join } from 'node:path'

import {
  ByteReader,
  copyBytes,
  CorruptionError,
  crc32c,
  maskCrc32c,
  readFixed32,
  readFixed64,
  UnsupportedError,
} from '@varve/base'
import { blobFileName } from '@varve/manifest'
import { CompressionType, decompressBlock } from '@varve/sst-format'
import { isNotFound, type FileSystem, type RandomAccessFile } from '@varve/vfs'

const HEADER_SIZE_BYTES = 30
const RECORD_HEADER_SIZE_BYTES = 32
const MAGIC = 0x0024_8f37
/** Files that are open at once; the one that was opened first goes. */
const MAX_OPEN_FILES = 64

/** What the value of an entry of type `BlobIndex` says. */
const IndexType = { InlinedWithTtl: 0, Blob: 1, BlobWithTtl: 2 } as const

interface OpenBlobFile {
  readonly file: RandomAccessFile
  readonly compression: number
}

/**
 * Reads values that RocksDB (integrated BlobDB) keeps in blob files of their own. Such files are not written here.
 *
 *     file   := header (30): fixed32 magic, fixed32 version 1, fixed32 family, flags, compression, fixed64 × 2 expiration
 *               record*, footer (32)
 *     record := fixed64 key length, fixed64 value length, fixed64 expiration, masked crc32c of these 24 bytes,
 *               masked crc32c of key and value, key, value
 *     index  := type 1, varint file number, varint offset of the value, varint size, compression
 */
export class BlobFiles {
  readonly #fs: FileSystem
  readonly #directory: string
  readonly #open = new Map<number, OpenBlobFile>()

  constructor(fs: FileSystem, directory: string) {
    this.#fs = fs
    this.#directory = directory
  }

  /**
   * The value that `index`, the stored value of `userKey`, stands for; owned by the caller.
   *
   * @throws CorruptionError when the blob is missing, damaged or that of another key
   */
  read(userKey: Uint8Array, index: Uint8Array): Uint8Array {
    const reader = new ByteReader(index)
    const type = reader.byte()
    if (type !== IndexType.Blob) reader.varint64() // expiration, which BlobDB of old judged by itself
    if (type === IndexType.InlinedWithTtl) return copyBytes(reader.take(reader.remaining))
    if (type > IndexType.BlobWithTtl) throw new UnsupportedError(`blob index of type ${type}`)
    const number = reader.varint64()
    const offset = reader.varint64()
    const size = reader.varint64()
    const compression = reader.byte()
    return this.#readRecord(userKey, this.#file(number), offset, size, compression)
  }

  closeAll(): void {
    for (const { file } of this.#open.values()) file.closeSync()
    this.#open.clear()
  }

  #readRecord(
    userKey: Uint8Array,
    { file, compression }: OpenBlobFile,
    offset: number,
    size: number,
    indexCompression: number,
  ): Uint8Array {
    const start = offset - userKey.length - RECORD_HEADER_SIZE_BYTES
    const damaged = (what: string): CorruptionError =>
      new CorruptionError(`damaged blob: ${what}`, { file: file.path, offset: start })
    if (start < HEADER_SIZE_BYTES || offset + size > file.sizeBytes)
      throw damaged('lies outside the file')
    if (compression !== indexCompression) throw damaged('compression differs from that of the file')
    const length = offset + size - start
    const record = file.readSync(start, length)
    if (record.length !== length) throw damaged('file ends inside')
    if (readFixed32(record, 24) !== maskCrc32c(crc32c(record, 0, 24)))
      throw damaged('checksum mismatch in the header')
    if (readFixed64(record, 0) !== userKey.length || readFixed64(record, 8) !== size)
      throw damaged('lengths differ from the index')
    if (readFixed32(record, 28) !== maskCrc32c(crc32c(record, RECORD_HEADER_SIZE_BYTES, length)))
      throw damaged('checksum mismatch')
    for (let i = 0; i < userKey.length; i++)
      if (record[RECORD_HEADER_SIZE_BYTES + i] !== userKey[i]) throw damaged('is of another key')
    const value = record.subarray(length - size)
    if (compression === CompressionType.NoCompression) return value
    return decompressBlock(compression, value, offset, {
      file: file.path,
      formatVersion: 2,
      dictionary: undefined,
    })
  }

  #file(number: number): OpenBlobFile {
    const known = this.#open.get(number)
    if (known !== undefined) return known
    const path = join(this.#directory, blobFileName(number))
    let file: RandomAccessFile
    try {
      file = this.#fs.openRandomAccessSync(path)
    } catch (error) {
      if (isNotFound(error))
        throw new CorruptionError('blob file is missing', { file: path, cause: error })
      throw error
    }
    try {
      const header = file.readSync(0, HEADER_SIZE_BYTES)
      if (header.length < HEADER_SIZE_BYTES || readFixed32(header, 0) !== MAGIC)
        throw new CorruptionError('not a blob file', { file: path, offset: 0 })
      const version = readFixed32(header, 4)
      if (version !== 1) throw new UnsupportedError(`version ${version} of blob file "${path}"`)
      const opened = { file, compression: header[13]! }
      if (this.#open.size >= MAX_OPEN_FILES) this.#closeFirst()
      this.#open.set(number, opened)
      return opened
    } catch (error) {
      file.closeSync()
      throw error
    }
  }

  #closeFirst(): void {
    for (const [number, { file }] of this.#open) {
      this.#open.delete(number)
      file.closeSync()
      return
    }
  }
}
