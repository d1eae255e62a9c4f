import { InvalidOptionError, toBytes, UnsupportedError, utf8Text } from '@varve/base'
import { readManifest } from '@varve/manifest'
import type { TableProperties } from '@varve/sst-format'
import { nodeFileSystem, type FileSystem } from '@varve/vfs'
import { WriteBatch } from '@varve/wal'

import { flushOnRequest, type FlushOptions } from '../background/flush-on-request.ts'
import {
  manualRange,
  type CompactRangeOptions,
  type InclusiveRange,
} from '../background/manual-compaction.ts'
import type { Backup } from '../backup/backup-meta.ts'
import { createBackup, type BackupOptions } from '../backup/create-backup.ts'
import { createCheckpoint } from '../checkpoint/checkpoint.ts'
import { createColumnFamily } from '../column-family/create-family.ts'
import { dropColumnFamily } from '../column-family/drop-family.ts'
import { ingestExternalFiles, type IngestOptions } from '../external/ingest.ts'
import {
  columnFamilyMetaDataOf,
  liveFilesOf,
  propertiesOfTables,
  type ColumnFamilyMetaData,
  type LiveFileMetaData,
} from '../properties/table-metadata.ts'
import {
  intPropertyOf,
  mapPropertyOf,
  propertyOf,
  summedIntPropertyOf,
} from '../properties/property-of.ts'
import { catchUp } from '../open/catch-up.ts'
import { openDatabase } from '../open/open-database.ts'
import { openReadOnly, refuseLogs } from '../open/open-read-only.ts'
import type { ColumnFamilyOptions } from '../options/column-family-options.ts'
import type {
  DBOptions,
  ReadOnlyDBOptions,
  SecondaryDBOptions,
  WriteOptions,
} from '../options/db-options.ts'
import {
  givenFamilyOptions,
  type MutableColumnFamilyOptions,
  type MutableDBOptions,
} from '../options/dynamic-options.ts'
import { resolveDBOptions } from '../options/resolve.ts'
import { setDBOptions, setFamilyOptions } from '../options/set-options.ts'
import { approximateSizeOf, type KeyRange } from '../read/approximate-size.ts'
import { openCursor, openCursors } from '../read/open-cursor.ts'
import { keyMayExist } from '../read/key-may-exist.ts'
import { MultiGet } from '../read/multi-get.ts'
import { lookUp } from '../read/point-lookup.ts'
import { scanRange } from '../read/scan-range.ts'
import { updatesSince } from '../read/updates-since.ts'
import { verifyTables } from '../read/verify-tables.ts'
import { countedLookUp, countMultiGet } from '../statistics/count-reads.ts'
import { timedWrite } from '../statistics/count-writes.ts'
import {
  OptimisticTransaction,
  type OptimisticTransactionOptions,
} from '../transaction/optimistic-transaction.ts'
import type { Bytes } from './bytes.ts'
import type { Database } from './database.ts'
import type {
  ColumnFamilyHandle,
  Cursor,
  CursorOptions,
  MultiGetOptions,
  PutOptions,
  ReadOptions,
  ScanOptions,
  Snapshot,
} from './handles.ts'

/**
 * An LSM store with column families, in a directory that RocksDB reads.
 *
 * Keys and values are bytes; strings are taken as UTF-8. Methods named `Sync` finish before they return. A write is in the
 * hands of the kernel when it is acknowledged, so it survives the death of the process; with `sync` it survives a loss of
 * power. After a failed write or sync of log or MANIFEST every write is refused with ReadOnlyError, whose cause tells why;
 * reads go on.
 *
 * @example
 * ```ts
 * await using db = await DB.open('/tmp/testdb', { createIfMissing: true })
 * await db.put('hahahaha', 'hohohoho')
 * await db.get('hahahaha', { encoding: 'utf8' })
 * ```
 */
export class DB {
  readonly #database: Database

  /** @internal */
  protected constructor(database: Database) {
    this.#database = database
  }

