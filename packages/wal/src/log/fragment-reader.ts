import { basename } from 'node:path'

import { crc32c, maskCrc32c, readFixed16, readFixed32 } from '@varve/base'
import type { RandomAccessFile } from '@varve/vfs'

import type { LogReaderOptions, WalRecoveryMode } from './log-reader-options.ts'
import {
  blockSizeBytes,
  headerSizeBytes,
  isRecyclable,
  recyclableHeaderSizeBytes,
  RecordType,
} from './record-format.ts'

/** Outcomes of reading one fragment that are not record types (0 to 255). */
export const FragmentOutcome = {
  EndOfFile: 256,
  /** What is left is shorter than a header. */
  BadHeader: 257,
  /** Zeros where a fragment should begin. */
  BadRecord: 258,
  /** The length goes beyond the block, or the file. */
  BadRecordLength: 259,
  BadRecordChecksum: 260,
  /** A whole fragment of an older log, whose file this one was written over. */
  OldRecord: 261,
  /** Zeros with more of the log behind them. */
  LostRecords: 262,
} as const

/**
 * Reads the fragments of one log file in order, block by block, and tells what is wrong with what it finds; what that means is for
 * {@link LogReader} to say.
 *
 * A log that is being written within a length it already has may change while a block is read: what looks damaged is read
 * again, and counts as damage when it has stayed the same.
 */
export class FragmentReader {
  /** Payload of the fragment that was read last: a view of the block, borrowed until the next read. */
  fragment: Uint8Array
  /** File offset where it begins, also when it is damaged. */
  fragmentOffset = 0
  /** Whether the block that was read last is the last. */
  eof = false
  /** Whether the records carry the log's number. */
  recycled = false
  /** Nothing but zeros where a fragment should begin: right at the end of the log only. */
  zeros = false
  /** The last bad length is not that of a cut-off record: its checksum holds for another, or more records follow. */
  lengthIsDamaged = false
  readonly #file: RandomAccessFile
  readonly #mode: WalRecoveryMode
  readonly #logNumber: number
  readonly #sizeBytes: number
  readonly #block: Uint8Array
  /** Unread bytes of the block: `#block[#start, #end)`. */
  #start = 0
  #end = 0
  /** File offset of the byte after the block. */
  #nextBlockOffset = 0
  #firstFragment = true
  /** File offset where the zeros begin. */
  #zerosOffset = 0

  constructor(file: RandomAccessFile, options: LogReaderOptions, mode: WalRecoveryMode) {
    this.#file = file
    this.#mode = mode
    this.#logNumber =
      options.logNumber ?? Number(/^(\d+)\.log$/.exec(basename(file.path))?.[1] ?? 0)
    this.#sizeBytes = options.sizeBytes ?? Number.POSITIVE_INFINITY
    this.#block = new Uint8Array(blockSizeBytes)
    this.fragment = this.#block.subarray(0, 0)
  }

  /** File offset behind the fragment that was read last, when it is sound. */
  get endOffset(): number {
    return this.#nextBlockOffset - (this.#end - this.#start)
  }

