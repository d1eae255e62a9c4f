import type { RandomAccessFile, WritableFile } from '../file-system.ts'
import { systemError, toIoError } from '../io-error.ts'
import type { Fault, FileOperation } from './fault-injection-file-system.ts'

/** Announces a call; returns the fault that it must fail with. */
export type EnterCall = (operation: FileOperation, path: string) => Fault | undefined

function failIfDue(enter: EnterCall, operation: FileOperation, path: string): void {
  const fault = enter(operation, path)
  if (fault !== undefined) throw toIoError(operation, path, systemError(fault.error))
}

/** A writer whose calls can fail. */
export class FaultWritableFile implements WritableFile {
  readonly #inner: WritableFile
  readonly #enter: EnterCall

  constructor(inner: WritableFile, enter: EnterCall) {
    this.#inner = inner
    this.#enter = enter
  }

  get path(): string {
    return this.#inner.path
  }

  get sizeBytes(): number {
    return this.#inner.sizeBytes
  }

  appendSync(data: Uint8Array): void {
    const fault = this.#enter('append', this.path)
    if (fault !== undefined) {
      if (fault.shortWrite === true) this.#inner.appendSync(data.subarray(0, data.length >>> 1))
      throw toIoError('append', this.path, systemError(fault.error))
    }
    this.#inner.appendSync(data)
  }

  appendvSync(chunks: readonly Uint8Array[]): void {
    const fault = this.#enter('append', this.path)
    if (fault !== undefined) {
      if (fault.shortWrite === true && chunks[0] !== undefined) {
        this.#inner.appendSync(chunks[0].subarray(0, chunks[0].length >>> 1))
      }
      throw toIoError('append', this.path, systemError(fault.error))
    }
    this.#inner.appendvSync(chunks)
  }

  async append(data: Uint8Array): Promise<void> {
    const fault = this.#enter('append', this.path)
    if (fault !== undefined) {
      if (fault.shortWrite === true) await this.#inner.append(data.subarray(0, data.length >>> 1))
      throw toIoError('append', this.path, systemError(fault.error))
    }
    await this.#inner.append(data)
  }

  async sync(): Promise<void> {
    failIfDue(this.#enter, 'sync', this.path)
    await this.#inner.sync()
  }

  syncSync(): void {
    failIfDue(this.#enter, 'sync', this.path)
    this.#inner.syncSync()
  }

  async truncate(sizeBytes: number): Promise<void> {
    failIfDue(this.#enter, 'truncate', this.path)
    await this.#inner.truncate(sizeBytes)
  }

  close(): Promise<void> {
    return this.#inner.close()
  }

  closeSync(): void {
    this.#inner.closeSync()
  }
}

/** A reader whose calls can fail. */
export class FaultRandomAccessFile implements RandomAccessFile {
  readonly #inner: RandomAccessFile
  readonly #enter: EnterCall

  constructor(inner: RandomAccessFile, enter: EnterCall) {
    this.#inner = inner
    this.#enter = enter
  }

  get path(): string {
    return this.#inner.path
  }

  get sizeBytes(): number {
    return this.#inner.sizeBytes
  }

  readSync(offset: number, length: number): Uint8Array {
    failIfDue(this.#enter, 'read', this.path)
    return this.#inner.readSync(offset, length)
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    failIfDue(this.#enter, 'read', this.path)
    return this.#inner.read(offset, length)
  }

  readIntoSync(target: Uint8Array, offset: number): number {
    failIfDue(this.#enter, 'read', this.path)
    return this.#inner.readIntoSync(target, offset)
  }

  refreshSize(): number {
    return this.#inner.refreshSize()
  }

  close(): Promise<void> {
    return this.#inner.close()
  }

  closeSync(): void {
    this.#inner.closeSync()
  }
}