  /**
   * Opens a database for reading and writing and takes its lock.
   *
   * @throws LockedError when it is open elsewhere
   * @throws NotFoundError when there is none and `createIfMissing` is off
   * @throws InvalidOptionError for unknown or wrong options, a family that is not named, or another order than the stored
   * @throws CorruptionError when what is stored is damaged
   */
  static async open(path: string, options: DBOptions = {}): Promise<DB> {
    return new DB(await openDatabase(path, resolveDBOptions(options)))
  }

  /** Opens a database for reading, without its lock and without changing its directory. Default: all families. */
  static async openReadOnly(path: string, options: ReadOnlyDBOptions = {}): Promise<DB> {
    const { errorIfWalFileExists = false, ...given } = options
    const resolved = resolveDBOptions({ columnFamilies: '*', ...given })
    if (errorIfWalFileExists) await refuseLogs(path, resolved)
    return new DB(await openReadOnly(path, resolved))
  }

  /**
   * Opens a database that another process writes to, for reading, and follows it with {@link tryCatchUpWithPrimary}. What it
   * does stands in `LOG` of the directory `secondaryPath`, which is its own; the primary's is not changed.
   * Default: all families.
   */
  static async openAsSecondary(
    path: string,
    secondaryPath: string,
    options: SecondaryDBOptions = {},
  ): Promise<DB> {
    const resolved = resolveDBOptions({ columnFamilies: '*', ...options })
    return new DB(await openReadOnly(path, resolved, secondaryPath))
  }

  /** Names of the families of a database that need not be open. */
  static async listColumnFamilies(
    path: string,
    options: { readonly fileSystem?: FileSystem } = {},
  ): Promise<string[]> {
    const state = await readManifest(options.fileSystem ?? nodeFileSystem, path)
    return state.columnFamilies.map(({ name }) => name)
  }

