import { resolve, dirname, basename, sep } from 'node:path'

import { LockedError, systemClock, type Clock } from '@varve/base'

import type {
  FileLock,
  FileStat,
  FileSystem,
  OpenWritableOptions,
  RandomAccessFile,
  WritableFile,
} from '../file-system.ts'
import { systemError, toIoError, type SystemErrorCode } from '../io-error.ts'
import { MemoryRandomAccessFile, MemoryWritableFile, type MemoryWorld } from './memory-files.ts'
import { DirectoryNode, FileNode, type Survivors, type TreeNode } from './memory-node.ts'

export interface MemoryFileSystemOptions {
  /** For modification times. Default: the system's clock. */
  readonly clock?: Clock
  /** Appends beyond it fail with ENOSPC. Default: no limit. */
  readonly capacityBytes?: number
}

/** How a simulated crash ends. */
export interface CrashOptions {
  /** `power`: what was not synced is lost (default). `process`: everything handed to the kernel stays. */
  readonly loss?: 'power' | 'process'
  /**
   * Decides what of the unsynced survives all the same: a random part of each file's tail and of each directory's last
   * name changes, as on a real disk. Without a seed nothing unsynced survives.
   */
  readonly seed?: number
  /**
   * The disk wrote what was not synced in an order of its own: sectors in the middle of what
   * survives may read as what was there before, and as zeros where nothing was.
   * Counts with a seed. Default false.
   */
  readonly reordered?: boolean
}

/**
 * A disk in memory, shareable by any number of databases and brokers of one process, which forgets what was not synced
 * when it {@link crash}es: file content without `sync`, names without `syncDirectory`.
 */
export class MemoryFileSystem implements FileSystem {
  readonly kind = 'memory'
  readonly #clock: Clock
  readonly #capacityBytes: number
  readonly #world: MemoryWorld & { generation: number }
  #root: DirectoryNode
  #usedBytes = 0

  constructor(options: MemoryFileSystemOptions = {}) {
    this.#clock = options.clock ?? systemClock
    this.#capacityBytes = options.capacityBytes ?? Number.POSITIVE_INFINITY
    this.#root = new DirectoryNode(this.#clock.now())
    this.#world = {
      generation: 0,
      now: () => this.#clock.now(),
      reserve: (bytes) => {
        if (this.#usedBytes + bytes > this.#capacityBytes) throw systemError('ENOSPC')
        this.#usedBytes += bytes
      },
    }
  }

  /** Ends every open file and lock and leaves what a crash leaves. */
  crash(options: CrashOptions = {}): void {
    if ((options.loss ?? 'power') === 'power') this.#root = rootAfterPowerLoss(this.#root, options)
    this.#world.generation++
    this.#usedBytes = unlockAndMeasure(this.#root)
  }

  /** Another file system with what a loss of power right now would leave; this one goes on untouched. */
  forkAfterPowerLoss(options: Omit<CrashOptions, 'loss'> = {}): MemoryFileSystem {
    return this.#fork(rootAfterPowerLoss(this.#root, options))
  }

  /** Another file system with what the death of the process right now would leave: all of it, and of that synced what is. */
  forkAfterProcessDeath(): MemoryFileSystem {
    return this.#fork(this.#root.copy(new Map()))
  }

