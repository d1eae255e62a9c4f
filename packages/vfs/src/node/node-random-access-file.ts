import fs from 'node:fs'
import { promisify } from 'node:util'

import { resourceClosed, resourceOpened } from '@varve/base'

import type { RandomAccessFile } from '../file-system.ts'
import { toIoError } from '../io-error.ts'

const read = promisify(fs.read)
const closeFd = promisify(fs.close)

/** Positional reads on a file descriptor. */
export class NodeRandomAccessFile implements RandomAccessFile {
  readonly path: string
  #fd: number
  #size: number

  constructor(path: string, fd: number, sizeBytes: number) {
    this.path = path
    this.#fd = fd
    this.#size = sizeBytes
    resourceOpened(this, `readable file ${path}`)
  }

  get sizeBytes(): number {
    return this.#size
  }

  readSync(offset: number, length: number): Uint8Array {
    const target = this.#target(offset, length)
    const n = this.readIntoSync(target, offset)
    return n === target.length ? target : target.subarray(0, n)
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    const target = this.#target(offset, length)
    let done = 0
    try {
      while (done < target.length) {
        const { bytesRead } = await read(
          this.#fd,
          target,
          done,
          target.length - done,
          offset + done,
        )
        if (bytesRead === 0) break
        done += bytesRead
      }
    } catch (error) {
      throw toIoError('read', this.path, error)
    }
    return done === target.length ? target : target.subarray(0, done)
  }

  readIntoSync(target: Uint8Array, offset: number): number {
    let done = 0
    try {
      while (done < target.length) {
        const n = fs.readSync(this.#fd, target, done, target.length - done, offset + done)
        if (n === 0) break
        done += n
      }
    } catch (error) {
      throw toIoError('read', this.path, error)
    }
    return done
  }

  refreshSize(): number {
    try {
      this.#size = fs.fstatSync(this.#fd).size
    } catch (error) {
      throw toIoError('stat', this.path, error)
    }
    return this.#size
  }

  async close(): Promise<void> {
    const fd = this.#release()
    if (fd !== undefined) await closeFd(fd)
  }

  closeSync(): void {
    const fd = this.#release()
    if (fd !== undefined) fs.closeSync(fd)
  }

  /** A length taken from damaged data must not allocate more than the file could fill. */
  #target(offset: number, length: number): Uint8Array {
    const available = Math.max(
      0,
      Math.max(this.#size, offset + length > this.#size ? this.refreshSize() : 0) - offset,
    )
    return new Uint8Array(Math.min(length, available))
  }

  #release(): number | undefined {
    if (this.#fd < 0) return undefined
    const fd = this.#fd
    this.#fd = -1
    resourceClosed(this)
    return fd
  }
}
