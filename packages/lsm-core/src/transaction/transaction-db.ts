import { byteText, UnsupportedError } from '@varve/base'
import { WriteBatch } from '@varve/wal'

import type { Database } from '../db/database.ts'
import type { Bytes } from '../db/bytes.ts'
import { DB } from '../db/db.ts'
import type { PutOptions } from '../db/handles.ts'
import { openDatabase } from '../open/open-database.ts'
import type { DBOptions, WriteOptions } from '../options/db-options.ts'
import { resolveDBOptions } from '../options/resolve.ts'
import { LockManager, type KeyLockInfo, type LockOwner } from './lock-manager.ts'
import {
  checkTransactionOptions,
  resolveTransactionDBOptions,
  type TransactionDBOptions,
  type TransactionOptions,
} from './pessimistic-options.ts'
import type {
  OptimisticTransaction,
  OptimisticTransactionOptions,
} from './optimistic-transaction.ts'
import { Transaction } from './transaction.ts'
import type { DeadlockPath } from './transaction-errors.ts'
import { TransactionRegistry } from './transaction-registry.ts'

/** How {@link TransactionDB.write} is made. */
export interface TransactionDBWriteOptions extends WriteOptions {
  /** Lock nothing: the caller knows that no transaction uses the keys. Default false. */
  readonly skipConcurrencyControl?: boolean
}

/**
 * A database whose writers lock the keys that they write: transactions until they end, single writes and batches for as
 * long as they take. Its files are those of RocksDB's TransactionDB with the policy to write what is committed.
 *
 * @example
 * ```ts
 * await using db = await TransactionDB.open('/tmp/testdb', { createIfMissing: true })
 * using transaction = db.beginTransaction({ lockTimeoutMs: 500, deadlockDetect: true })
 * const balance = await transaction.getForUpdate('balance')
 * await transaction.put('balance', String(Number(new TextDecoder().decode(balance)) - 10))
 * await transaction.commit()
 * ```
 */
export class TransactionDB extends DB {
  readonly #database: Database
  readonly #registry: TransactionRegistry
  #lastOwnerId = 0

  /** @internal */
  protected constructor(database: Database, registry: TransactionRegistry) {
    super(database)
    this.#database = database
    this.#registry = registry
  }

  /** Opens a database for reading and writing with locks. Transactions that the logs have prepared take theirs again. */
  static override async open(
    path: string,
    options: DBOptions & { readonly transactions?: TransactionDBOptions } = {},
  ): Promise<TransactionDB> {
    const { transactions = {}, ...rest } = options
    const resolved = resolveTransactionDBOptions(transactions)
    const database = await openDatabase(path, { ...resolveDBOptions(rest), allow2pc: true })
    const locks = new LockManager({
      clock: database.options.clock,
      maxLocksPerFamily: resolved.maxNumLocks,
      deadlockBufferSize: resolved.maxNumDeadlocks,
    })
    const registry = new TransactionRegistry(locks, resolved)
    database.readers.add(locks)
    try {
      for (const { name, batch } of database.twoPhase.prepared) {
        const transaction = Transaction.recovered(database, registry, name, batch)
        registry.add(transaction.name, transaction)
      }
    } catch (error) {
      await database.close()
      throw error
    }
    return new TransactionDB(database, registry)
  }

