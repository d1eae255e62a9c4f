import { ReadOnlyError } from '@varve/base'
import type { WritableFile } from '@varve/vfs'

/**
 * A file whose appends wait in memory until they are flushed, or until they are more than the buffer holds. What waits is lost
 * with the process, and when writing it fails: how much of it is in the file is in doubt then, and to write it once more could
 * leave it there twice.
 */
export class BufferedFile implements WritableFile {
  readonly #file: WritableFile
  readonly #buffer: Uint8Array
  #used = 0
  /** Why nothing more is written. */
  #failure: unknown

  /** `file` is given away. */
  constructor(file: WritableFile, bufferBytes: number) {
    this.#file = file
    this.#buffer = new Uint8Array(bufferBytes)
  }

  get path(): string {
    return this.#file.path
  }

  get sizeBytes(): number {
    return this.#file.sizeBytes + this.#used
  }

  get allocatedBytes(): number {
    return Math.max(this.sizeBytes, this.#file.allocatedBytes)
  }

  appendSync(data: Uint8Array): void {
    this.#checkSound()
    if (data.length > this.#buffer.length - this.#used) this.flushSync()
    if (data.length > this.#buffer.length) {
      this.#write(data)
      return
    }
    this.#buffer.set(data, this.#used)
    this.#used += data.length
  }

  appendvSync(chunks: readonly Uint8Array[]): void {
    for (const chunk of chunks) this.appendSync(chunk)
  }

  append(data: Uint8Array): Promise<void> {
    this.appendSync(data)
    return Promise.resolve()
  }

  /** Hands what waits to the kernel. After a failure nothing more is taken. */
  flushSync(): void {
    this.#checkSound()
    if (this.#used === 0) return
    const waiting = this.#buffer.subarray(0, this.#used)
    this.#used = 0
    this.#write(waiting)
  }

  #write(data: Uint8Array): void {
    try {
      this.#file.appendSync(data)
    } catch (error) {
      this.#failure = error
      throw error
    }
  }

  #checkSound(): void {
    if (this.#failure === undefined) return
    throw new ReadOnlyError(`"${this.path}" takes no more bytes after a failed write`, {
      cause: this.#failure,
    })
  }

  async sync(): Promise<void> {
    this.flushSync()
    await this.#file.sync()
  }

  syncSync(): void {
    this.flushSync()
    this.#file.syncSync()
  }

  async truncate(sizeBytes: number): Promise<void> {
    this.#flushIfSound()
    await this.#file.truncate(sizeBytes)
  }

  truncateSync(sizeBytes: number): void {
    this.#flushIfSound()
    this.#file.truncateSync(sizeBytes)
  }

  preallocateSync(allocatedBytes: number): void {
    this.#file.preallocateSync(allocatedBytes)
  }

  async close(): Promise<void> {
    this.closeSync()
    return Promise.resolve()
  }

  /** Of a write that failed before it says nothing more. */
  closeSync(): void {
    try {
      this.#flushIfSound()
    } finally {
      this.#file.closeSync()
    }
  }

  #flushIfSound(): void {
    if (this.#failure === undefined) this.flushSync()
  }
}
