import fs from 'node:fs'
import { promisify } from 'node:util'

import { resourceClosed, resourceOpened } from '@varve/base'

import type { OpenWritableOptions, WritableFile } from '../file-system.ts'
import { toIoError } from '../io-error.ts'

/** Not looked up in the module's exports for each of many small writes. */
const { writeSync } = fs
const write = promisify(fs.write)
const fdatasync = promisify(fs.fdatasync)
const ftruncate = promisify(fs.ftruncate)
const closeFd = promisify(fs.close)

const zeros = new Uint8Array(1 << 18)

/** Flags of `open`: never O_APPEND, because the position is ours and Linux ignores it under O_APPEND. */
export function writableFlags(mode: OpenWritableOptions['mode']): number {
  const { O_WRONLY, O_CREAT, O_TRUNC, O_EXCL } = fs.constants
  switch (mode) {
    case 'append':
    case 'overwrite':
      return O_WRONLY | O_CREAT
    case 'exclusive':
      return O_WRONLY | O_CREAT | O_EXCL
    case 'create':
    case undefined:
      return O_WRONLY | O_CREAT | O_TRUNC
  }
}

/** A file descriptor with an explicit position, so that a failed append never leaves the position in doubt. */
export class NodeWritableFile implements WritableFile {
  readonly path: string
  #fd: number
  #size: number
  /** Length of the file when it was opened or made longer ahead of the position. */
  #lengthAhead: number

  /** `sizeBytes` is where the next append goes, in a file that is `lengthBytes` long. */
  constructor(path: string, fd: number, sizeBytes: number, lengthBytes: number = sizeBytes) {
    this.path = path
    this.#fd = fd
    this.#size = sizeBytes
    this.#lengthAhead = lengthBytes
    resourceOpened(this, `writable file ${path}`)
  }

  get sizeBytes(): number {
    return this.#size
  }

  get allocatedBytes(): number {
    return Math.max(this.#size, this.#lengthAhead)
  }

  appendSync(data: Uint8Array): void {
    let done = 0
    try {
      // The kernel may take less than asked (a signal, a nearly full disk).
      while (done < data.length) {
        const n = writeSync(this.#fd, data, done, data.length - done, this.#size)
        done += n
        this.#size += n
      }
    } catch (error) {
      throw toIoError('write', this.path, error)
    }
  }

  appendvSync(chunks: readonly Uint8Array[]): void {
    let total = 0
    for (const chunk of chunks) total += chunk.length
    let written: number
    try {
      written = total === 0 ? 0 : fs.writevSync(this.#fd, chunks, this.#size)
    } catch (error) {
      throw toIoError('write', this.path, error)
    }
    this.#size += written
    if (written === total) return
    for (const chunk of chunks) {
      if (written >= chunk.length) {
        written -= chunk.length
        continue
      }
      this.appendSync(chunk.subarray(written))
      written = 0
    }
  }

  async append(data: Uint8Array): Promise<void> {
    let done = 0
    try {
      while (done < data.length) {
        const { bytesWritten } = await write(this.#fd, data, done, data.length - done, this.#size)
        done += bytesWritten
        this.#size += bytesWritten
      }
    } catch (error) {
      throw toIoError('write', this.path, error)
    }
  }

  async sync(): Promise<void> {
    try {
      await fdatasync(this.#fd)
    } catch (error) {
      throw toIoError('sync', this.path, error)
    }
  }

  syncSync(): void {
    try {
      fs.fdatasyncSync(this.#fd)
    } catch (error) {
      throw toIoError('sync', this.path, error)
    }
  }

  async truncate(sizeBytes: number): Promise<void> {
    try {
      await ftruncate(this.#fd, sizeBytes)
    } catch (error) {
      throw toIoError('truncate', this.path, error)
    }
    this.#size = sizeBytes
    this.#lengthAhead = sizeBytes
  }

  truncateSync(sizeBytes: number): void {
    try {
      fs.ftruncateSync(this.#fd, sizeBytes)
    } catch (error) {
      throw toIoError('truncate', this.path, error)
    }
    this.#size = sizeBytes
    this.#lengthAhead = sizeBytes
  }

  preallocateSync(allocatedBytes: number): void {
    // Zeros that are written, not a hole or space that is only reserved: those would have to be turned into data at every sync.
    try {
      for (let at = this.allocatedBytes; at < allocatedBytes;) {
        const n = Math.min(allocatedBytes - at, zeros.length)
        at += fs.writeSync(this.#fd, zeros, 0, n, at)
        this.#lengthAhead = at
      }
    } catch (error) {
      throw toIoError('write', this.path, error)
    }
  }

  async close(): Promise<void> {
    const fd = this.#release()
    if (fd === undefined) return
    try {
      await closeFd(fd)
    } catch (error) {
      throw toIoError('close', this.path, error)
    }
  }

  closeSync(): void {
    const fd = this.#release()
    if (fd === undefined) return
    try {
      fs.closeSync(fd)
    } catch (error) {
      throw toIoError('close', this.path, error)
    }
  }

  #release(): number | undefined {
    if (this.#fd < 0) return undefined
    const fd = this.#fd
    this.#fd = -1
    resourceClosed(this)
    return fd
  }
}