  /**
   * Brings a database that is open for reading to the state that is on disk now: what a writer in another process has
   * flushed and logged since. Cursors go on with what they have; snapshots do not hold across it.
   * Tables of the new state are opened, as many as `maxOpenFiles` allows: what the writer then removes is read all the same.
   *
   * @throws UnsupportedError when the database is open for writing
   */
  async catchUp(): Promise<void> {
    await catchUp(this.#database)
  }

  /**
   * {@link catchUp} by RocksDB's name: follows the primary to a new MANIFEST and through its logs.
   *
   * @throws UnsupportedError when the database is open for writing
   */
  async tryCatchUpWithPrimary(): Promise<void> {
    await this.catchUp()
  }

  /** Directory. */
  get path(): string {
    return this.#database.directory
  }

  /** Sequence number of the last write. */
  get latestSequence(): number {
    return this.#database.versions.lastSequence
  }

  /** The family `default`, which every database has. */
  get defaultColumnFamily(): ColumnFamilyHandle {
    return this.#database.family(undefined)
  }

  /** Handles of all open families. */
  get columnFamilies(): readonly ColumnFamilyHandle[] {
    return [...this.#database.families.values()]
  }

  /** The open family of a name. @throws NotFoundError when there is none */
  columnFamily(name: string): ColumnFamilyHandle {
    return this.#database.columnFamily(name)
  }

  /** The value, owned by the caller, or undefined. */
  get(key: Bytes, options?: ReadOptions): Promise<Uint8Array | undefined>
  get(key: Bytes, options: ReadOptions & { readonly encoding: 'utf8' }): Promise<string | undefined>
  async get(
    key: Bytes,
    options?: ReadOptions & { readonly encoding?: 'utf8' },
  ): Promise<Uint8Array | string | undefined> {
    const value = this.getSync(key, options)
    return value === undefined || options?.encoding !== 'utf8' ? value : utf8Text(value)
  }

  /** {@link get} that finishes before it returns. */
  getSync(key: Bytes, options?: ReadOptions): Uint8Array | undefined {
    const database = this.#database
    const family = database.family(options?.cf)
    const snapshot = options?.snapshot?.sequence ?? database.versions.lastSequence
    const keyBytes = typeof key === 'string' ? toBytes(key) : key
    const { statistics } = database.options
    if (statistics !== undefined) return countedLookUp(family, keyBytes, snapshot, statistics)
    const { rows } = family
    if (rows === undefined || options?.snapshot !== undefined)
      return lookUp(family.superVersion, family.lookup, keyBytes, snapshot)
    const row = rows.get(keyBytes)
    if (row !== undefined) return row
    const value = lookUp(family.superVersion, family.lookup, keyBytes, snapshot)
    if (value !== undefined) rows.fill(keyBytes, value)
    return value
  }

  /** The values in the order of the keys, all of one moment. */
  async multiGet(
    keys: readonly Bytes[],
    options?: MultiGetOptions,
  ): Promise<(Uint8Array | undefined)[]> {
    const { statistics } = this.#database.options
    const startMs = statistics === undefined ? 0 : performance.now()
    const values = await this.#multiGet(keys, options).run(this.#database)
    if (statistics !== undefined) countMultiGet(statistics, values, performance.now() - startMs)
    return values
  }

  /** {@link multiGet} that finishes before it returns. */
  multiGetSync(keys: readonly Bytes[], options?: MultiGetOptions): (Uint8Array | undefined)[] {
    const { statistics } = this.#database.options
    const startMs = statistics === undefined ? 0 : performance.now()
    const values = this.#multiGet(keys, options).runSync()
    if (statistics !== undefined) countMultiGet(statistics, values, performance.now() - startMs)
    return values
  }

  /** Whether the key may be there, by memtables and filters alone: false is certain, true a good guess. */
  keyMayExist(key: Bytes, options?: Pick<ReadOptions, 'cf'>): boolean {
    return keyMayExist(this.#database.family(options?.cf), toBytes(key))
  }

  /** Writes a value. Those of one turn of the event loop go to the log together. */
  put(key: Bytes, value: Bytes, options?: PutOptions): Promise<void> {
    try {
      const keyBytes = toBytes(key)
      const valueBytes = toBytes(value)
      const id = options?.cf?.id ?? 0
      const pending = this.#join(id, options)
      pending.batch.putTo(id, keyBytes, valueBytes)
      return this.#timed(pending.promise)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /** {@link put} that finishes before it returns; see {@link writeSync}. */
  putSync(key: Bytes, value: Bytes, options?: PutOptions): void {
    const keyBytes = toBytes(key)
    const valueBytes = toBytes(value)
    const batch = this.#database.pipeline.scratch()
    this.writeSync(batch.putTo(options?.cf?.id ?? 0, keyBytes, valueBytes), options)
  }

  /** Deletes a key, whether or not it is there. */
  delete(key: Bytes, options?: PutOptions): Promise<void> {
    try {
      const keyBytes = toBytes(key)
      const id = options?.cf?.id ?? 0
      const pending = this.#join(id, options)
      pending.batch.deleteFrom(id, keyBytes)
      return this.#timed(pending.promise)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /** {@link delete} that finishes before it returns; see {@link writeSync}. */
  deleteSync(key: Bytes, options?: PutOptions): void {
    const keyBytes = toBytes(key)
    const batch = this.#database.pipeline.scratch()
    this.writeSync(batch.deleteFrom(options?.cf?.id ?? 0, keyBytes), options)
  }

  /** Deletes a key that was put once since its last deletion, and never merged; anything else leaves the result undefined. */
  async singleDelete(key: Bytes, options?: PutOptions): Promise<void> {
    await this.write(new WriteBatch().singleDelete(key, options), options)
  }

  /** Deletes every key from `begin` (inclusive) to `end` (exclusive) in the family's order, at the cost of one write. */
  async deleteRange(begin: Bytes, end: Bytes, options?: PutOptions): Promise<void> {
    await this.write(new WriteBatch().deleteRange(begin, end, options), options)
  }

  /** Adds an operand for the family's merge operator; it is combined when the key is read. */
  async merge(key: Bytes, operand: Bytes, options?: PutOptions): Promise<void> {
    await this.write(new WriteBatch().merge(key, operand, options), options)
  }

  /**
   * Applies the batch at once, in all families or in none. The batch is the caller's again afterwards.
   *
   * @throws ReadOnlyError after a failure, or when the database is open for reading only
   */
  async write(batch: WriteBatch, options?: WriteOptions): Promise<void> {
    const { pipeline } = this.#database
    this.#database.checkOpen()
    await this.#timed(pipeline.write(batch, options?.sync === true, options?.disableWal === true))
  }

  /**
   * {@link write} that finishes before it returns.
   *
   * It cannot wait for flush: a loop of blocking writes that never lets the event loop turn piles up memtables, and fails
   * with BusyError when there are too many.
   */
  writeSync(batch: WriteBatch, options?: WriteOptions): void {
    this.#database.checkOpen()
    this.#database.pipeline.writeSync(batch, options?.sync === true, options?.disableWal === true)
  }

  #timed(write: Promise<void>): Promise<void> {
    const { statistics } = this.#database.options
    return statistics === undefined ? write : timedWrite(statistics, write)
  }

  #multiGet(keys: readonly Bytes[], options: MultiGetOptions | undefined): MultiGet {
    const database = this.#database
    const handles = options?.columnFamilies
    if (handles !== undefined && handles.length !== keys.length)
      throw new InvalidOptionError('columnFamilies', 'must name a family for every key')
    return new MultiGet(
      keys,
      handles === undefined
        ? [database.family(options?.cf)]
        : handles.map((handle) => database.family(handle)),
      options?.snapshot?.sequence ?? database.versions.lastSequence,
      options?.snapshot === undefined,
    )
  }

  /** The write that single entries of this turn go into. */
  #join(
    columnFamilyId: number,
    options: WriteOptions | undefined,
  ): { readonly batch: WriteBatch; readonly promise: Promise<void> } {
    this.#database.checkOpen()
    return this.#database.pipeline.join(
      columnFamilyId,
      options?.sync === true,
      options?.disableWal === true,
    )
  }

  /**
   * Begins a transaction that locks nothing and finds conflicts when it commits.
   *
   * @throws UnsupportedError for any other kind
   */
  beginTransaction(options: OptimisticTransactionOptions): OptimisticTransaction {
    if (options.optimistic !== true) throw new UnsupportedError('transactions that lock keys')
    return new OptimisticTransaction(this.#database, options)
  }

  /** A cursor over the state of this moment (or of the snapshot); close it, or `using` does. */
  cursor(options: CursorOptions = {}): Cursor {
    const database = this.#database
    return openCursor(database, database.family(options.cf), options, options.snapshot?.sequence)
  }

  /** Cursors over several families that all see this one moment (or the snapshot), in the order of the families. */
  cursors(families: readonly ColumnFamilyHandle[], options: CursorOptions = {}): Cursor[] {
    const database = this.#database
    return openCursors(
      database,
      families.map((cf) => database.family(cf)),
      options,
      options.snapshot?.sequence ?? this.latestSequence,
    )
  }

  /** Entries of a range, each owned by the caller; the state is that of the first step. Lets the event loop turn now and then. */
  range(options: ScanOptions = {}): AsyncGenerator<[Uint8Array, Uint8Array], void, undefined> {
    return scanRange(this.#database, options)
  }

  /** Pins this moment: reads with it see nothing written later. Release it, or `using` does. */
  snapshot(): Snapshot {
    this.#database.checkOpen()
    return this.#database.snapshots.take(this.#database.view())
  }

  /** Writes the memtables of a family (of all without `cf`) to tables; what was written before the call is in them. */
  async flush(options: FlushOptions = {}): Promise<void> {
    await flushOnRequest(this.#database, options)
  }

  /**
   * The batches that were written since a sequence number, as far as the logs still have them: from the batch that holds
   * `sequence` up to the time of the first step. Those of families with times have them in their values; marks of two-phase commit
   * are batches of their own.
   *
   * @throws NotFoundError when the logs do not reach back that far
   */
  getUpdatesSince(sequence: number): AsyncGenerator<WriteBatch, void, undefined> {
    return updatesSince(this.#database, sequence)
  }

  /**
   * With `manualWalFlush`: makes everything that was written before the call survive the death of the process; with `sync` a loss
   * of power.
   */
  async flushWal(options: { readonly sync?: boolean } = {}): Promise<void> {
    const database = this.#database
    database.checkOpen()
    await database.pipeline.write(new WriteBatch(), options.sync === true, false, () =>
      database.committer.flushWal(),
    )
  }

  /** Makes everything that was written before the call survive a loss of power. */
  async syncWal(): Promise<void> {
    this.#database.checkOpen()
    await this.#database.pipeline.write(new WriteBatch(), true, false)
  }

  /**
   * Flushes a family and compacts a range of it down to its deepest level. With universal compaction everything is rewritten into
   * one run, with FIFO compaction is done what is due.
   */
  async compactRange(options: CompactRangeOptions = {}): Promise<void> {
    const database = this.#database
    database.checkWritable()
    const family = database.family(options.cf)
    await this.flush({ cf: family })
    await database.background.compactRange(family, manualRange(options), options)
  }

  /**
   * Compacts tables by number, and those that must go with them, into a level.
   *
   * @throws InvalidOptionError when there are no such tables, or they lie below the level
   */
  async compactFiles(
    fileNumbers: readonly number[],
    outputLevel: number,
    options: { readonly cf?: ColumnFamilyHandle | undefined } = {},
  ): Promise<void> {
    const database = this.#database
    database.checkWritable()
    const family = database.family(options.cf)
    await database.background.compactFiles(family, fileNumbers, outputLevel)
  }

  /** Has the tables of a range compacted when there is time; returns at once. */
  suggestCompactRange(
    options: InclusiveRange & { readonly cf?: ColumnFamilyHandle | undefined } = {},
  ): void {
    const database = this.#database
    database.checkWritable()
    database.background.suggestCompactRange(database.family(options.cf), manualRange(options))
  }

  /**
   * Deletes tables below level 0 that lie within one of the ranges, without looking at what is in them: the cheap first half of
   * deleting a range ({@link DB.deleteRange} is the other). Older versions that they hid may show again until then.
   */
  async deleteFilesInRanges(
    ranges: readonly InclusiveRange[],
    options: { readonly cf?: ColumnFamilyHandle | undefined } = {},
  ): Promise<void> {
    const database = this.#database
    database.checkWritable()
    const family = database.family(options.cf)
    await database.background.deleteFilesInRanges(family, ranges.map(manualRange))
  }

  /** Resolves when no flush and no compaction runs or is due. */
  async waitForCompactions(): Promise<void> {
    this.#database.checkOpen()
    await this.#database.background.waitForCompactions()
  }

  /**
   * About the bytes that each range takes in tables, after compression; memtables do not count. A range is a block
   * exact, so a small one may be nothing.
   */
  approximateSizes(
    ranges: readonly KeyRange[],
    options: { readonly cf?: ColumnFamilyHandle | undefined } = {},
  ): number[] {
    const family = this.#database.family(options.cf)
    return ranges.map((range) => approximateSizeOf(family, range))
  }

  /** Adds a family to the open database. @throws AlreadyExistsError when there is one of that name */
  async createColumnFamily(
    name: string,
    options: ColumnFamilyOptions = {},
  ): Promise<ColumnFamilyHandle> {
    return await createColumnFamily(this.#database, name, options)
  }

  /**
   * Makes a database of the present state in the directory `path`, which must not exist: tables are linked (copied where
   * links cannot be), logs copied. Data that skipped the log is in it when it was written before the call.
   *
   * @throws AlreadyExistsError when there is something at `path`
   */
  async checkpoint(path: string): Promise<void> {
    this.#database.checkWritable()
    await this.flush()
    await createCheckpoint(this.#database, path)
  }

  /**
   * Adds a backup of the present state to a directory of backups, which RocksDB's BackupEngine (`ldb restore`) reads, too.
   * Tables that a backup there has already are shared. Writes go on meanwhile.
   *
   * @throws LockedError when another backup is being made there
   */
  async backup(backupDirectory: string, options: BackupOptions = {}): Promise<Backup> {
    this.#database.checkWritable()
    if (options.flushBeforeBackup === true) await this.flush()
    return await createBackup(this.#database, backupDirectory, options)
  }

  /**
   * Takes tables of {@link SstFileWriter} (or of RocksDB's) into a family, as if their entries were written now, all files
   * or none; of files that overlap the later counts. They are copied. Writes wait meanwhile, and memtables that overlap
   * are flushed first.
   *
   * @throws CorruptionError when a file is damaged
   * @throws InvalidOptionError when it has another order than the family, or is no external table
   */
  async ingestExternalFile(
    paths: string | readonly string[],
    options?: IngestOptions,
  ): Promise<void> {
    await ingestExternalFiles(
      this.#database,
      this.#database.family(options?.cf),
      typeof paths === 'string' ? [paths] : paths,
      options,
    )
  }

  /**
   * Reads every block of every table (of one family with `cf`) and checks it, and that keys are in order.
   *
   * @throws CorruptionError at the first damage
   */
  async verifyChecksum(
    options: { readonly cf?: ColumnFamilyHandle | undefined } = {},
  ): Promise<void> {
    const database = this.#database
    database.checkOpen()
    const families =
      options.cf === undefined ? [...database.families.values()] : [database.family(options.cf)]
    for (const family of families) await verifyTables(database, family)
  }

  /** The options of a family, with the defaults filled in. */
  getOptions(cf?: ColumnFamilyHandle): ColumnFamilyOptions {
    return givenFamilyOptions(this.#database.family(cf).options)
  }

  /**
   * Changes options of a family while it is open, and writes a new OPTIONS file with them. Memtables and tables that there
   * are stay as they are; flushes and compactions that begin later follow the new options.
   *
   * @throws InvalidOptionError for options that stay while the family is open, and for values out of range; nothing is changed
   */
  async setOptions(cf: ColumnFamilyHandle, options: MutableColumnFamilyOptions): Promise<void> {
    await setFamilyOptions(this.#database, this.#database.family(cf), options)
  }

  /** {@link setOptions} of the database. */
  async setDBOptions(options: MutableDBOptions): Promise<void> {
    await setDBOptions(this.#database, options)
  }

  /** Forgets a family; cursors on it go on. */
  async dropColumnFamily(cf: ColumnFamilyHandle): Promise<void> {
    await dropColumnFamily(this.#database, this.#database.family(cf))
  }

  /** Value of a property by RocksDB's name (`rocksdb.stats`, `rocksdb.num-files-at-level0` …), or undefined. */
  getProperty(
    name: string,
    options: { readonly cf?: ColumnFamilyHandle | undefined } = {},
  ): string | undefined {
    return propertyOf(this.#database, this.#database.family(options.cf), name)
  }

  /** Number of a property by RocksDB's name, or undefined when it is not one of numbers. */
  getIntProperty(
    name: string,
    options: { readonly cf?: ColumnFamilyHandle | undefined } = {},
  ): number | undefined {
    return intPropertyOf(this.#database, this.#database.family(options.cf), name)
  }

  /** {@link getIntProperty} summed over all families. */
  getAggregatedIntProperty(name: string): number | undefined {
    return summedIntPropertyOf(this.#database, name)
  }

  /** A property of several values by RocksDB's name (`rocksdb.cfstats`, `rocksdb.aggregated-table-properties` …), or undefined. */
  getMapProperty(
    name: string,
    options: { readonly cf?: ColumnFamilyHandle | undefined } = {},
  ): Readonly<Record<string, string>> | undefined {
    return mapPropertyOf(this.#database, this.#database.family(options.cf), name)
  }

  /** The tables of all families. */
  getLiveFilesMetaData(): LiveFileMetaData[] {
    const database = this.#database
    database.checkOpen()
    return [...database.families.values()].flatMap((family) =>
      liveFilesOf(family, database.background.compactionsOf(family).running.files),
    )
  }

  /** The tables of a family, level by level. */
  getColumnFamilyMetaData(cf?: ColumnFamilyHandle): ColumnFamilyMetaData {
    const database = this.#database
    const family = database.family(cf)
    return columnFamilyMetaDataOf(family, database.background.compactionsOf(family).running.files)
  }

  /** What every table of a family says about itself, by its name in the directory; opens the tables. */
  getPropertiesOfAllTables(cf?: ColumnFamilyHandle): ReadonlyMap<string, TableProperties> {
    return propertiesOfTables(this.#database.family(cf))
  }

  /** Waits for writes that were asked for, gives up compactions, and closes everything; idempotent. Memtables stay in the log. */
  close(): Promise<void> {
    return this.#database.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}
