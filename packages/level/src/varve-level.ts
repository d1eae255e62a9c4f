import { AbstractLevel, type AbstractBatchOperation } from 'abstract-level'
import { DB, WriteBatch, type Snapshot } from '@varve/lsm-core'

import { ChainedBatch } from './chained-batch.ts'
import { clearRange, type PrivateClearOptions } from './clear-range.ts'
import { EntryReader } from './entry-reader.ts'
import { toFormat, type FormatName, type Formatted } from './format.ts'
import { LevelError, toLevelError, withLevelErrors, withLevelErrorsAsync } from './level-error.ts'
import {
  LevelIterator,
  LevelKeyIterator,
  LevelValueIterator,
  type PrivateIteratorOptions,
} from './level-iterators.ts'
import { LevelSnapshot } from './level-snapshot.ts'
import type {
  BatchOptions,
  DatabaseOptions,
  DelOptions,
  OpenOptions,
  PutOptions,
  SyncOption,
} from './options.ts'

interface PrivateReadOptions {
  readonly valueEncoding: FormatName
  readonly snapshot?: LevelSnapshot
}

type PrivateOperation =
  | { readonly type: 'put'; readonly key: Formatted; readonly value: Formatted }
  | { readonly type: 'del'; readonly key: Formatted }

/**
 * An abstract-level database whose files RocksDB reads.
 *
 * Keys are ordered by their bytes. A write is in the hands of the kernel when it is acknowledged; `sync: true` makes it
 * survive a loss of power. Iterators read the state of the moment they were made. Failures have Level's codes; their
 * cause is the error of the store.
 *
 * @typeParam KDefault - type of keys under the database's key encoding
 * @typeParam VDefault - type of values under the database's value encoding
 *
 * @example
 * ```ts
 * const db = new VarveLevel<string, { born: number }>('./db', { valueEncoding: 'json' })
 * await db.put('ada', { born: 1815 })
 * ```
 */
export class VarveLevel<KDefault = string, VDefault = string> extends AbstractLevel<
  Formatted,
  KDefault,
  VDefault
