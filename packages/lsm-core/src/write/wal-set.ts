import { join } from 'node:path'

import { IoError } from '@varve/base'
import { isNotFound, type FileSystem, type WritableFile } from '@varve/vfs'
import { logFileName, type WalAddition } from '@varve/manifest'
import { LogWriter, sequenceOfBatch } from '@varve/wal'

import { BufferedFile } from './buffered-file.ts'
import { predecessorMark } from './predecessor-mark.ts'

interface LiveLog {
  readonly number: number
  sizeBytes: number
}

interface OpenLog {
  readonly number: number
  readonly writer: LogWriter
  /** The writer's file when it is one that buffers. */
  readonly buffer: BufferedFile | undefined
  /** Size at the beginning of the last sync. */
  syncedBytes: number
  /** Syncs in a row that found little to write. */
  smallSyncs: number
  /** Asynchronous syncs under way: the descriptor must stay open for them. */
  syncing: number
  /** Nothing waits for it any more but those syncs. */
  finished: boolean
}

/** Options of {@link WalSet}. */
export interface WalSetOptions {
  /** Records wait in memory for {@link WalSet.flush}, or until there are more bytes of them. Default 0: they do not wait. */
  readonly bufferBytes?: number
  /**
   * Keep zeros ahead of the end of a log that is synced often, so that a sync need not record a new length. What a loss of
   * power tears may then be followed by zeros or by later records. Default false.
   */
  readonly preallocate?: boolean
  /** Logs that nobody needs any more and that are kept to be written over, at most. Default 0. */
  readonly recycle?: number
  /** Remember for {@link WalSet.takeSynced} which logs are finished and synced. Default false. */
  readonly track?: boolean
}

/** More than this since the last sync: writing it is what the sync takes time for, not the file's length. */
const smallSyncBytes = 32 << 10
/** So many small syncs in a row are a habit. */
const habit = 3
/** What is written ahead at once: a thousand small records or more. */
const aheadBytes = 256 << 10

/**
 * The write-ahead logs of an open database: the current one, older ones that are not synced yet, and all that still hold
 * something unflushed.
 *
 * Law: an older log is synced before a newer one is, and before a table that holds its data enters the MANIFEST. Else a
 * loss of power could keep the end of the history and lose its middle, or keep one family's half of an atomic batch. As long as
 * neither is synced, the system may write the newer one first: it then says how long the older one was, see {@link predecessorMark}.
 *
 * What lies in a file behind the log (zeros written ahead, an older life of the file) is cut off when the database is closed and, with
 * a sync that waits for it, before the next log begins. After a crash it is there: zeros end a log, and records of an older life carry another number. A file
 * gets its new name before anything in it is written over, so whoever reads it under the old one finds the name gone afterwards.
 */
export class WalSet {
  readonly #fs: FileSystem
  readonly #directory: string
  readonly #bufferBytes: number
  readonly #preallocate: boolean
  readonly #recycle: number
  readonly #track: boolean
  #synced: WalAddition[] = []
  /** Numbers of logs that wait to be written over, oldest first. */
  #spare: number[] = []
  /** Readers of live logs; see {@link hold}. */
  #holds = 0
  #current: OpenLog | undefined
  /** Not current any more and not synced; oldest first. */
  #unsynced: OpenLog[] = []
  /** The log before the current one, if that was not synced when this one began and nothing was written here since. */
  #predecessor: OpenLog | undefined
  /** Every log with data, the current one last. */
  #live: LiveLog[] = []
  /**
   * Asked for the oldest log that two-phase commit needs, apart from what memtables in `flushed` need of it; Infinity when it
   * needs none.
   */
  pinnedBy: (flushed?: ReadonlySet<object>) => number = () => Number.POSITIVE_INFINITY

  constructor(fs: FileSystem, directory: string, options: WalSetOptions = {}) {
    this.#bufferBytes = options.bufferBytes ?? 0
    this.#preallocate = options.preallocate ?? false
    this.#recycle = options.recycle ?? 0
    this.#track = options.track ?? false
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
    const old = this.#current
    // Zeros, or an older life, where unsynced records should be would pass for the end of a log that others follow.
    const isTrimmed = old !== undefined && old.writer.trimSync()
    if (isTrimmed) {
      this.#syncClosedLogsSync()
      old.writer.syncSync()
    }
    const file = this.#openFile(number)
    try {
      this.#fs.syncDirectorySync(this.#directory)
    } catch (error) {
      file.closeSync()
      throw error
    }
    if (old !== undefined) {
      this.#live.push({ number: old.number, sizeBytes: old.writer.sizeBytes })
      if (isTrimmed) this.#finishSynced(old)
      else this.#unsynced.push(old)
      if (old.writer.sizeBytes > 0) this.#predecessor = isTrimmed ? undefined : old
    }
    const buffer = this.#bufferBytes > 0 ? new BufferedFile(file, this.#bufferBytes) : undefined
    const writer = new LogWriter(
      buffer ?? file,
      this.#recycle > 0 ? { recyclableAs: number } : undefined,
    )
    const state = { syncedBytes: 0, smallSyncs: old === undefined ? 0 : old.smallSyncs }
    this.#current = { number, writer, buffer, ...state, syncing: 0, finished: false }
  }

