import { basename } from 'node:path'

import {
  ByteWriter,
  CorruptionError,
  crc32c,
  maskCrc32c,
  readFixed16,
  readFixed32,
  UnsupportedError,
} from '@varve/base'
import { zstdCodec } from '@varve/base/compression'
import type { FileSystem, RandomAccessFile } from '@varve/vfs'

import {
  blockSizeBytes,
  headerSizeBytes,
  isRecyclable,
  recyclableHeaderSizeBytes,
  RecordType,
} from './record-format.ts'

/**
 * How much damage a reader of a log forgives; RocksDB's `WALRecoveryMode`, same names in TypeScript's case.
 *
 * `tolerateCorruptedTailRecords`: a record cut off at the end of the log. `absoluteConsistency`: nothing.
 * `pointInTime`: all is reported; the database opens as it was before the damage. `skipAnyCorruptedRecords`: all is
 * reported; the database takes what it can read.
 */
export type WalRecoveryMode =
  'tolerateCorruptedTailRecords' | 'absoluteConsistency' | 'pointInTime' | 'skipAnyCorruptedRecords'

export interface LogReaderOptions {
  /** Default: `tolerateCorruptedTailRecords`, as a MANIFEST is read. */
  readonly recoveryMode?: WalRecoveryMode
  /** The log's own number, which recycled records must carry. Default: the number in the file name. */
  readonly logNumber?: number
  /** Bytes of the file that are the log; what lies behind is not looked at. Default: all. */
  readonly sizeBytes?: number
  /** Told of damage; reading goes on behind it. Default: the error is thrown by {@link LogReader.readRecord}. */
  readonly onCorruption?: (error: CorruptionError) => void
}

/** A record never grows beyond this when decompressed. */
const maxRecordBytes = 1 << 30

// Outcomes of reading one fragment that are not record types (0 to 255).
const endOfFile = 256
const badHeader = 257
const badRecord = 258
const badRecordLength = 259
const badRecordChecksum = 260
const oldRecord = 261
const lostRecords = 262

/**
 * Reads the records of one log file in order.
 *
 * A bad checksum discards the rest of its 32 KiB block, because the length may be the damaged field. What is reported
 * and what is forgiven follows RocksDB mode by mode, also for recycled logs, whose tail is an older life of the file.
 *
 * A log that is being written within a length it already has may change while a block is read: what looks damaged is read
 * again, and counts as damage when it has stayed the same.
 */
export class LogReader {
  readonly #file: RandomAccessFile
  readonly #mode: WalRecoveryMode
  readonly #logNumber: number
  readonly #sizeBytes: number
  readonly #onCorruption: ((error: CorruptionError) => void) | undefined
  readonly #block: Uint8Array
  readonly #scratch: ByteWriter
  /** Unread bytes of the block: `#block[#start, #end)`. */
  #start = 0
  #end = 0
  /** File offset of the byte after the block. */
  #nextBlockOffset = 0
  #eof = false
  #recycled = false
  #firstFragment = true
  /** Nothing but zeros where a fragment should begin: right at the end of the log only. */
  #zeros = false
  /** File offset where they begin. */
  #zerosOffset = 0
  /** Between the first and the last fragment of a record. */
  #inFragments = false
  #compressed = false
  #fragment: Uint8Array
  #fragmentOffset = 0
  #recordOffset = 0

  constructor(file: RandomAccessFile, options: LogReaderOptions = {}) {
    this.#file = file
    this.#mode = options.recoveryMode ?? 'tolerateCorruptedTailRecords'
    this.#logNumber =
      options.logNumber ?? Number(/^(\d+)\.log$/.exec(basename(file.path))?.[1] ?? 0)
    this.#sizeBytes = options.sizeBytes ?? Number.POSITIVE_INFINITY
    this.#onCorruption = options.onCorruption
    this.#block = new Uint8Array(blockSizeBytes)
    this.#scratch = new ByteWriter()
    this.#fragment = this.#block.subarray(0, 0)
  }

