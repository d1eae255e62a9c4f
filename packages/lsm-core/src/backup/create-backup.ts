import { dirname, join, resolve } from 'node:path'

import { CorruptionError, InvalidOptionError, type Clock } from '@varve/base'
import { logFileName, tableFileName } from '@varve/manifest'
import { isNotFound, type FileSystem, type RandomAccessFile } from '@varve/vfs'

import {
  releaseCapture,
  takeCapture,
  writeCapturedState,
  type Capture,
} from '../checkpoint/capture.ts'
import type { Database } from '../db/database.ts'
import {
  checksumOfFile,
  checksumOfOpenFile,
  copyOpenFile,
  copyPace,
  type OnChunk,
} from '../files/copy-file.ts'
import { readBackupDirectory, type BackupDirectory } from './backup-directory.ts'
import { formatBackupMeta, type Backup, type BackupFile } from './backup-meta.ts'
import { lockBackups } from './lock-backups.ts'

/** Options of {@link DB.backup}. */
export interface BackupOptions {
  /** Write memtables to tables first, so that no logs are copied. Data that skipped the log is in the backup only then. Default false. */
  readonly flushBeforeBackup?: boolean
  /**
   * Which tables backups share: by what is in them (`checksum`, RocksDB's default), by their numbers, which holds only if the
   * directory is of one database that was never restored (`number`), or none. Default `checksum`.
   */
  readonly share?: 'checksum' | 'number' | 'none'
  /** Layout of the description: 1 is read by every RocksDB, 2 by 6.25 and later, with sizes. Default 1. */
  readonly schemaVersion?: 1 | 2
  /** Anything of the maker's. */
  readonly metadata?: Uint8Array
  /** Default: no bound. */
  readonly bytesPerSecond?: number
  readonly signal?: AbortSignal
  /** After each chunk: bytes copied so far, and of all that is to be copied or shared. */
  readonly onProgress?: (copiedBytes: number, totalBytes: number) => void
}

/**
 * Adds a backup of the present state to a directory of RocksDB's BackupEngine. Tables that a backup there has already are
 * not copied again. The description comes last: a backup that was interrupted is none, and the next one clears it away.
 */
export async function createBackup(
  db: Database,
  backupDirectory: string,
  options: BackupOptions = {},
): Promise<Backup> {
  const { share = 'checksum', schemaVersion = 1, bytesPerSecond } = options
  if (bytesPerSecond !== undefined && !(bytesPerSecond > 0))
    throw new InvalidOptionError('bytesPerSecond', `must be above 0, is ${bytesPerSecond}`)
  const { fileSystem: fs } = db
  const sharedFolder = share === 'number' ? 'shared' : 'shared_checksum'
  for (const folder of ['', 'meta', 'private', sharedFolder])
    await fs.mkdir(join(backupDirectory, folder))
  await using _ = await lockBackups(fs, backupDirectory)
  const directory = await readBackupDirectory(fs, backupDirectory)
  const id = await nextId(fs, backupDirectory, directory)
  const folder = join(backupDirectory, 'private', String(id))
  await fs.mkdir(folder)
  const capture = takeCapture(db)
  let files: BackupFile[]
  try {
    files = await new BackupCopy(db, capture, backupDirectory, id, directory, options).run()
  } catch (error) {
    await fs.removeTree(folder).catch(() => undefined) // the first error is the one that counts
    throw error
  } finally {
    releaseCapture(db, capture)
  }
  const backup: Backup = {
    id,
    timestampS: Math.floor(db.options.clock.now() / 1000),
    sequence: capture.sequence,
    metadata: options.metadata ?? new Uint8Array(0),
    files,
  }
  for (const name of [sharedFolder, join('private', String(id)), 'private', ''])
    await fs.syncDirectory(join(backupDirectory, name))
  await fs.syncDirectory(dirname(resolve(backupDirectory)))
  await fs.writeFileAtomic(
    join(backupDirectory, 'meta', String(id)),
    new TextEncoder().encode(formatBackupMeta(backup, schemaVersion)),
  )
  db.infoLog.write(`made backup ${id} in "${backupDirectory}"`)
  return backup
}

/** Greater than that of any backup; what an interrupted one left under it goes. */
async function nextId(
  fs: FileSystem,
  backupDirectory: string,
  { backups, corrupt }: BackupDirectory,
): Promise<number> {
  const id = Math.max(0, ...backups.map((one) => one.id), ...corrupt.map((one) => one.id)) + 1
  for (const name of await fs.list(join(backupDirectory, 'private')))
    if (Number.parseInt(name, 10) >= id) await fs.removeTree(join(backupDirectory, 'private', name))
  return id
}

/** The copying of one backup. */
class BackupCopy {
  readonly #db: Database
  readonly #capture: Capture
  readonly #fs: FileSystem
  readonly #root: string
  readonly #id: number
  readonly #options: BackupOptions
  /** Checksums of shared files that whole backups have. */
  readonly #known = new Map<string, number | undefined>()
  readonly #onChunk: OnChunk
  #copiedBytes = 0
  #totalBytes = 0

