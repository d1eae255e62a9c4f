import { ByteWriter, crc32c, maskCrc32c, ReadOnlyError, writeFixed32 } from '@varve/base'
import type { FileSystem, OpenWritableOptions, WritableFile } from '@varve/vfs'

import {
  blockSizeBytes,
  headerSizeBytes,
  recyclableHeaderSizeBytes,
  RecordType,
} from './record-format.ts'

/** Options of {@link LogWriter}. */
export interface LogWriterOptions {
  /**
   * Number of the log: every fragment then carries it, so that a reader knows what an older log has left behind the end of a
   * file that is written over. Default: fragments carry no number, and the file must be new or empty.
   */
  readonly recyclableAs?: number
}

/** From a fragment's type to that with the log's number. */
const recyclableOffset = RecordType.RecyclableFull - RecordType.Full

/** Above this much kept memory the frame buffer is dropped after a large record. */
const keptBufferBytes = 1 << 20

/**
 * Appends records to one log file: a WAL or a MANIFEST.
 *
 * Layout: see `record-format.ts`; legacy headers, which every reader knows, unless asked otherwise. A record is framed in memory and handed
 * to the kernel in one call, so it is in the file, whole, before {@link LogWriter.addRecord} returns.
 * Calls must not overlap; after a failed append the writer refuses more, because the end of the file is in doubt.
 *
 * Source: RocksDB log format (wiki, "Write Ahead Log File Format").
 *
 * @example
 * ```ts
 * const log = await LogWriter.open(fs, '000012.log')
 * log.addRecord(batch.data)
 * await log.sync()
 * await log.close()
 * ```
 */
export class LogWriter {
  readonly #file: WritableFile
  readonly #headerSize: number
  /** Low 32 bits of the log's number; undefined: not in the headers. */
  readonly #number: number | undefined
  #frame: ByteWriter
  #blockOffset: number
  #failure: unknown
  #syncFailed = false

  /** Takes over `file`, whose next append is the next byte of the log. */
  constructor(file: WritableFile, { recyclableAs }: LogWriterOptions = {}) {
    this.#file = file
    this.#number = recyclableAs === undefined ? undefined : recyclableAs >>> 0
    this.#headerSize = recyclableAs === undefined ? headerSizeBytes : recyclableHeaderSizeBytes
    this.#frame = new ByteWriter(4096)
    this.#blockOffset = file.sizeBytes % blockSizeBytes
    this.#failure = undefined
  }

  /** Opens `path` for writing, by default as a new or emptied file. */
  static async open(
    fs: FileSystem,
    path: string,
    options: OpenWritableOptions & LogWriterOptions = {},
  ): Promise<LogWriter> {
    return new LogWriter(await fs.openWritable(path, options), options)
  }

  get path(): string {
    return this.#file.path
  }

  /** Size of the log: what lies behind it in the file is none of it. */
  get sizeBytes(): number {
    return this.#file.sizeBytes
  }

  /** Length of the file. */
  get allocatedBytes(): number {
    return this.#file.allocatedBytes
  }

  /** Appends one record, which may be empty. `payload` is borrowed for the call. */
  addRecord(payload: Uint8Array): void {
    if (this.#failure !== undefined) {
      throw new ReadOnlyError(`"${this.path}" takes no more records after a failed write`, {
        cause: this.#failure,
      })
    }
    const blockOffset = this.#blockOffset
    const frame = this.#frame.clear()
    this.#encode(payload, frame)
    try {
      this.#file.appendSync(frame.view())
    } catch (error) {
      this.#failure = error
      this.#blockOffset = blockOffset
      throw error
    }
    if (frame.bytes.length > keptBufferBytes) this.#frame = new ByteWriter(4096)
  }

  /** Makes all records survive a loss of power. */
  async sync(): Promise<void> {
    try {
      await this.#file.sync()
    } catch (error) {
      this.#syncFailed = true
      throw error
    }
  }

  /** {@link sync}, blocking. */
  syncSync(): void {
    this.#file.syncSync()
  }

  /** Makes the file at least so long, with zeros, which readers take for the end; see {@link WritableFile.preallocateSync}. */
  preallocateSync(allocatedBytes: number): void {
    this.#file.preallocateSync(allocatedBytes)
  }

  /** Cuts off what lies in the file behind the log; false when there was nothing. */
  trimSync(): boolean {
    const { sizeBytes, allocatedBytes } = this.#file
    if (allocatedBytes <= sizeBytes) return false
    this.#file.truncateSync(sizeBytes)
    return true
  }

  async close(): Promise<void> {
    await this.#file.close()
  }

  /** {@link close}, blocking. */
  closeSync(): void {
    this.#file.closeSync()
  }

  /** {@link close}; of a log that failed before it says nothing more, so that the first error is the one that is thrown. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.close()
    } catch (error) {
      if (this.#failure === undefined && !this.#syncFailed) throw error
    }
  }

  #encode(payload: Uint8Array, frame: ByteWriter): void {
    const headerSize = this.#headerSize
    const number = this.#number
    let begin = true
    let position = 0
    let end: boolean
    do {
      let left = blockSizeBytes - this.#blockOffset
      if (left < headerSize) {
        // Not even a header fits: the block ends in zeros.
        frame.zeros(left)
        this.#blockOffset = 0
        left = blockSizeBytes
      }
      // Zero when exactly a header fits; readers know the empty fragment that this makes.
      const n = Math.min(payload.length - position, left - headerSize)
      end = position + n === payload.length
      const type = begin
        ? end
          ? RecordType.Full
          : RecordType.First
        : end
          ? RecordType.Last
          : RecordType.Middle
      const start = frame.length
      frame.fixed32(0).fixed16(n)
      if (number === undefined) frame.byte(type)
      else frame.byte(type + recyclableOffset).fixed32(number)
      frame.raw(payload, position, position + n)
      writeFixed32(frame.bytes, start, maskCrc32c(crc32c(frame.bytes, start + 6, frame.length)))
      this.#blockOffset += headerSize + n
      position += n
      begin = false
    } while (!end)
  }
}
