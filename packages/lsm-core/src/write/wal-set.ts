import { join } from 'node:path'

import type { FileSystem } from '@varve/vfs'
import { logFileName } from '@varve/manifest'
import { LogWriter } from '@varve/wal'

import { BufferedFile } from './buffered-file.ts'

interface LiveLog {
  readonly number: number
  sizeBytes: number
}

interface OpenLog {
  readonly number: number
  readonly writer: LogWriter
  /** The writer's file when it is one that buffers. */
  readonly buffer: BufferedFile | undefined
  /** Asynchronous syncs under way: the descriptor must stay open for them. */
  syncing: number
  /** Nothing waits for it any more but those syncs. */
  finished: boolean
}

/**
 * The write-ahead logs of an open database: the current one, older ones that are not synced yet, and all that still hold
 * something unflushed.
 *
 * Law: an older log is synced before a newer one is, and before a table that holds its data enters the MANIFEST. Else a
 * loss of power could keep the end of the history and lose its middle, or keep one family's half of an atomic batch.
 */
export class WalSet {
  readonly #fs: FileSystem
  readonly #directory: string
  readonly #bufferBytes: number
  #current: OpenLog | undefined
  /** Not current any more and not synced; oldest first. */
  #unsynced: OpenLog[] = []
  /** Every log with data, the current one last. */
  #live: LiveLog[] = []
  /**
   * Asked for the oldest log that two-phase commit needs, apart from what memtables in `flushed` need of it; Infinity when it
   * needs none.
   */
  pinnedBy: (flushed?: ReadonlySet<object>) => number = () => Number.POSITIVE_INFINITY

  /** With `bufferBytes` records wait in memory for {@link flush}, or until there are more; 0: they do not wait. */
  constructor(fs: FileSystem, directory: string, bufferBytes: number = 0) {
    this.#bufferBytes = bufferBytes
    this.#fs = fs
    this.#directory = directory
  }

  get currentNumber(): number {
    return this.#current?.number ?? 0
  }

  /** Whether nothing was written to the current log, so that it can serve the next memtable too. */
  get currentIsEmpty(): boolean {
    return this.#current !== undefined && this.#current.writer.sizeBytes === 0
  }

  /** Bytes of all live logs. */
  get totalSizeBytes(): number {
    let bytes = this.#current?.writer.sizeBytes ?? 0
    for (const log of this.#live) bytes += log.sizeBytes
    return bytes
  }

  /** Bytes of the live logs from `number` on. */
  sizeFrom(number: number): number {
    let bytes = this.#current?.writer.sizeBytes ?? 0
    for (const log of this.#live) if (log.number >= number) bytes += log.sizeBytes
    return bytes
  }

  /** Hands the records that wait in memory to the kernel. */
  flush(): void {
    this.#current?.buffer?.flushSync()
  }

  /** Every log with data and its present size in the kernel, the current one last. */
  liveLogs(): { readonly number: number; readonly sizeBytes: number }[] {
    this.flush()
    const logs = this.#live.map(({ number, sizeBytes }) => ({ number, sizeBytes }))
    const current = this.#current
    if (current !== undefined)
      logs.push({ number: current.number, sizeBytes: current.writer.sizeBytes })
    return logs
  }

  /** Starts a log with a number that no file has; its name survives a loss of power from here on. */
  startLog(number: number): void {
    this.flush()
    const file = this.#fs.openWritableSync(join(this.#directory, logFileName(number)))
    this.#fs.syncDirectorySync(this.#directory)
    const old = this.#current
    if (old !== undefined) {
      this.#unsynced.push(old)
      this.#live.push({ number: old.number, sizeBytes: old.writer.sizeBytes })
    }
    const buffer = this.#bufferBytes > 0 ? new BufferedFile(file, this.#bufferBytes) : undefined
    const writer = new LogWriter(buffer ?? file)
    this.#current = { number, writer, buffer, syncing: 0, finished: false }
  }

  /** Appends one record to the current log; it has reached the kernel when this returns, unless logs are buffered. */
  append(record: Uint8Array): void {
    this.#current!.writer.addRecord(record)
  }

  /** Makes all records of all logs survive a loss of power. */
  async sync(): Promise<void> {
    // What is current now: a switch while older logs sync makes it one of them.
    const current = this.#current!
    await this.syncClosedLogs()
    await this.#syncOne(current)
  }

  /** {@link sync}, blocking. */
  syncSync(): void {
    for (const log of this.#unsynced.splice(0)) {
      log.writer.syncSync()
      this.#finish(log)
    }
    this.#current!.writer.syncSync()
  }

  /** Makes the records of all logs but the current one survive a loss of power. */
  async syncClosedLogs(): Promise<void> {
    while (this.#unsynced.length > 0) {
      const log = this.#unsynced[0]!
      await this.#syncOne(log)
      // A blocking sync may have come between and taken it off the list.
      if (this.#unsynced[0] !== log) continue
      this.#unsynced.shift()
      this.#finish(log)
    }
  }

  /** Forgets logs below `number`; returns those whose files may go. The current log stays. */
  forgetBelow(number: number): number[] {
    const gone = this.#live.filter((log) => log.number < number).map((log) => log.number)
    this.#live = this.#live.filter((log) => log.number >= number)
    const keep: OpenLog[] = []
    for (const log of this.#unsynced) {
      if (log.number >= number) keep.push(log)
      else this.#finish(log)
    }
    this.#unsynced = keep
    return gone
  }

  /** Closes all files without syncing them. */
  close(): void {
    const logs = this.#unsynced.splice(0)
    if (this.#current !== undefined) logs.push(this.#current)
    this.#current = undefined
    const errors: unknown[] = []
    for (const log of logs) {
      try {
        this.#finish(log)
      } catch (error) {
        errors.push(error)
      }
    }
    if (errors.length > 0) throw errors[0]
  }

  async #syncOne(log: OpenLog): Promise<void> {
    if (log.finished) return
    log.syncing++
    try {
      await log.writer.sync()
    } finally {
      log.syncing--
      if (log.finished && log.syncing === 0) log.writer.closeSync()
    }
  }

  #finish(log: OpenLog): void {
    if (log.finished) return
    log.finished = true
    if (log.syncing === 0) log.writer.closeSync()
  }
}
