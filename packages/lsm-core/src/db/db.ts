import { NotOpenError } from '@varve/base'
import type { FileSystem } from '@varve/vfs'
import type { WriteBatch } from '@varve/wal'

import type { ColumnFamilyOptions } from '../options/column-family-options.ts'
import type { DBOptions, ReadOnlyDBOptions, WriteOptions } from '../options/db-options.ts'
import type {
  ColumnFamilyHandle,
  Cursor,
  RangeOptions,
  ReadOptions,
  ScanOptions,
  Snapshot,
} from './handles.ts'

type Bytes = string | Uint8Array

/** Options of single writes. */
export interface PutOptions extends WriteOptions {
  readonly cf?: ColumnFamilyHandle | undefined
}

/** Which part of a family {@link DB.compactRange} rewrites. */
export interface CompactRangeOptions {
  readonly cf?: ColumnFamilyHandle | undefined
  /** Both inclusive; absent = from the first / to the last key. */
  readonly begin?: Bytes | undefined
  readonly end?: Bytes | undefined
}

/**
 * An LSM store with column families, in a directory that RocksDB reads.
 *
 * Keys and values are bytes; strings are taken as UTF-8. Methods named `Sync` block and finish before they return, also
 * the writes: their twin promises the same.
 */
export class DB {
  /** Opens a database for reading and writing and takes its lock. */
  static open(_path: string, _options?: DBOptions): Promise<DB> {
    return notYet()
  }

  /** Opens a database for reading, without its lock and without changing its directory. */
  static openReadOnly(_path: string, _options?: ReadOnlyDBOptions): Promise<DB> {
    return notYet()
  }

  /** Names of the families of a database that need not be open. */
  static listColumnFamilies(
    _path: string,
    _options?: { readonly fileSystem?: FileSystem },
  ): Promise<string[]> {
    return notYet()
  }

  /** Directory. */
  get path(): string {
    return notYet()
  }

  /** Sequence number of the last write. */
  get latestSequence(): number {
    return notYet()
  }

  get defaultColumnFamily(): ColumnFamilyHandle {
    return notYet()
  }

  /** Handles of all open families. */
  get columnFamilies(): readonly ColumnFamilyHandle[] {
    return notYet()
  }

  /** @throws NotOpenError when no family of that name is open */
  columnFamily(_name: string): ColumnFamilyHandle {
    return notYet()
  }

  /** The value, owned by the caller, or undefined. */
  get(key: Bytes, options?: ReadOptions): Promise<Uint8Array | undefined>
  get(key: Bytes, options: ReadOptions & { readonly encoding: 'utf8' }): Promise<string | undefined>
  get(_key: Bytes, _options?: ReadOptions): Promise<Uint8Array | string | undefined> {
    return notYet()
  }

  /** The value, owned by the caller, or undefined. */
  getSync(_key: Bytes, _options?: ReadOptions): Uint8Array | undefined {
    return notYet()
  }

  /** The values in the order of the keys, all of one moment. */
  multiGet(_keys: readonly Bytes[], _options?: ReadOptions): Promise<(Uint8Array | undefined)[]> {
    return notYet()
  }

  /** The values in the order of the keys, all of one moment. */
  multiGetSync(_keys: readonly Bytes[], _options?: ReadOptions): (Uint8Array | undefined)[] {
    return notYet()
  }

  put(_key: Bytes, _value: Bytes, _options?: PutOptions): Promise<void> {
    return notYet()
  }
  putSync(_key: Bytes, _value: Bytes, _options?: PutOptions): void {
    return notYet()
  }

  delete(_key: Bytes, _options?: PutOptions): Promise<void> {
    return notYet()
  }
  deleteSync(_key: Bytes, _options?: PutOptions): void {
    return notYet()
  }

  /** Applies the batch at once, in all families or in none. The batch is the caller's again afterwards. */
  write(_batch: WriteBatch, _options?: WriteOptions): Promise<void> {
    return notYet()
  }
  writeSync(_batch: WriteBatch, _options?: WriteOptions): void {
    return notYet()
  }

  cursor(_options?: RangeOptions): Cursor {
    return notYet()
  }

  /** Entries of a range, each owned by the caller; the state is that of the first step. */
  range(_options?: ScanOptions): AsyncIterableIterator<[Uint8Array, Uint8Array]> {
    return notYet()
  }

  snapshot(): Snapshot {
    return notYet()
  }

  /** Writes the memtables of a family (of all without `cf`) to tables. */
  flush(_options?: { readonly cf?: ColumnFamilyHandle | undefined }): Promise<void> {
    return notYet()
  }

  /** Rewrites a range of a family into its last level. */
  compactRange(_options?: CompactRangeOptions): Promise<void> {
    return notYet()
  }

  createColumnFamily(_name: string, _options?: ColumnFamilyOptions): Promise<ColumnFamilyHandle> {
    return notYet()
  }

  /** Forgets a family; readers that hold it go on. */
  dropColumnFamily(_cf: ColumnFamilyHandle): Promise<void> {
    return notYet()
  }

  /** Value of a property by RocksDB's name (`rocksdb.stats`, `rocksdb.num-files-at-level0` …), or undefined. */
  getProperty(
    _name: string,
    _options?: { readonly cf?: ColumnFamilyHandle | undefined },
  ): string | undefined {
    return notYet()
  }

  /** Waits for running work and closes everything; idempotent. Memtables stay in the log, unflushed. */
  close(): Promise<void> {
    return notYet()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

function notYet(): never {
  throw new NotOpenError('the database is not open')
}
