import { ByteWriter, crc32c, maskCrc32c, ReadOnlyError, writeFixed32 } from '@varve/base'
import type { FileSystem, OpenWritableOptions, WritableFile } from '@varve/vfs'

import { blockSizeBytes, headerSizeBytes, RecordType } from './record-format.ts'

/** Above this much kept memory the frame buffer is dropped after a large record. */
const keptBufferBytes = 1 << 20

/**
 * Appends records to one log file: a WAL or a MANIFEST.
 *
 * Layout: see `record-format.ts`; legacy headers only, which every reader knows. A record is framed in memory and handed
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
  #frame: ByteWriter
  #blockOffset: number
  #failure: unknown

  /** Takes over `file`, whose next append is the next byte of the log. */
  constructor(file: WritableFile) {
    this.#file = file
    this.#frame = new ByteWriter(4096)
    this.#blockOffset = file.sizeBytes % blockSizeBytes
    this.#failure = undefined
  }

  /** Opens `path` for writing, by default as a new or emptied file. */
  static async open(
    fs: FileSystem,
    path: string,
    options: OpenWritableOptions = {},
  ): Promise<LogWriter> {
    return new LogWriter(await fs.openWritable(path, options))
  }

  get path(): string {
    return this.#file.path
  }

  /** Size of the file. */
  get sizeBytes(): number {
    return this.#file.sizeBytes
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
    await this.#file.sync()
  }

  /** {@link sync}, blocking. */
  syncSync(): void {
    this.#file.syncSync()
  }

  async close(): Promise<void> {
    await this.#file.close()
  }

  /** {@link close}, blocking. */
  closeSync(): void {
    this.#file.closeSync()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #encode(payload: Uint8Array, frame: ByteWriter): void {
    let begin = true
    let position = 0
    let end: boolean
    do {
      let left = blockSizeBytes - this.#blockOffset
      if (left < headerSizeBytes) {
        // Not even a header fits: the block ends in zeros.
        frame.zeros(left)
        this.#blockOffset = 0
        left = blockSizeBytes
      }
      // Zero when exactly a header fits; readers know the empty fragment that this makes.
      const n = Math.min(payload.length - position, left - headerSizeBytes)
      end = position + n === payload.length
      const type = begin
        ? end
          ? RecordType.Full
          : RecordType.First
        : end
          ? RecordType.Last
          : RecordType.Middle
      const start = frame.length
      frame
        .fixed32(0)
        .fixed16(n)
        .byte(type)
        .raw(payload, position, position + n)
      writeFixed32(frame.bytes, start, maskCrc32c(crc32c(frame.bytes, start + 6, frame.length)))
      this.#blockOffset += headerSizeBytes + n
      position += n
      begin = false
    } while (!end)
  }
}