> {
  /** Directory of the database. */
  readonly location: string
  #db: DB | undefined

  /** Opens by itself in the next turn; operations until then wait for it. */
  constructor(location: string, options?: DatabaseOptions<KDefault, VDefault>) {
    if (typeof location !== 'string' || location === '') {
      throw new TypeError("The first argument 'location' must be a non-empty string")
    }
    super(
      // The published type of a manifest lacks `getSync`.
      {
        encodings: { buffer: true, utf8: true, view: true },
        seek: true,
        has: true,
        getSync: true,
        createIfMissing: true,
        errorIfExists: true,
        implicitSnapshots: true,
        explicitSnapshots: true,
        additionalMethods: { approximateSize: true, compactRange: true },
        signals: { iterators: true },
      } as Partial<VarveLevel['supports']>,
      options,
    )
    this.location = location
  }

  override open(options?: OpenOptions): Promise<void> {
    return super.open(options ?? {})
  }

  override put<K = KDefault, V = VDefault>(
    key: K,
    value: V,
    options?: PutOptions<K, V>,
  ): Promise<void> {
    return super.put<K, V>(key, value, options!)
  }

  override del<K = KDefault>(key: K, options?: DelOptions<K>): Promise<void> {
    return super.del<K>(key, options!)
  }

  override batch(): ChainedBatch<this, KDefault, VDefault>
  override batch<K = KDefault, V = VDefault>(
    operations: AbstractBatchOperation<this, K, V>[],
    options?: BatchOptions<K, V>,
  ): Promise<void>
  override batch(
    ...args: readonly unknown[]
  ): ChainedBatch<this, KDefault, VDefault> & Promise<void> {
    // The base tells the two forms apart by the number of arguments.
    const batch = super.batch as (...args: readonly unknown[]) => unknown
    return batch.apply(this, [...args]) as ChainedBatch<this, KDefault, VDefault> & Promise<void>
  }

  /** Writes the memtable to a table and rewrites the tables from `start` to `end`, both inclusive, down to the deepest level. */
  async compactRange<K = KDefault>(
    start: K,
    end: K,
    options: { readonly keyEncoding?: string } = {},
  ): Promise<void> {
    if (this.status === 'opening')
      return this.deferAsync(() => this.compactRange(start, end, options))
    const db = this.#open()
    const [begin, last] = this.#encodeKeys([start, end], options.keyEncoding)
    await withLevelErrorsAsync(() => db.compactRange({ begin, end: last }))
  }

  /** About the bytes that the entries from `start` to `end` take on disk; what is not flushed yet does not count. */
  async approximateSize<K = KDefault>(
    start: K,
    end: K,
    options: { readonly keyEncoding?: string } = {},
  ): Promise<number> {
    if (this.status === 'opening')
      return this.deferAsync(() => this.approximateSize(start, end, options))
    const db = this.#open()
    const [gte, lt] = this.#encodeKeys([start, end], options.keyEncoding)
    return withLevelErrors(() => db.approximateSizes([{ gte, lt }])[0]!)
  }

  /** Value of a property of the store by RocksDB's name, or undefined. */
  getProperty(name: string): string | undefined {
    return this.#open().getProperty(name)
  }

  // What abstract-level asks of an implementation.

  /** @internal */
  async _open(options: OpenOptions): Promise<void> {
    const { store, family } = options
    try {
      this.#db = await DB.open(this.location, {
        ...store,
        createIfMissing: options.createIfMissing === true,
        errorIfExists: options.errorIfExists === true,
        ...(family === undefined ? {} : { columnFamilies: { default: family } }),
      })
    } catch (error) {
      throw openError(error, this.location)
    }
  }

  /** @internal */
  async _close(): Promise<void> {
    const db = this.#db
    if (db === undefined) return
    await withLevelErrorsAsync(() => db.close())
    this.#db = undefined
  }

  /** @internal */
  async _get(key: Formatted, options: PrivateReadOptions): Promise<Formatted | undefined> {
    return this._getSync(key, options)
  }

  /** @internal */
  _getSync(key: Formatted, options: PrivateReadOptions): Formatted | undefined {
    const value = withLevelErrors(() =>
      this.#db!.getSync(key, { snapshot: storeSnapshot(options) }),
    )
    return value === undefined ? undefined : toFormat(value, options.valueEncoding, true)
  }

  /** @internal */
  async _getMany(
    keys: Formatted[],
    options: PrivateReadOptions,
  ): Promise<(Formatted | undefined)[]> {
    const values = withLevelErrors(() =>
      this.#db!.multiGetSync(keys, { snapshot: storeSnapshot(options) }),
    )
    return values.map((value) =>
      value === undefined ? undefined : toFormat(value, options.valueEncoding, true),
    )
  }

  /** @internal */
  async _has(key: Formatted, options: PrivateReadOptions): Promise<boolean> {
    return withLevelErrors(
      () => this.#db!.getSync(key, { snapshot: storeSnapshot(options) }) !== undefined,
    )
  }

  /** @internal */
  async _hasMany(keys: Formatted[], options: PrivateReadOptions): Promise<boolean[]> {
    const values = withLevelErrors(() =>
      this.#db!.multiGetSync(keys, { snapshot: storeSnapshot(options) }),
    )
    return values.map((value) => value !== undefined)
  }

  /** @internal */
  _put(key: Formatted, value: Formatted, options: SyncOption): Promise<void> {
    return withLevelErrorsAsync(() => this.#db!.put(key, value, { sync: options.sync === true }))
  }

  /** @internal */
  _del(key: Formatted, options: SyncOption): Promise<void> {
    return withLevelErrorsAsync(() => this.#db!.delete(key, { sync: options.sync === true }))
  }

  /** @internal */
  _batch(operations: readonly PrivateOperation[], options: SyncOption): Promise<void> {
    const batch = new WriteBatch()
    for (const operation of operations) {
      if (operation.type === 'put') batch.put(operation.key, operation.value)
      else batch.delete(operation.key)
    }
    return withLevelErrorsAsync(() => this.#db!.write(batch, { sync: options.sync === true }))
  }

  /** @internal */
  _chainedBatch(): ChainedBatch<this, KDefault, VDefault> {
    return new ChainedBatch(this, this.#db!)
  }

  /** @internal */
  _clear(options: PrivateClearOptions): Promise<void> {
    return withLevelErrorsAsync(() => clearRange(this.#db!, options))
  }

  /** @internal */
  _iterator(options: PrivateIteratorOptions): LevelIterator {
    return new LevelIterator(this as VarveLevel<unknown, unknown>, options, this.#reader(options))
  }

  /** @internal */
  _keys(options: PrivateIteratorOptions): LevelKeyIterator {
    return new LevelKeyIterator(
      this as VarveLevel<unknown, unknown>,
      options,
      this.#reader(options),
    )
  }

  /** @internal */
  _values(options: PrivateIteratorOptions): LevelValueIterator {
    return new LevelValueIterator(
      this as VarveLevel<unknown, unknown>,
      options,
      this.#reader(options),
    )
  }

  /** @internal */
  _snapshot(options: { readonly owner: AbstractLevel<unknown> }): LevelSnapshot {
    return new LevelSnapshot(
      withLevelErrors(() => this.#db!.snapshot()),
      options,
    )
  }

  #reader(options: PrivateIteratorOptions): EntryReader {
    return new EntryReader(this.#db!, options, storeSnapshot(options), options.signal)
  }

  #open(): DB {
    if (this.#db === undefined || this.status !== 'open') {
      throw new LevelError('LEVEL_DATABASE_NOT_OPEN', 'Database is not open')
    }
    return this.#db
  }

  #encodeKeys(
    keys: readonly [unknown, unknown],
    encoding: string | undefined,
  ): [Formatted, Formatted] {
    const keyEncoding = (
      encoding === undefined ? this.keyEncoding() : this.keyEncoding(encoding as 'utf8')
    ) as { encode(key: unknown): Formatted }
    return [keyEncoding.encode(keys[0]), keyEncoding.encode(keys[1])]
  }
}

function storeSnapshot({ snapshot }: { readonly snapshot?: LevelSnapshot }): Snapshot | undefined {
  return snapshot?.snapshot
}

/** Failures of opening in Level's words. */
function openError(error: unknown, location: string): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'VARVE_NOT_FOUND') {
    return new LevelError('LEVEL_NOT_FOUND', `Database "${location}" does not exist`, {
      cause: error,
    })
  }
  if (code === 'VARVE_ALREADY_EXISTS') {
    return new LevelError('LEVEL_ALREADY_EXISTS', `Database "${location}" already exists`, {
      cause: error,
    })
  }
  return toLevelError(error)
}
