import type { RandomAccessFile } from '@varve/vfs'

/** Bytes as a file. */
export class BytesFile implements RandomAccessFile {
  readonly path: string
  readonly #bytes: Uint8Array

  constructor(path: string, bytes: Uint8Array) {
    this.path = path
    this.#bytes = bytes
  }

  get sizeBytes(): number {
    return this.#bytes.length
  }

  readSync(offset: number, length: number): Uint8Array {
    return this.#bytes.slice(offset, offset + length)
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    return this.readSync(offset, length)
  }

  readIntoSync(target: Uint8Array, offset: number): number {
    const part = this.#bytes.subarray(offset, offset + target.length)
    target.set(part)
    return part.length
  }

  refreshSize(): number {
    return this.#bytes.length
  }

  async close(): Promise<void> {}

  closeSync(): void {}
}
