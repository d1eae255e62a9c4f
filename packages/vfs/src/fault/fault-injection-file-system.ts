import { dirname } from 'node:path'

import type {
  FileLock,
  FileStat,
  FileSystem,
  OpenWritableOptions,
  RandomAccessFile,
  WritableFile,
} from '../file-system.ts'
import { systemError, toIoError, type SystemErrorCode } from '../io-error.ts'
import { enterRead, FaultRandomAccessFile, FaultWritableFile } from './fault-files.ts'

/** Kinds of call that a fault can hit. `append` and `sync` are those of files; `sync-directory` is that of names. */
export type FileOperation =
  | 'open'
  | 'append'
  | 'sync'
  | 'truncate'
  | 'preallocate'
  | 'read'
  | 'write-atomic'
  | 'list'
  | 'mkdir'
  | 'rename'
  | 'link'
  | 'remove'
  | 'sync-directory'
  | 'lock'
  | 'exists'
  | 'stat'
  | 'close'

/** How a call goes wrong. */
export type CallFault =
  | {
      readonly error: Extract<SystemErrorCode, 'EIO' | 'ENOSPC'>
      /** For `append`: half of the data reaches the file before the error. Default false. */
      readonly shortWrite?: boolean
    }
  /** For `read`: one bit of what is read is wrong, that of this number modulo the bits there are. */
  | { readonly flipBit: number }
  /** For `read`: only the first half of what is read comes back, as if the file ended there. */
  | { readonly shortRead: true }

/** A fault to come. */
export interface Fault {
  readonly operation: FileOperation
  /** Only calls on paths that match. Default: all. */
  readonly path?: RegExp
  /** Matching calls that pass before the first that fails. Default 0. */
  readonly after?: number
  /** Calls that fail then. Default: all from there on. */
  readonly times?: number
  readonly error: Extract<SystemErrorCode, 'EIO' | 'ENOSPC'>
  /** For `append`: half of the data reaches the file before the error. Default false. */
  readonly shortWrite?: boolean
}

interface FaultByIndex {
  readonly first: number
  readonly end: number
  readonly fault: CallFault
}

interface ArmedFault {
  readonly fault: Fault
  passes: number
  failures: number
}

/** Sees every call before it is made; what it throws is thrown to the caller. */
export type CallListener = (operation: FileOperation, path: string) => void

/**
 * Passes everything to another file system and fails the n-th matching call.
 *
 * @example
 * ```ts
 * const fs = new FaultInjectionFileSystem(new MemoryFileSystem())
 * fs.inject({ operation: 'sync', path: /\.log$/, after: 2, error: 'EIO' })
 * ```
 */
export class FaultInjectionFileSystem implements FileSystem {
  readonly kind = 'fault'
  readonly #inner: FileSystem
  #faults: ArmedFault[] = []
  #byIndex: FaultByIndex | undefined
  #calls = 0
  #listener: CallListener | undefined

  constructor(inner: FileSystem) {
    this.#inner = inner
  }