  #fork(root: DirectoryNode): MemoryFileSystem {
    const fork = new MemoryFileSystem({ clock: this.#clock, capacityBytes: this.#capacityBytes })
    fork.#root = root
    fork.#usedBytes = unlockAndMeasure(root)
    return fork
  }

  async openWritable(path: string, options: OpenWritableOptions = {}): Promise<WritableFile> {
    return this.openWritableSync(path, options)
  }

  openWritableSync(path: string, options: OpenWritableOptions = {}): WritableFile {
    const parent = this.#parent('open', path)
    const name = basename(resolve(path))
    let node = parent.entries.get(name)
    if (node === undefined) {
      node = new FileNode(this.#clock.now())
      parent.set(name, node)
    } else if (node.type === 'directory') {
      fail('open', path, 'EISDIR')
    } else if (options.mode === 'exclusive') {
      fail('open', path, 'EEXIST')
    } else if (options.mode !== 'append' && options.mode !== 'overwrite') {
      node.truncate(0)
    }
    const position = options.mode === 'overwrite' ? 0 : node.sizeBytes
    return new MemoryWritableFile(path, node, this.#world, position)
  }

  async openRandomAccess(path: string): Promise<RandomAccessFile> {
    return this.openRandomAccessSync(path)
  }

  openRandomAccessSync(path: string): RandomAccessFile {
    return new MemoryRandomAccessFile(path, this.#file('open', path), this.#world)
  }

  async readFile(path: string): Promise<Uint8Array> {
    return this.readFileSync(path)
  }

  readFileSync(path: string): Uint8Array {
    const node = this.#file('read', path)
    return node.bytes.slice(0, node.sizeBytes)
  }

  async writeFileAtomic(path: string, data: Uint8Array): Promise<void> {
    const temporary = `${path}.tmp`
    const file = this.openWritableSync(temporary)
    file.appendSync(data)
    file.syncSync()
    file.closeSync()
    await this.rename(temporary, path)
    await this.syncDirectory(dirname(path))
  }

  async exists(path: string): Promise<boolean> {
    return this.#find(path) !== undefined
  }

  async stat(path: string): Promise<FileStat> {
    const node = this.#find(path)
    if (node === undefined) return fail('stat', path, 'ENOENT')
    return {
      sizeBytes: node.type === 'file' ? node.sizeBytes : 0,
      modifiedMs: node.modifiedMs,
      isDirectory: node.type === 'directory',
    }
  }

  async list(path: string): Promise<string[]> {
    return [...this.#directory('list', path).entries.keys()].sort()
  }

  async mkdir(path: string): Promise<void> {
    let directory = this.#root
    for (const name of split(path)) {
      let node = directory.entries.get(name)
      if (node === undefined) {
        node = new DirectoryNode(this.#clock.now())
        directory.set(name, node)
      }
      if (node.type === 'file') fail('make directory', path, 'ENOTDIR')
      directory = node
    }
  }

  async rename(from: string, to: string): Promise<void> {
    this.renameSync(from, to)
  }

  renameSync(from: string, to: string): void {
    const fromParent = this.#parent('rename', from)
    const toParent = this.#parent('rename', to)
    const fromName = basename(resolve(from))
    const toName = basename(resolve(to))
    const node = fromParent.entries.get(fromName)
    if (node === undefined) return fail('rename', from, 'ENOENT')
    const target = toParent.entries.get(toName)
    if (target === node) return
    if (target?.type === 'directory') {
      if (node.type === 'file') fail('rename', to, 'EISDIR')
      if (target.entries.size > 0) fail('rename', to, 'ENOTEMPTY')
    }
    if (fromParent === toParent) {
      fromParent.rename(fromName, toName)
    } else {
      toParent.set(toName, node)
      fromParent.delete(fromName)
    }
  }

  async link(from: string, to: string): Promise<void> {
    const node = this.#file('link', from)
    const parent = this.#parent('link', to)
    const name = basename(resolve(to))
    if (parent.entries.has(name)) fail('link', to, 'EEXIST')
    parent.set(name, node)
  }

  async remove(path: string): Promise<void> {
    this.removeSync(path)
  }

  removeSync(path: string): void {
    const node = this.#file('remove', path)
    this.#parent('remove', path).delete(basename(resolve(path)))
    // Approximate under hard links: the space is given back with the first name.
    this.#usedBytes = Math.max(0, this.#usedBytes - node.sizeBytes)
  }

  async removeTree(path: string): Promise<void> {
    if (this.#find(path) !== undefined) this.#parent('remove', path).delete(basename(resolve(path)))
  }

  async syncDirectory(path: string): Promise<void> {
    this.syncDirectorySync(path)
  }

  syncDirectorySync(path: string): void {
    this.#directory('sync', path).sync()
  }

  async lock(path: string): Promise<FileLock> {
    const existing = this.#find(path)
    if (existing?.type === 'file' && existing.locked) throw new LockedError(path)
    if (existing === undefined) this.openWritableSync(path, { mode: 'append' }).closeSync()
    const node = this.#file('lock', path)
    node.locked = true
    const generation = this.#world.generation
    return {
      release: async () => {
        if (this.#world.generation === generation) node.locked = false
      },
    }
  }

  #find(path: string): TreeNode | undefined {
    let node: TreeNode | undefined = this.#root
    for (const name of split(path)) {
      if (node?.type !== 'directory') return undefined
      node = node.entries.get(name)
    }
    return node
  }

  #file(action: string, path: string): FileNode {
    const node = this.#find(path)
    if (node === undefined) return fail(action, path, 'ENOENT')
    if (node.type === 'directory') return fail(action, path, 'EISDIR')
    return node
  }

  #directory(action: string, path: string): DirectoryNode {
    const node = this.#find(path)
    if (node === undefined) return fail(action, path, 'ENOENT')
    if (node.type === 'file') return fail(action, path, 'ENOTDIR')
    return node
  }

  #parent(action: string, path: string): DirectoryNode {
    return this.#directory(action, dirname(resolve(path)))
  }
}

function split(path: string): string[] {
  return resolve(path)
    .split(sep)
    .filter((part) => part !== '')
}

function fail(action: string, path: string, code: SystemErrorCode): never {
  throw toIoError(action, path, systemError(code))
}

function rootAfterPowerLoss(
  root: DirectoryNode,
  { seed, reordered = false }: CrashOptions,
): DirectoryNode {
  return root.afterPowerLoss(
    seed === undefined ? { count: () => 0 } : seededSurvivors(seed, reordered),
    new Map(),
  )
}

/** Survivors that the seed repeats. Source: xorshift32 (Marsaglia, 2003). */
function seededSurvivors(seed: number, reordered: boolean): Survivors {
  let state = seed | 0 || 0x9e3779b9
  const next = (): number => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state >>> 0
  }
  return {
    count: (n) => next() % (n + 1),
    ...(reordered ? { hasSector: () => next() % 4 !== 0 } : {}),
  }
}

/** Drops every lock below `directory` and returns the bytes its files hold. */
function unlockAndMeasure(directory: DirectoryNode): number {
  let bytes = 0
  for (const node of directory.entries.values()) {
    if (node.type === 'directory') {
      bytes += unlockAndMeasure(node)
    } else {
      node.locked = false
      bytes += node.sizeBytes
    }
  }
  return bytes
}
