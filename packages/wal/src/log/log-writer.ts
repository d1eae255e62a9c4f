import {
  ByteWriter,
  crc32c,
  maskCrc32c,
  ReadOnlyError,
  writeFixed16,
  writeFixed32,
} from '@varve/base'
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
  #viewed: Uint8Array | undefined
  #viewStart = 0
  #view: Uint8Array = new Uint8Array(0)
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
    const blockOffset = this.#blockOffset
    const frame = this.#frame.clear()
    this.#encode(payload, frame)
    try {
      this.#append(frame.view())
    } catch (error) {
      this.#blockOffset = blockOffset
      throw error
    }
    if (frame.bytes.length > keptBufferBytes) this.#frame = new ByteWriter(4096)
  }

  /**
   * Hot. Appends `bytes[start, end)`, borrowed for the call, as one record. What lies before `start` may be written over: when that is
   * `recyclableHeaderSizeBytes` or more, a record that fits into its block is framed where it is.
   */
  addRecordIn(bytes: Uint8Array, start: number, end: number): void {
    const headerSize = this.#headerSize
    const framedStart = start - headerSize
    if (framedStart < 0 || this.#blockOffset + end - framedStart > blockSizeBytes)
      return this.addRecord(bytes.subarray(start, end))
    this.#writeHeader(bytes, framedStart, end, RecordType.Full)
    this.#append(this.#viewOf(bytes, framedStart, end))
    this.#blockOffset += end - framedStart
  }

  #append(framed: Uint8Array): void {
    if (this.#failure !== undefined) {
      throw new ReadOnlyError(`"${this.path}" takes no more records after a failed write`, {
        cause: this.#failure,
      })
    }
    try {
      this.#file.appendSync(framed)
    } catch (error) {
      this.#failure = error
      throw error
    }
  }

  /** Records that are written one by one are often in the same place and of the same length. */
  #viewOf(bytes: Uint8Array, start: number, end: number): Uint8Array {
    if (this.#viewed === bytes && this.#viewStart === start && this.#view.length === end - start)
      return this.#view
    const view = bytes.subarray(start, end)
    if (bytes.length <= keptBufferBytes) {
      this.#viewed = bytes
      this.#viewStart = start
      this.#view = view
    }
    return view
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
      frame.zeros(headerSize).raw(payload, position, position + n)
      this.#writeHeader(frame.bytes, start, frame.length, type)
      this.#blockOffset += headerSize + n
      position += n
      begin = false
    } while (!end)
  }

  /** Writes the header of the fragment `bytes[start, end)` before its payload. */
  #writeHeader(bytes: Uint8Array, start: number, end: number, type: number): void {
    const number = this.#number
    writeFixed16(bytes, start + 4, end - start - this.#headerSize)
    if (number === undefined) {
      bytes[start + 6] = type
    } else {
      bytes[start + 6] = type + recyclableOffset
      writeFixed32(bytes, start + 7, number)
    }
    writeFixed32(bytes, start, maskCrc32c(crc32c(bytes, start + 6, end)))
  }
}
