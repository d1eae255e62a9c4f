import { ByteWriter, CorruptionError, readFixed32, UnsupportedError } from '@varve/base'
import { zstdCodec } from '@varve/base/compression'
import type { FileSystem, RandomAccessFile } from '@varve/vfs'

import { FragmentOutcome, FragmentReader } from './fragment-reader.ts'
import type { LogReaderOptions, WalRecoveryMode } from './log-reader-options.ts'
import { RecordType } from './record-format.ts'

/** A record never grows beyond this when decompressed. */
const maxRecordBytes = 1 << 30

/**
 * Reads the records of one log file in order.
 *
 * A bad checksum discards the rest of its 32 KiB block, because the length may be the damaged field. What is reported
 * and what is forgiven follows RocksDB mode by mode, also for recycled logs, whose tail is an older life of the file.
 */
export class LogReader {
  readonly #file: RandomAccessFile
  readonly #mode: WalRecoveryMode
  readonly #onCorruption: ((error: CorruptionError) => void) | undefined
  readonly #fragments: FragmentReader
  readonly #scratch: ByteWriter
  #compressed = false
  #recordOffset = 0
  #endOffset = 0

  constructor(file: RandomAccessFile, options: LogReaderOptions = {}) {
    this.#file = file
    this.#mode = options.recoveryMode ?? 'tolerateCorruptedTailRecords'
    this.#onCorruption = options.onCorruption
    this.#fragments = new FragmentReader(file, options, this.#mode)
    this.#scratch = new ByteWriter()
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

  /** File offset behind the record that was read last; 0 before the first. */
  get endOffset(): number {
    return this.#endOffset
  }

  /** Whether the records carry the log's number, so that the file may be one that was written over, and may be again. */
  get isRecyclable(): boolean {
    return this.#fragments.recycled
  }

  /** Whether what was read last are zeros: space that was never written, or a record that is gone. */
  get endsInZeros(): boolean {
    return this.#fragments.zeros
  }

  /**
   * The next record, a view borrowed until the next call; undefined at the end of what can be read.
   *
   * @throws CorruptionError on damage that the mode reports, unless `onCorruption` takes it
   * @throws UnsupportedError for records of a kind whose data would be misread
   */
  readRecord(): Uint8Array | undefined {
    const fragments = this.#fragments
    const scratch = this.#scratch.clear()
    let inFragments = false
    for (;;) {
      const type = fragments.read(inFragments)
      const kind =
        type >= RecordType.RecyclableFull && type <= RecordType.RecyclableLast ? type - 4 : type
      switch (kind) {
        case RecordType.Full:
          if (inFragments) this.#report('partial record without end')
          this.#recordOffset = fragments.fragmentOffset
          this.#endOffset = fragments.endOffset
          return this.#decompress(fragments.fragment)
        case RecordType.First:
          if (inFragments) this.#report('partial record without end')
          this.#recordOffset = fragments.fragmentOffset
          scratch.clear().raw(fragments.fragment)
          inFragments = true
          break
        case RecordType.Middle:
          if (inFragments) scratch.raw(fragments.fragment)
          else this.#report('missing start of fragmented record')
          break
        case RecordType.Last:
          if (inFragments) {
            this.#endOffset = fragments.endOffset
            return this.#decompress(scratch.raw(fragments.fragment).view())
          }
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
        case FragmentOutcome.EndOfFile:
          if (inFragments && this.#strict) this.#report('error reading trailing data')
          return undefined
        case FragmentOutcome.BadHeader:
          if (this.#strict) this.#report('truncated header')
          return undefined
        case FragmentOutcome.OldRecord:
          if (inFragments && this.#strict)
            this.#report('record of an older log in the middle of a record')
          return undefined
        case FragmentOutcome.BadRecord:
          if (inFragments) this.#report('error in middle of record')
          inFragments = false
          scratch.clear()
          break
        case FragmentOutcome.BadRecordLength:
          if (fragments.eof) {
            if (this.#strict) this.#report('truncated record body')
            else if (fragments.lengthIsDamaged) this.#report('bad record length')
            return undefined
          }
          if (fragments.recycled && this.#mode === 'tolerateCorruptedTailRecords') return undefined
          this.#report('bad record length')
          inFragments = false
          scratch.clear()
          break
        case FragmentOutcome.LostRecords:
          this.#report('zeros before the end of the log')
          inFragments = false
          scratch.clear()
          break
        case FragmentOutcome.BadRecordChecksum:
          if (fragments.recycled && this.#mode === 'tolerateCorruptedTailRecords') return undefined
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
    const error = new CorruptionError(message, {
      file: this.path,
      offset: this.#fragments.fragmentOffset,
    })
    if (this.#onCorruption === undefined) throw error
    this.#onCorruption(error)
  }

  #setCompression(): void {
    const zstd = 7
    if (this.#fragments.fragment.length !== 4) {
      this.#report('compression record of a wrong size')
      return
    }
    const compression = readFixed32(this.#fragments.fragment, 0)
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
