import type {
  FileLock,
  FileStat,
  FileSystem,
  OpenWritableOptions,
  RandomAccessFile,
  WritableFile,
} from '../file-system.ts'
import { systemError, toIoError, type SystemErrorCode } from '../io-error.ts'
import { FaultRandomAccessFile, FaultWritableFile } from './fault-files.ts'

/** Kinds of call that a fault can hit. `append` and `sync` are those of files; `sync-directory` is that of names. */
export type FileOperation =
  | 'open'
  | 'append'
  | 'sync'
  | 'truncate'
  | 'read'
  | 'write-atomic'
  | 'list'
  | 'mkdir'
  | 'rename'
  | 'link'
  | 'remove'
  | 'sync-directory'
  | 'lock'

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

  /** Disarms all faults. */
  clearFaults(): void {
    this.#faults = []
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
    this.#enter('read', path)
    return this.#inner.readFile(path)
  }

  readFileSync(path: string): Uint8Array {
    this.#enter('read', path)
    return this.#inner.readFileSync(path)
  }

  async writeFileAtomic(path: string, data: Uint8Array): Promise<void> {
    this.#enter('write-atomic', path)
    await this.#inner.writeFileAtomic(path, data)
  }

  exists(path: string): Promise<boolean> {
    return this.#inner.exists(path)
  }

  stat(path: string): Promise<FileStat> {
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

  readonly #enterFile = (operation: FileOperation, path: string): Fault | undefined => {
    this.#listener?.(operation, path)
    return this.#due(operation, path)
  }

  #enter(operation: FileOperation, path: string): void {
    this.#listener?.(operation, path)
    const fault = this.#due(operation, path)
    if (fault !== undefined) throw toIoError(operation, path, systemError(fault.error))
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