  /**
   * Sets `fragment` and returns its type, or a {@link FragmentOutcome}; reads once more while what looks damaged changes.
   *
   * @param inFragments whether the first fragment of a record was read and its last was not
   */
  read(inFragments: boolean): number {
    for (;;) {
      const type = this.#parseFragment()
      switch (type) {
        case FragmentOutcome.BadRecordChecksum:
        case FragmentOutcome.BadRecordLength:
          if (this.#blockHasChanged(this.fragmentOffset)) break
          return type
        case FragmentOutcome.BadRecord:
          // Zeros between two fragments of a record.
          if (inFragments && this.#blockHasChanged(this.#zerosOffset)) break
          return type
        case FragmentOutcome.LostRecords:
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
    this.eof = n < blockSizeBytes
    this.zeros = false
    return true
  }

  /** Sets `fragment` and returns its type, or a {@link FragmentOutcome}. */
  #parseFragment(): number {
    for (;;) {
      const block = this.#block
      const start = this.#start
      const left = this.#end - start
      this.fragmentOffset = this.#nextBlockOffset - left
      if (left < headerSizeBytes) {
        if (!this.eof) {
          this.#loadBlock()
          continue
        }
        this.#start = this.#end
        return left > 0 ? FragmentOutcome.BadHeader : FragmentOutcome.EndOfFile
      }
      const length = readFixed16(block, start + 4)
      const type = block[start + 6]!
      const recyclable = isRecyclable(type)
      const headerSize = recyclable ? recyclableHeaderSizeBytes : headerSizeBytes
      if (recyclable) {
        if (left < recyclableHeaderSizeBytes) {
          this.#start = this.#end
          return this.eof ? FragmentOutcome.BadHeader : FragmentOutcome.BadRecordLength
        }
        if (this.#firstFragment) {
          // What an older log left is whole; what is neither of this log nor whole is damage.
          if (!this.#isOfThisLog(start) && !this.#hasFragmentAt(start)) {
            this.#start = this.#end
            return FragmentOutcome.BadRecordChecksum
          }
          this.recycled = true
        }
        // A file is recycled from its first record on: among others such a type is damage.
        if (!this.recycled) {
          this.#start = this.#end
          return FragmentOutcome.BadRecordChecksum
        }
        // One that is not whole is judged as damage: the number may be what is damaged.
        if (!this.#isOfThisLog(start) && this.#hasFragmentAt(start)) {
          this.#start = this.#end
          return FragmentOutcome.OldRecord
        }
      }
      if (headerSize + length > left) {
        this.lengthIsDamaged =
          this.eof &&
          !this.recycled &&
          (this.#checksumHolds(start) || this.#hasFragmentAfter(start))
        this.#start = this.#end
        return FragmentOutcome.BadRecordLength
      }
      if (type === RecordType.Zero && length === 0) {
        if (this.recycled && left < recyclableHeaderSizeBytes) {
          // The end of a block where the longer header does not fit.
          this.#start = this.#end
          continue
        }
        this.zeros = true
        this.#zerosOffset = this.fragmentOffset
        // What is left of a record that was never whole may lie behind zeros, and is forgiven as such a record is; a whole one
        // says that others are lost.
        const isDamage =
          this.#mode === 'absoluteConsistency' && !this.recycled
            ? this.#block.subarray(start, this.#end).some((byte) => byte !== 0)
            : this.#hasFragmentAfter(start)
        this.#start = this.#end
        return isDamage ? FragmentOutcome.LostRecords : FragmentOutcome.BadRecord
      }
      const end = start + headerSize + length
      if (maskCrc32c(crc32c(block, start + 6, end)) !== readFixed32(block, start)) {
        this.#start = this.#end
        return FragmentOutcome.BadRecordChecksum
      }
      // Without the number of the log it is one that was there before the file was recycled.
      if (this.recycled && !recyclable) {
        this.#start = this.#end
        return FragmentOutcome.OldRecord
      }
      if (this.zeros) {
        this.zeros = false
        return FragmentOutcome.LostRecords
      }
      // The compression comes first and has no recyclable form.
      if (type !== RecordType.SetCompressionType) this.#firstFragment = false
      this.fragment = block.subarray(start + headerSize, end)
      this.#start = end
      return type
    }
  }

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
      const first = this.recycled ? RecordType.RecyclableFull : RecordType.Full
      if (type < first || type > first + 3) continue
      if (this.recycled && !this.#isOfThisLog(at)) continue
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
    this.eof = n < blockSizeBytes
  }

  #readAt(target: Uint8Array, offset: number): number {
    const left = Math.max(0, this.#sizeBytes - offset)
    return this.#file.readIntoSync(left < target.length ? target.subarray(0, left) : target, offset)
  }
}