  /** Arms a fault; several may be armed. */
  inject(fault: Fault): void {
    this.#faults.push({
      fault,
      passes: fault.after ?? 0,
      failures: fault.times ?? Number.POSITIVE_INFINITY,
    })
  }

  /** Calls made so far, of all kinds. */
  get calls(): number {
    return this.#calls
  }

  /** Makes the call number `index` of all, from 0, go wrong, and the `times` − 1 after it, where they are of a kind that can. */
  failCall(index: number, fault: CallFault, times = 1): void {
    this.#byIndex = { first: index, end: index + times, fault }
  }

  /** Disarms all faults. */
  clearFaults(): void {
    this.#faults = []
    this.#byIndex = undefined
  }

  /** Shows every call to `listener`, or to none. */
  observe(listener: CallListener | undefined): void {
    this.#listener = listener
  }

  async openWritable(path: string, options?: OpenWritableOptions): Promise<WritableFile> {
    this.#enter('open', path)
    return new FaultWritableFile(await this.#inner.openWritable(path, options), this.#enterFile)
  }

  openWritableSync(path: string, options?: OpenWritableOptions): WritableFile {
    this.#enter('open', path)
    return new FaultWritableFile(this.#inner.openWritableSync(path, options), this.#enterFile)
  }

  async openRandomAccess(path: string): Promise<RandomAccessFile> {
    this.#enter('open', path)
    return new FaultRandomAccessFile(await this.#inner.openRandomAccess(path), this.#enterFile)
  }

  openRandomAccessSync(path: string): RandomAccessFile {
    this.#enter('open', path)
    return new FaultRandomAccessFile(this.#inner.openRandomAccessSync(path), this.#enterFile)
  }

  async readFile(path: string): Promise<Uint8Array> {
    const damage = enterRead(this.#enterFile, path)
    return damage(await this.#inner.readFile(path))
  }

  readFileSync(path: string): Uint8Array {
    const damage = enterRead(this.#enterFile, path)
    return damage(this.#inner.readFileSync(path))
  }

  async writeFileAtomic(path: string, data: Uint8Array): Promise<void> {
    this.#enter('write-atomic', path)
    // In the steps that every file system takes for it, each of which can fail.
    const temporary = `${path}.tmp`
    const file = await this.openWritable(temporary)
    try {
      await file.append(data)
      await file.sync()
    } finally {
      await file.close()
    }
    await this.rename(temporary, path)
    await this.syncDirectory(dirname(path))
  }

  async exists(path: string): Promise<boolean> {
    this.#enter('exists', path)
    return this.#inner.exists(path)
  }

  async stat(path: string): Promise<FileStat> {
    this.#enter('stat', path)
    return this.#inner.stat(path)
  }

  async list(path: string): Promise<string[]> {
    this.#enter('list', path)
    return this.#inner.list(path)
  }

  async mkdir(path: string): Promise<void> {
    this.#enter('mkdir', path)
    await this.#inner.mkdir(path)
  }

  async rename(from: string, to: string): Promise<void> {
    this.#enter('rename', to)
    await this.#inner.rename(from, to)
  }

  renameSync(from: string, to: string): void {
    this.#enter('rename', to)
    this.#inner.renameSync(from, to)
  }

  async link(from: string, to: string): Promise<void> {
    this.#enter('link', to)
    await this.#inner.link(from, to)
  }

  async remove(path: string): Promise<void> {
    this.#enter('remove', path)
    await this.#inner.remove(path)
  }

  removeSync(path: string): void {
    this.#enter('remove', path)
    this.#inner.removeSync(path)
  }

  async removeTree(path: string): Promise<void> {
    this.#enter('remove', path)
    await this.#inner.removeTree(path)
  }

  async syncDirectory(path: string): Promise<void> {
    this.#enter('sync-directory', path)
    await this.#inner.syncDirectory(path)
  }

  syncDirectorySync(path: string): void {
    this.#enter('sync-directory', path)
    this.#inner.syncDirectorySync(path)
  }

  async lock(path: string): Promise<FileLock> {
    this.#enter('lock', path)
    return this.#inner.lock(path)
  }

  readonly #enterFile = (operation: FileOperation, path: string): CallFault | undefined => {
    this.#listener?.(operation, path)
    const index = this.#calls++
    const byIndex = this.#byIndex
    if (byIndex !== undefined && index >= byIndex.first && index < byIndex.end) return byIndex.fault
    return this.#due(operation, path)
  }

  #enter(operation: FileOperation, path: string): void {
    const fault = this.#enterFile(operation, path)
    if (fault !== undefined && 'error' in fault)
      throw toIoError(operation, path, systemError(fault.error))
  }

  #due(operation: FileOperation, path: string): Fault | undefined {
    for (const armed of this.#faults) {
      const { fault } = armed
      if (fault.operation !== operation || fault.path?.test(path) === false || armed.failures === 0)
        continue
      if (armed.passes > 0) {
        armed.passes--
        continue
      }
      armed.failures--
      return fault
    }
    return undefined
  }
}
