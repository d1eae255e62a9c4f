import type { WritableFile } from '@varve/vfs'

/**
 * A file whose appends wait in memory until they are flushed, or until they are more than the buffer holds. What waits is lost
 * with the process.
 */
export class BufferedFile implements WritableFile {
  readonly #file: WritableFile
  readonly #buffer: Uint8Array
  #used = 0

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
    if (data.length > this.#buffer.length - this.#used) this.flushSync()
    if (data.length > this.#buffer.length) {
      this.#file.appendSync(data)
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

  /** Hands what waits to the kernel. After a failure the end of the file is in doubt. */
  flushSync(): void {
    if (this.#used === 0) return
    this.#file.appendSync(this.#buffer.subarray(0, this.#used))
    this.#used = 0
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
    this.flushSync()
    await this.#file.truncate(sizeBytes)
  }

  truncateSync(sizeBytes: number): void {
    this.flushSync()
    this.#file.truncateSync(sizeBytes)
  }

  preallocateSync(allocatedBytes: number): void {
    this.#file.preallocateSync(allocatedBytes)
  }

  async close(): Promise<void> {
    this.closeSync()
    return Promise.resolve()
  }

  closeSync(): void {
    try {
      this.flushSync()
    } finally {
      this.#file.closeSync()
    }
  }
}
