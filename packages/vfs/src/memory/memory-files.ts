import { resourceClosed, resourceOpened } from '@varve/base'

import type { RandomAccessFile, WritableFile } from '../file-system.ts'
import { systemError, toIoError } from '../io-error.ts'
import type { FileNode } from './memory-node.ts'

/** What files need of their file system: space, time, and whether the world they were opened in still stands. */
export interface MemoryWorld {
  /** Changes at every crash; a file opened before is dead. */
  readonly generation: number
  now(): number
  /** @throws the system's ENOSPC when `bytes` more do not fit */
  reserve(bytes: number): void
}

function checkAlive(
  world: MemoryWorld,
  generation: number,
  open: boolean,
  action: string,
  path: string,
): void {
  if (!open || world.generation !== generation) throw toIoError(action, path, systemError('EBADF'))
}

/** Writer of a file in memory. */
export class MemoryWritableFile implements WritableFile {
  readonly path: string
  readonly #node: FileNode
  readonly #world: MemoryWorld
  readonly #generation: number
  #open = true
  #position: number

  /** The first append goes to `position`. */
  constructor(path: string, node: FileNode, world: MemoryWorld, position: number) {
    this.path = path
    this.#node = node
    this.#world = world
    this.#generation = world.generation
    this.#position = position
    resourceOpened(this, `writable file ${path}`)
  }

  get sizeBytes(): number {
    return this.#position
  }

  get allocatedBytes(): number {
    return this.#node.sizeBytes
  }

  appendSync(data: Uint8Array): void {
    this.#check('write')
    this.#reserve(this.#position + data.length)
    this.#node.write(this.#position, data)
    this.#position += data.length
    this.#node.modifiedMs = this.#world.now()
  }

  appendvSync(chunks: readonly Uint8Array[]): void {
    for (const chunk of chunks) this.appendSync(chunk)
  }

  async append(data: Uint8Array): Promise<void> {
    this.appendSync(data)
  }

  async sync(): Promise<void> {
    this.syncSync()
  }

  syncSync(): void {
    this.#check('sync')
    this.#node.sync()
  }

  async truncate(sizeBytes: number): Promise<void> {
    this.truncateSync(sizeBytes)
  }

  truncateSync(sizeBytes: number): void {
    this.#check('truncate')
    this.#node.truncate(sizeBytes)
    this.#position = sizeBytes
    this.#node.modifiedMs = this.#world.now()
  }

  preallocateSync(allocatedBytes: number): void {
    this.#check('write')
    if (allocatedBytes <= this.#node.sizeBytes) return
    this.#reserve(allocatedBytes)
    this.#node.truncate(allocatedBytes)
    this.#node.modifiedMs = this.#world.now()
  }

  async close(): Promise<void> {
    this.closeSync()
  }

  closeSync(): void {
    this.#open = false
    resourceClosed(this)
  }

  #check(action: string): void {
    checkAlive(this.#world, this.#generation, this.#open, action, this.path)
  }

  #reserve(sizeBytes: number): void {
    try {
      this.#world.reserve(Math.max(0, sizeBytes - this.#node.sizeBytes))
    } catch (error) {
      throw toIoError('write', this.path, error)
    }
  }
}

/** Reader of a file in memory; sees what is appended later, after {@link refreshSize} or by reading there. */
export class MemoryRandomAccessFile implements RandomAccessFile {
  readonly path: string
  readonly #node: FileNode
  readonly #world: MemoryWorld
  readonly #generation: number
  #open = true
  #size: number

  constructor(path: string, node: FileNode, world: MemoryWorld) {
    this.path = path
    this.#node = node
    this.#world = world
    this.#generation = world.generation
    this.#size = node.sizeBytes
    resourceOpened(this, `readable file ${path}`)
  }

  get sizeBytes(): number {
    return this.#size
  }

  readSync(offset: number, length: number): Uint8Array {
    this.#check()
    return this.#node.bytes.slice(
      offset,
      Math.max(offset, Math.min(offset + length, this.#node.sizeBytes)),
    )
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    return this.readSync(offset, length)
  }

  readIntoSync(target: Uint8Array, offset: number): number {
    this.#check()
    const end = Math.max(offset, Math.min(offset + target.length, this.#node.sizeBytes))
    target.set(this.#node.bytes.subarray(offset, end))
    return end - offset
  }

  refreshSize(): number {
    this.#check()
    this.#size = this.#node.sizeBytes
    return this.#size
  }

  async close(): Promise<void> {
    this.closeSync()
  }

  closeSync(): void {
    this.#open = false
    resourceClosed(this)
  }

  #check(): void {
    checkAlive(this.#world, this.#generation, this.#open, 'read', this.path)
  }
}