  /** Opens the log at `path`. */
  static async open(
    fs: FileSystem,
    path: string,
    options: LogReaderOptions = {},
  ): Promise<LogReader> {
    return new LogReader(await fs.openRandomAccess(path), options)
  }

  get path(): string {
    return this.#file.path
  }

  /** File offset where the record that was read last begins. */
  get recordOffset(): number {
    return this.#recordOffset
  }

  /** Whether the records carry the log's number, so that the file may be one that was written over, and may be again. */
  get isRecyclable(): boolean {
    return this.#recycled
  }

  /** Whether what was read last are zeros: space that was never written, or a record that is gone. */
  get endsInZeros(): boolean {
    return this.#zeros
  }

  /**
   * The next record, a view borrowed until the next call; undefined at the end of what can be read.
   *
   * @throws CorruptionError on damage that the mode reports, unless `onCorruption` takes it
   * @throws UnsupportedError for records of a kind whose data would be misread
   */
  readRecord(): Uint8Array | undefined {
    const scratch = this.#scratch.clear()
    let inFragments = false
    for (;;) {
      this.#inFragments = inFragments
      const type = this.#readFragment()
      const kind =
        type >= RecordType.RecyclableFull && type <= RecordType.RecyclableLast ? type - 4 : type
      switch (kind) {
        case RecordType.Full:
          if (inFragments) this.#report('partial record without end')
          this.#recordOffset = this.#fragmentOffset
          return this.#decompress(this.#fragment)
        case RecordType.First:
          if (inFragments) this.#report('partial record without end')
          this.#recordOffset = this.#fragmentOffset
          scratch.clear().raw(this.#fragment)
          inFragments = true
          break
        case RecordType.Middle:
          if (inFragments) scratch.raw(this.#fragment)
          else this.#report('missing start of fragmented record')
          break
        case RecordType.Last:
          if (inFragments) return this.#decompress(scratch.raw(this.#fragment).view())
          this.#report('missing start of fragmented record')
          break
        case RecordType.SetCompressionType:
          this.#setCompression()
          break
        case RecordType.PredecessorWALInfo:
        case RecordType.RecyclablePredecessorWALInfo:
          // Number, size and last sequence of the log before: a cross-check that needs no reader.
          break
        case RecordType.UserDefinedTimestampSize:
        case RecordType.RecyclableUserDefinedTimestampSize:
          throw new UnsupportedError(`user-defined timestamps, which "${this.path}" holds`)
        case endOfFile:
          if (inFragments && this.#strict) this.#report('error reading trailing data')
          return undefined
        case badHeader:
          if (this.#strict) this.#report('truncated header')
          return undefined
        case oldRecord:
          if (inFragments && this.#strict)
            this.#report('record of an older log in the middle of a record')
          return undefined
        case badRecord:
          if (inFragments) this.#report('error in middle of record')
          inFragments = false
          scratch.clear()
          break
        case badRecordLength:
          if (this.#eof) {
            if (this.#strict) this.#report('truncated record body')
            else if (this.#lengthIsDamaged) this.#report('bad record length')
            return undefined
          }
          if (this.#recycled && this.#mode === 'tolerateCorruptedTailRecords') return undefined
          this.#report('bad record length')
          inFragments = false
          scratch.clear()
          break
        case lostRecords:
          this.#report('zeros before the end of the log')
          inFragments = false
          scratch.clear()
          break
        case badRecordChecksum:
          if (this.#recycled && this.#mode === 'tolerateCorruptedTailRecords') return undefined
          this.#report('checksum mismatch')
          inFragments = false
          scratch.clear()
          break
        default:
          this.#report(`unknown record type ${kind}`)
          inFragments = false
          scratch.clear()
      }
    }
  }

  async close(): Promise<void> {
    await this.#file.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  get #strict(): boolean {
    return this.#mode === 'absoluteConsistency' || this.#mode === 'pointInTime'
  }

  #report(message: string): void {
    const error = new CorruptionError(message, { file: this.path, offset: this.#fragmentOffset })
    if (this.#onCorruption === undefined) throw error
    this.#onCorruption(error)
  }

  /** {@link #parseFragment}, once more while what looks damaged changes. */
  #readFragment(): number {
    for (;;) {
      const type = this.#parseFragment()
      switch (type) {
        case badRecordChecksum:
        case badRecordLength:
          if (this.#blockHasChanged(this.#fragmentOffset)) break
          return type
        case badRecord:
          // Zeros between two fragments of a record.
          if (this.#inFragments && this.#blockHasChanged(this.#zerosOffset)) break
          return type
        case lostRecords:
          if (this.#blockHasChanged(this.#zerosOffset)) break
          return type
        default:
          return type
      }
    }
  }

  /** Whether the file holds by now something else from `offset` on, in its block; if so, reading goes on there. */
  #blockHasChanged(offset: number): boolean {
    const blockOffset = offset - (offset % blockSizeBytes)
    const from = offset - blockOffset
    const isSameBlock = blockOffset === this.#nextBlockOffset - this.#end
    const before = isSameBlock ? this.#block.slice(from, this.#end) : undefined
    const now = new Uint8Array(blockSizeBytes)
    const n = this.#readAt(now, blockOffset)
    const hasChanged =
      before === undefined
        ? // The length and type of a fragment: what stands before them is not looked at where they are zeros.
          now.subarray(from + 4, from + headerSizeBytes).some((byte) => byte !== 0)
        : n !== this.#end || before.some((byte, i) => byte !== now[from + i])
    if (!hasChanged) return false
    this.#block.set(now)
    this.#nextBlockOffset = blockOffset + n
    this.#start = from
    this.#end = n
    this.#eof = n < blockSizeBytes
    this.#zeros = false
    return true
  }

  /** Sets `#fragment` (a view of the block) and returns its type, or one of the outcomes above. */
  #parseFragment(): number {
    for (;;) {
      const block = this.#block
      const start = this.#start
      const left = this.#end - start
      this.#fragmentOffset = this.#nextBlockOffset - left
      if (left < headerSizeBytes) {
        if (!this.#eof) {
          this.#loadBlock()
          continue
        }
        this.#start = this.#end
        return left > 0 ? badHeader : endOfFile
      }
      const length = readFixed16(block, start + 4)
      const type = block[start + 6]!
      const recyclable = isRecyclable(type)
      const headerSize = recyclable ? recyclableHeaderSizeBytes : headerSizeBytes
      if (recyclable) {
        if (left < recyclableHeaderSizeBytes) {
          this.#start = this.#end
          return this.#eof ? badHeader : badRecordLength
        }
        if (this.#firstFragment) {
          // What an older log left is whole; what is neither of this log nor whole is damage.
          if (!this.#isOfThisLog(start) && !this.#hasFragmentAt(start)) {
            this.#start = this.#end
            return badRecordChecksum
          }
          this.#recycled = true
        }
        // A file is recycled from its first record on: among others such a type is damage.
        if (!this.#recycled) {
          this.#start = this.#end
          return badRecordChecksum
        }
        // One that is not whole is judged as damage: the number may be what is damaged.
        if (!this.#isOfThisLog(start) && this.#hasFragmentAt(start)) {
          this.#start = this.#end
          return oldRecord
        }
      }
      if (headerSize + length > left) {
        this.#lengthIsDamaged =
          this.#eof &&
          !this.#recycled &&
          (this.#checksumHolds(start) || this.#hasFragmentAfter(start))
        this.#start = this.#end
        return badRecordLength
      }
      if (type === RecordType.Zero && length === 0) {
        if (this.#recycled && left < recyclableHeaderSizeBytes) {
          // The end of a block where the longer header does not fit.
          this.#start = this.#end
          continue
        }
        this.#zeros = true
        this.#zerosOffset = this.#fragmentOffset
        // What is left of a record that was never whole may lie behind zeros, and is forgiven as such a record is; a whole one
        // says that others are lost.
        const isDamage =
          this.#mode === 'absoluteConsistency' && !this.#recycled
            ? this.#block.subarray(start, this.#end).some((byte) => byte !== 0)
            : this.#hasFragmentAfter(start)
        this.#start = this.#end
        return isDamage ? lostRecords : badRecord
      }
      const end = start + headerSize + length
      if (maskCrc32c(crc32c(block, start + 6, end)) !== readFixed32(block, start)) {
        this.#start = this.#end
        return badRecordChecksum
      }
      // Without the number of the log it is one that was there before the file was recycled.
      if (this.#recycled && !recyclable) {
        this.#start = this.#end
        return oldRecord
      }
      if (this.#zeros) {
        this.#zeros = false
        return lostRecords
      }
      // The compression comes first and has no recyclable form.
      if (type !== RecordType.SetCompressionType) this.#firstFragment = false
      this.#fragment = block.subarray(start + headerSize, end)
      this.#start = end
      return type
    }
  }

  /** The last bad length is not that of a cut-off record: its checksum holds for another, or more records follow. */
  #lengthIsDamaged = false

  /** Whether the checksum of the fragment at `start` of the block holds for any length that is left in it. */
  #checksumHolds(start: number): boolean {
    const block = this.#block
    const stored = readFixed32(block, start)
    let checksum = crc32c(block, start + 6, start + headerSizeBytes)
    for (let end = start + headerSizeBytes; ; end++) {
      if (maskCrc32c(checksum) === stored) return true
      if (end === this.#end) return false
      checksum = crc32c(block, end, end + 1, checksum)
    }
  }

  /** Whether a whole fragment of this log lies anywhere behind `start` in the block. */
  #hasFragmentAfter(start: number): boolean {
    const block = this.#block
    for (let at = start + 1; at + headerSizeBytes <= this.#end; at++) {
      const type = block[at + 6]!
      const first = this.#recycled ? RecordType.RecyclableFull : RecordType.Full
      if (type < first || type > first + 3) continue
      if (this.#recycled && !this.#isOfThisLog(at)) continue
      if (this.#hasFragmentAt(at)) return true
    }
    return false
  }

  /** Whether a whole fragment with the right checksum lies at `start` of the block. */
  #hasFragmentAt(start: number): boolean {
    const block = this.#block
    const headerSize = isRecyclable(block[start + 6]!) ? recyclableHeaderSizeBytes : headerSizeBytes
    const end = start + headerSize + readFixed16(block, start + 4)
    return (
      end <= this.#end && maskCrc32c(crc32c(block, start + 6, end)) === readFixed32(block, start)
    )
  }

  /** Whether the recyclable fragment at `start` of the block carries the number of this log. */
  #isOfThisLog(start: number): boolean {
    return readFixed32(this.#block, start + 7) === this.#logNumber >>> 0
  }

  #loadBlock(): void {
    const n = this.#readAt(this.#block, this.#nextBlockOffset)
    this.#nextBlockOffset += n
    this.#start = 0
    this.#end = n
    // A log that ends exactly at a block's end shows its end only with the next, empty block.
    this.#eof = n < blockSizeBytes
  }

  #readAt(target: Uint8Array, offset: number): number {
    const left = Math.max(0, this.#sizeBytes - offset)
    return this.#file.readIntoSync(left < target.length ? target.subarray(0, left) : target, offset)
  }

  #setCompression(): void {
    const zstd = 7
    if (this.#fragment.length !== 4) {
      this.#report('compression record of a wrong size')
      return
    }
    const compression = readFixed32(this.#fragment, 0)
    if (compression !== zstd && compression !== 0) {
      throw new UnsupportedError(`log compression ${compression} of "${this.path}"`)
    }
    this.#compressed = compression === zstd
  }

  #decompress(record: Uint8Array): Uint8Array {
    if (!this.#compressed) return record
    try {
      return zstdCodec.decompress(record, maxRecordBytes)
    } catch (error) {
      if (!(error instanceof CorruptionError)) throw error
      throw new CorruptionError(error.message, {
        file: this.path,
        offset: this.#recordOffset,
        cause: error,
      })
    }
  }
}