  constructor(
    db: Database,
    capture: Capture,
    root: string,
    id: number,
    { backups }: BackupDirectory,
    options: BackupOptions,
  ) {
    this.#db = db
    this.#capture = capture
    this.#fs = db.fileSystem
    this.#root = root
    this.#id = id
    this.#options = options
    for (const { files } of backups)
      for (const { path, checksum } of files) this.#known.set(path, checksum)
    const clock: Clock = db.options.clock
    this.#onChunk = copyPace(clock, {
      bytesPerSecond: options.bytesPerSecond,
      signal: options.signal,
      onBytes: (bytes) => this.#progress(bytes),
    })
  }

  async run(): Promise<BackupFile[]> {
    const { versions, logs } = this.#capture
    const tables = versions.flatMap((version) => [...version.files()].map(({ file }) => file))
    this.#totalBytes =
      tables.reduce((sum, { fileSizeBytes }) => sum + fileSizeBytes, 0) +
      logs.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
    const files: BackupFile[] = []
    for (const { number, fileSizeBytes } of tables) {
      this.#options.signal?.throwIfAborted()
      files.push(await this.#addTable(number, fileSizeBytes))
    }
    const folder = `private/${this.#id}`
    for (const { number, sizeBytes, file } of logs) {
      const name = logFileName(number)
      const path = `${folder}/${name}`
      const to = join(this.#root, path)
      const checksum = await this.#copy(file, to, sizeBytes)
      files.push({ path, name, checksum, sizeBytes })
    }
    await writeCapturedState(this.#db, this.#capture, join(this.#root, folder))
    for (const name of await this.#fs.list(join(this.#root, folder))) {
      if (name.endsWith('.log') || name.endsWith('.sst')) continue
      const path = `${folder}/${name}`
      const file = join(this.#root, path)
      files.push({
        path,
        name,
        checksum: await checksumOfFile(this.#fs, file),
        sizeBytes: (await this.#fs.stat(file)).sizeBytes,
      })
    }
    return files
  }

  async #addTable(number: number, sizeBytes: number): Promise<BackupFile> {
    const name = tableFileName(number)
    const from = join(this.#db.directory, name)
    const path = await this.#pathOf(number, sizeBytes)
    if (this.#known.has(path)) {
      this.#progress(sizeBytes)
      const checksum =
        this.#known.get(path) ?? (await checksumOfFile(this.#fs, join(this.#root, path)))
      return { path, name, checksum, sizeBytes }
    }
    const to = join(this.#root, path)
    // Under another name until it is whole; what an interrupted backup left under that goes.
    const temporary = `${to}.tmp`
    await removeIfThere(this.#fs, temporary)
    const source = await this.#fs.openRandomAccess(from)
    let checksum: number
    try {
      checksum = await this.#copy(source, temporary, source.sizeBytes)
    } finally {
      await source.close()
    }
    await this.#fs.rename(temporary, to)
    return { path, name, checksum, sizeBytes }
  }

  /**
   * Copies and returns the checksum. What was read wrong once would be in this backup, and in all that share the file, with a
   * checksum that fits it: so the file is read a second time.
   */
  async #copy(source: RandomAccessFile, to: string, sizeBytes: number): Promise<number> {
    const checksum = await copyOpenFile(this.#fs, source, to, sizeBytes, this.#onChunk)
    const again = await checksumOfOpenFile(source, sizeBytes)
    if (again === checksum) return checksum
    throw new CorruptionError('file reads differently a second time', { file: source.path })
  }

  /** A shared table is named by what it is, so that one name never stands for two contents. */
  async #pathOf(number: number, sizeBytes: number): Promise<string> {
    const name = tableFileName(number)
    const { share = 'checksum' } = this.#options
    if (share === 'none') return `private/${this.#id}/${name}`
    if (share === 'number') return `shared/${name}`
    const session = this.#sessionOf(number)
    // Tables of old releases do not say who made them.
    const identity =
      session === ''
        ? await checksumOfFile(this.#fs, join(this.#db.directory, name))
        : `s${session}`
    return `shared_checksum/${name.slice(0, -'.sst'.length)}_${identity}_${sizeBytes}.sst`
  }

  /** The session that made a table; with its number it is the table's identity. */
  #sessionOf(number: number): string {
    for (const version of this.#capture.versions) {
      for (const { file } of version.files()) {
        if (file.number !== number) continue
        const { reader } = this.#db.tables.open(file, version.comparator.user)
        return reader.properties.sessionId
      }
    }
    return ''
  }

  #progress(bytes: number): void {
    this.#copiedBytes += bytes
    this.#options.onProgress?.(this.#copiedBytes, this.#totalBytes)
  }
}

async function removeIfThere(fs: FileSystem, path: string): Promise<void> {
  try {
    await fs.remove(path)
  } catch (error) {
    if (!isNotFound(error)) throw error
  }
}