  /**
   * Begins a transaction that locks the keys it uses.
   *
   * @throws UnsupportedError for one that does not: its commit would pass over the locks of others
   */
  override beginTransaction(options?: TransactionOptions): Transaction
  override beginTransaction(options: OptimisticTransactionOptions): OptimisticTransaction
  override beginTransaction(
    options: TransactionOptions | OptimisticTransactionOptions = {},
  ): Transaction | OptimisticTransaction {
    if (options.optimistic === true)
      throw new UnsupportedError('optimistic transactions in a database with locks')
    checkTransactionOptions(options)
    return new Transaction(this.#database, this.#registry, options)
  }

  /** The transaction of that name that has not ended. */
  getTransactionByName(name: string): Transaction | undefined {
    return this.#registry.find(name)
  }

  /** Transactions that are prepared and wait to be committed or rolled back. */
  getAllPreparedTransactions(): Transaction[] {
    return this.#registry.named().filter(({ state }) => state === 'prepared')
  }

  /** The keys that are locked now. */
  getLockStatusData(): KeyLockInfo[] {
    return this.#registry.locks.locks()
  }

  /** The last deadlocks, newest first. */
  getDeadlockInfoBuffer(): readonly DeadlockPath[] {
    return this.#registry.locks.deadlocks
  }

  /**
   * {@link DB.write} that waits for the locks of all keys of the batch.
   *
   * @throws LockTimeoutError when a key is locked for too long
   * @throws UnsupportedError for range deletions, unless `skipConcurrencyControl` says that they are safe
   */
  override async write(batch: WriteBatch, options?: TransactionDBWriteOptions): Promise<void> {
    if (options?.skipConcurrencyControl === true) return super.write(batch, options)
    this.#database.checkWritable()
    const owner = this.#owner()
    const { locks } = this.#registry
    const timeoutMs = this.#registry.options.defaultLockTimeoutMs
    const held: LockedKey[] = []
    try {
      for (const { columnFamilyId, key } of keysOf(batch)) {
        const waiting = locks.acquire(owner, {
          columnFamilyId,
          key,
          exclusive: true,
          timeoutMs,
          deadlockDepth: 0,
        })
        if (waiting !== undefined) await waiting
        held.push({ columnFamilyId, key })
      }
      await super.write(batch, options)
    } finally {
      for (const { columnFamilyId, key } of held) locks.release(owner, columnFamilyId, key)
    }
  }

  override put(key: Bytes, value: Bytes, options?: PutOptions): Promise<void> {
    return this.write(new WriteBatch().put(key, value, options), options)
  }

  override delete(key: Bytes, options?: PutOptions): Promise<void> {
    return this.write(new WriteBatch().delete(key, options), options)
  }

  /** {@link write} that finishes before it returns: a locked key makes it fail at once with LockTimeoutError. */
  override writeSync(batch: WriteBatch, options?: TransactionDBWriteOptions): void {
    if (options?.skipConcurrencyControl !== true) {
      this.#database.checkWritable()
      const owner = this.#owner()
      const { locks } = this.#registry
      // Nothing runs between: to have had the locks is as good as to hold them.
      for (const { columnFamilyId, key } of keysOf(batch)) {
        const request = { columnFamilyId, key, exclusive: true, timeoutMs: 0, deadlockDepth: 0 }
        void locks.acquire(owner, request)
        locks.release(owner, columnFamilyId, key)
      }
    }
    super.writeSync(batch, options)
  }

  /** A single write as the holder of locks; its ids are negative, those of transactions are not. */
  #owner(): LockOwner {
    return {
      id: -++this.#lastOwnerId,
      expiresAtMs: Number.POSITIVE_INFINITY,
      giveUpLocks: () => false,
    }
  }
}

interface LockedKey {
  readonly columnFamilyId: number
  readonly key: Uint8Array
}

/** Keys of a batch, each once, in an order that all batches have in common, so that two of them cannot wait for each other. */
function keysOf(batch: WriteBatch): LockedKey[] {
  const keys = new Map<string, LockedKey>()
  const add = (columnFamilyId: number, key: Uint8Array): void => {
    const id = `${String(columnFamilyId).padStart(10, '0')}:${byteText(key)}`
    if (!keys.has(id)) keys.set(id, { columnFamilyId, key: new Uint8Array(key) })
  }
  batch.iterate({
    put: add,
    delete: add,
    singleDelete: add,
    merge: add,
    deleteRange: () => {
      throw new UnsupportedError('range deletions in a database with locks')
    },
  })
  return [...keys.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, key]) => key)
}