  /** A file for a log: one that is written over, if there is one. */
  #openFile(number: number): WritableFile {
    const path = join(this.#directory, logFileName(number))
    const spare = this.#spare.shift()
    if (spare === undefined) return this.#fs.openWritableSync(path)
    try {
      this.#fs.renameSync(join(this.#directory, logFileName(spare)), path)
    } catch (error) {
      // Somebody took it away, which is no harm.
      if (!isNotFound(error)) throw error
      return this.#fs.openWritableSync(path)
    }
    return this.#fs.openWritableSync(path, { mode: 'overwrite' })
  }

  /** Appends one record to the current log; it has reached the kernel when this returns, unless logs are buffered. */
  append(record: Uint8Array): void {
    if (this.#predecessor !== undefined) this.#markPredecessor(sequenceOfBatch(record, 0))
    this.#current!.writer.addRecord(record)
  }

  /** Hot. {@link append} of `bytes[start, end)`; what lies before `start` may be written over. */
  appendIn(bytes: Uint8Array, start: number, end: number): void {
    if (this.#predecessor !== undefined) this.#markPredecessor(sequenceOfBatch(bytes, start))
    this.#current!.writer.addRecordIn(bytes, start, end)
  }

  /** Before the first record of a log, if the log before may yet lose its end. */
  #markPredecessor(sequence: number): void {
    const log = this.#predecessor!
    this.#predecessor = undefined
    if (!this.#unsynced.includes(log)) return
    const { number, writer } = log
    this.#current!.writer.addRecord(
      predecessorMark(sequence, { number, sizeBytes: writer.sizeBytes }),
    )
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
    this.#syncClosedLogsSync()
    this.#writeAhead(this.#current!)
    this.#current!.writer.syncSync()
  }

  #syncClosedLogsSync(): void {
    for (const log of this.#unsynced.splice(0)) {
      log.writer.syncSync()
      this.#finishSynced(log)
    }
  }

  /** Makes the records of all logs but the current one survive a loss of power. */
  async syncClosedLogs(): Promise<void> {
    while (this.#unsynced.length > 0) {
      const log = this.#unsynced[0]!
      await this.#syncOne(log)
      // A blocking sync may have come between and taken it off the list.
      if (this.#unsynced[0] !== log) continue
      this.#unsynced.shift()
      this.#finishSynced(log)
    }
  }

  /** Forgets logs below `number`, which nobody needs; returns those whose files are to go. The current log stays. */
  forgetBelow(number: number): number[] {
    const gone: number[] = []
    for (const log of this.#live) {
      if (log.number >= number) continue
      if (this.#spare.length < this.#recycle && this.#holds === 0) this.#spare.push(log.number)
      else gone.push(log.number)
    }
    this.#live = this.#live.filter((log) => log.number >= number)
    const keep: OpenLog[] = []
    for (const log of this.#unsynced) {
      if (log.number >= number) keep.push(log)
      else this.#finish(log)
    }
    this.#unsynced = keep
    return gone
  }

  /** Logs that were finished and synced since the last call, with their sizes: the MANIFEST can say that they must be there. */
  takeSynced(): WalAddition[] {
    return this.#synced.splice(0)
  }

  /** Numbers of the logs that wait to be written over, which it gives up. */
  takeSpare(): number[] {
    return this.#spare.splice(0)
  }

  /** Live logs that are open for reading are not written over before the function that it returns is called. */
  hold(): () => void {
    let held = true
    this.#holds++
    return () => {
      if (held) this.#holds--
      held = false
    }
  }

  /** Closes all files without syncing them. */
  close(): void {
    const logs = this.#unsynced.splice(0)
    const current = this.#current
    this.#current = undefined
    const errors: unknown[] = []
    const attempt = (step: () => void): void => {
      try {
        step()
      } catch (error) {
        errors.push(error)
      }
    }
    for (const log of logs) attempt(() => this.#finish(log))
    if (current !== undefined) {
      attempt(() => current.writer.trimSync())
      attempt(() => this.#finish(current))
    }
    if (errors.length > 0) throw errors[0]
  }

  /** Makes a log longer ahead of its end, to be synced with what is synced now, when it is the habit and little is left. */
  #writeAhead(log: OpenLog): void {
    if (!this.#preallocate || log !== this.#current) return
    const { writer } = log
    const { sizeBytes } = writer
    const grown = sizeBytes - log.syncedBytes
    log.syncedBytes = sizeBytes
    log.smallSyncs = grown <= smallSyncBytes ? log.smallSyncs + 1 : 0
    if (log.smallSyncs < habit || writer.allocatedBytes - sizeBytes >= smallSyncBytes) return
    try {
      writer.preallocateSync(sizeBytes + aheadBytes)
    } catch (error) {
      // A full disk, say: whether the log itself can go on shows when it is written.
      if (!(error instanceof IoError)) throw error
      log.smallSyncs = Number.NEGATIVE_INFINITY
    }
  }

  async #syncOne(log: OpenLog): Promise<void> {
    if (log.finished) return
    this.#writeAhead(log)
    log.syncing++
    try {
      await log.writer.sync()
    } finally {
      log.syncing--
      if (log.finished && log.syncing === 0) log.writer.closeSync()
    }
  }

  #finishSynced(log: OpenLog): void {
    const { sizeBytes } = log.writer
    if (this.#track && sizeBytes > 0)
      this.#synced.push({ number: log.number, syncedSizeBytes: sizeBytes })
    this.#finish(log)
  }

  #finish(log: OpenLog): void {
    if (log.finished) return
    log.finished = true
    if (log.syncing === 0) log.writer.closeSync()
  }
}
