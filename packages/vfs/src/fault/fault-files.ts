import type { RandomAccessFile, WritableFile } from '../file-system.ts'
import { systemError, toIoError } from '../io-error.ts'
import type { CallFault, FileOperation } from './fault-injection-file-system.ts'

/** Announces a call; returns the fault that it must fail with. */
export type EnterCall = (operation: FileOperation, path: string) => CallFault | undefined

function failIfDue(enter: EnterCall, operation: FileOperation, path: string): void {
  const fault = enter(operation, path)
  if (fault !== undefined && 'error' in fault)
    throw toIoError(operation, path, systemError(fault.error))
}

/** Announces a read; what it returns does to the data what the fault says. @throws IoError when the fault is an error */
export function enterRead(enter: EnterCall, path: string): (data: Uint8Array) => Uint8Array {
  const fault = enter('read', path)
  if (fault === undefined) return (data) => data
  if ('error' in fault) throw toIoError('read', path, systemError(fault.error))
  if ('shortRead' in fault) return (data) => data.subarray(0, data.length >>> 1)
  return (data) => {
    if (data.length === 0) return data
    const bit = fault.flipBit % (data.length * 8)
    data[bit >>> 3]! ^= 1 << (bit & 7)
    return data
  }
}

/** Data of an append that its fault lets through before the error. */
function announceAppend(
  enter: EnterCall,
  path: string,
  first: Uint8Array | undefined,
): { readonly written: Uint8Array | undefined; readonly error: Error } | undefined {
  const fault = enter('append', path)
  if (fault === undefined || !('error' in fault)) return undefined
  const written =
    fault.shortWrite === true ? first?.subarray(0, (first.length + 1) >>> 1) : undefined
  return { written, error: toIoError('append', path, systemError(fault.error)) }
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

  get allocatedBytes(): number {
    return this.#inner.allocatedBytes
  }

  appendSync(data: Uint8Array): void {
    const failure = announceAppend(this.#enter, this.path, data)
    if (failure === undefined) return this.#inner.appendSync(data)
    if (failure.written !== undefined) this.#inner.appendSync(failure.written)
    throw failure.error
  }

  appendvSync(chunks: readonly Uint8Array[]): void {
    const failure = announceAppend(this.#enter, this.path, chunks[0])
    if (failure === undefined) return this.#inner.appendvSync(chunks)
    if (failure.written !== undefined) this.#inner.appendSync(failure.written)
    throw failure.error
  }

  async append(data: Uint8Array): Promise<void> {
    const failure = announceAppend(this.#enter, this.path, data)
    if (failure === undefined) return this.#inner.append(data)
    if (failure.written !== undefined) await this.#inner.append(failure.written)
    throw failure.error
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

  truncateSync(sizeBytes: number): void {
    failIfDue(this.#enter, 'truncate', this.path)
    this.#inner.truncateSync(sizeBytes)
  }

  preallocateSync(allocatedBytes: number): void {
    failIfDue(this.#enter, 'preallocate', this.path)
    this.#inner.preallocateSync(allocatedBytes)
  }

  async close(): Promise<void> {
    // A failing close closes all the same, as the system's does.
    await this.#inner.close()
    failIfDue(this.#enter, 'close', this.path)
  }

  closeSync(): void {
    this.#inner.closeSync()
    failIfDue(this.#enter, 'close', this.path)
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
    const damage = enterRead(this.#enter, this.path)
    return damage(this.#inner.readSync(offset, length))
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    const damage = enterRead(this.#enter, this.path)
    return damage(await this.#inner.read(offset, length))
  }

  readIntoSync(target: Uint8Array, offset: number): number {
    const damage = enterRead(this.#enter, this.path)
    const length = this.#inner.readIntoSync(target, offset)
    return damage(target.subarray(0, length)).length
  }

  refreshSize(): number {
    failIfDue(this.#enter, 'stat', this.path)
    return this.#inner.refreshSize()
  }

  // Closing what was only read cannot fail: nothing waits to be written.

  close(): Promise<void> {
    return this.#inner.close()
  }

  closeSync(): void {
    this.#inner.closeSync()
  }
}
