import { assert, InvalidOptionError, NotOpenError, toBytes, utf8Bytes, utf8Text } from '@varve/base'
import { WriteBatch } from '@varve/wal'

import type { ColumnFamily } from '../column-family/column-family.ts'
import type { Bytes } from '../db/bytes.ts'
import type { Database } from '../db/database.ts'
import type { ReadOptions } from '../db/handles.ts'
import type { WriteOptions } from '../options/db-options.ts'
import { KeyLocks, type KeyUse } from './key-locks.ts'
import type { LockOwner } from './lock-manager.ts'
import type { TransactionOptions } from './pessimistic-options.ts'
import { TransactionBase, type TransactionKeyOptions } from './transaction-base.ts'
import { TransactionExpiredError } from './transaction-errors.ts'
import type { TransactionRegistry } from './transaction-registry.ts'

/** Where a transaction stands. */
export type TransactionState =
  | 'started'
  | 'awaitingPrepare'
  | 'prepared'
  | 'awaitingCommit'
  | 'awaitingRollback'
  | 'committed'
  | 'rolledBack'
  | 'locksStolen'

/** How a key is read for update. */
export interface GetForUpdateOptions extends ReadOptions {
  /** Lock the key for this transaction alone; else together with others who only read it. Default true. */
  readonly exclusive?: boolean
  /** Fail when the key has changed since the snapshot of the transaction, if it has one. Default true. */
  readonly doValidate?: boolean
}

const maxNameBytes = 512
const defaultDeadlockDepth = 50

/**
 * A transaction that locks every key that it writes or reads for update, until it ends: nobody else can change them
 * meanwhile, and the commit does not conflict.
 *
 * An operation that finds a key locked waits for it, and fails with LockTimeoutError, DeadlockError or LockLimitError; the
 * transaction goes on then, and usually is rolled back. With a snapshot, keys that have changed since it make the operation
 * fail with BusyError. The `Sync` twins cannot wait: a locked key makes them fail at once with LockTimeoutError.
 *
 * With a name it can be committed in two phases: {@link prepare} writes it to the log, where it waits for {@link commit} or
 * {@link rollback}, also through the death of the process; {@link TransactionDB.getTransactionByName} finds it again.
 */
export class Transaction extends TransactionBase implements LockOwner {
  readonly expiresAtMs: number
  readonly #registry: TransactionRegistry
  readonly #keyLocks: KeyLocks
  readonly #startedMs: number
  #state: TransactionState = 'started'
  #name: Uint8Array | undefined

  /** @internal */
  constructor(db: Database, registry: TransactionRegistry, options: TransactionOptions) {
    super(db, options.snapshot === true)
    this.#registry = registry
    this.#startedMs = db.options.clock.monotonicMs()
    const { expirationMs = -1 } = options
    this.expiresAtMs = expirationMs < 0 ? Number.POSITIVE_INFINITY : this.#startedMs + expirationMs
    this.#keyLocks = new KeyLocks({
      owner: this,
      locks: registry.locks,
      tracked: this.tracked,
      timeoutMs: options.lockTimeoutMs ?? registry.options.transactionLockTimeoutMs,
      deadlockDepth:
        options.deadlockDetect === true ? (options.deadlockDetectDepth ?? defaultDeadlockDepth) : 0,
      isStarted: () => !this.ended && this.#state === 'started',
      checkStarted: () => this.#checkStarted(),
      snapshotSequence: () => {
        this.takePendingSnapshot()
        return this.snapshot?.sequence
      },
      lastSequence: () => db.versions.lastSequence,
    })
  }

  /** A transaction that the logs have prepared; takes its locks. @internal */
  static recovered(
    db: Database,
    registry: TransactionRegistry,
    name: Uint8Array,
    batch: Uint8Array,
  ): Transaction {
    const transaction = new Transaction(db, registry, {})
    transaction.#name = name
    transaction.writes.rebuildFrom(batch)
    const lock = (id: number, key: Uint8Array): void => {
      const family = db.families.get(id)
      if (family !== undefined) transaction.#keyLocks.lockNow(writeOf(family, key, false))
    }
    transaction.writes.batch.iterate({
      put: lock,
      delete: lock,
      singleDelete: lock,
      merge: lock,
    })
    transaction.#state = 'prepared'
    return transaction
  }

  get state(): TransactionState {
    return this.#state
  }

  /** The name, as text; empty while it has none. */
  get name(): string {
    return this.#name === undefined ? '' : utf8Text(this.#name)
  }

  /** Since it began. */
  get elapsedTimeMs(): number {
    return this.db.options.clock.monotonicMs() - this.#startedMs
  }

  /** Keys that are locked or were written. */
  get numKeys(): number {
    return this.tracked.size
  }

  /**
   * Gives the transaction a name of 1 to 512 bytes, which {@link prepare} needs.
   *
   * @throws InvalidOptionError when it has one, or the name is taken or of a wrong length
   */
  setName(name: string): this {
    this.#checkStarted()
    const bytes = utf8Bytes(name)
    if (this.#name !== undefined) throw new InvalidOptionError('name', 'is set already')
    if (bytes.length === 0 || bytes.length > maxNameBytes)
      throw new InvalidOptionError('name', `must have 1 to ${maxNameBytes} bytes`)
    this.#registry.add(name, this)
    this.#name = bytes
    return this
  }

  /** Locks the key and reads it. */
  async getForUpdate(key: Bytes, options?: GetForUpdateOptions): Promise<Uint8Array | undefined> {
    const family = this.db.family(options?.cf)
    const bytes = copyOf(key)
    await this.#keyLocks.lock(readOf(family, bytes, options))
    return this.read(family, bytes, options)
  }

  /** {@link getForUpdate} that finishes before it returns. */
  getForUpdateSync(key: Bytes, options?: GetForUpdateOptions): Uint8Array | undefined {
    const family = this.db.family(options?.cf)
    const bytes = toBytes(key)
    this.#checkStarted()
    this.#keyLocks.lockNow(readOf(family, bytes, options))
    return this.read(family, bytes, options)
  }

  async put(key: Bytes, value: Bytes, options?: TransactionKeyOptions): Promise<void> {
    await this.#write('put', key, value, options)
  }

  async delete(key: Bytes, options?: TransactionKeyOptions): Promise<void> {
    await this.#write('delete', key, '', options)
  }

  /** Deletes a key that was put once since its last deletion, and never merged. */
  async singleDelete(key: Bytes, options?: TransactionKeyOptions): Promise<void> {
    await this.#write('singleDelete', key, '', options)
  }

  /** Adds an operand for the family's merge operator. */
  async merge(key: Bytes, operand: Bytes, options?: TransactionKeyOptions): Promise<void> {
    await this.#write('merge', key, operand, options)
  }

  /** {@link put} that locks the key and does not mind that it has changed since the snapshot. */
  async putUntracked(key: Bytes, value: Bytes, options?: TransactionKeyOptions): Promise<void> {
    await this.#write('put', key, value, options, false)
  }

  /** {@link delete} that locks the key and does not mind that it has changed since the snapshot. */
  async deleteUntracked(key: Bytes, options?: TransactionKeyOptions): Promise<void> {
    await this.#write('delete', key, '', options, false)
  }

  /** {@link merge} that locks the key and does not mind that it has changed since the snapshot. */
  async mergeUntracked(key: Bytes, operand: Bytes, options?: TransactionKeyOptions): Promise<void> {
    await this.#write('merge', key, operand, options, false)
  }

  putSync(key: Bytes, value: Bytes, options?: TransactionKeyOptions): this {
    return this.#writeSync('put', key, value, options)
  }

  deleteSync(key: Bytes, options?: TransactionKeyOptions): this {
    return this.#writeSync('delete', key, '', options)
  }

  mergeSync(key: Bytes, operand: Bytes, options?: TransactionKeyOptions): this {
    return this.#writeSync('merge', key, operand, options)
  }

  /**
   * Writes the transaction to the log under its name. It keeps its locks and can only be committed or rolled back now, in
   * this process or, after its death, by whoever opens the database with {@link TransactionDB.open}.
   *
   * @throws InvalidOptionError when it has no name
   * @throws TransactionExpiredError when it has expired
   */
  async prepare(options?: { readonly sync?: boolean }): Promise<void> {
    this.#checkStarted()
    const name = this.#name
    if (name === undefined)
      throw new InvalidOptionError('name', 'must be set before a transaction is prepared')
    const { db } = this
    this.#state = 'awaitingPrepare'
    try {
      const { batch } = this.writes
      db.committer.check(batch)
      await this.#decide(options?.sync, () => db.twoPhase.prepare(name, db.committer.stored(batch)))
      this.#state = 'prepared'
    } catch (error) {
      this.#state = 'started'
      throw error
    }
  }

  /**
   * Makes the writes, all or none, and ends the transaction.
   *
   * @throws TransactionExpiredError when it has expired before; nothing is written
   */
  async commit(options?: WriteOptions): Promise<void> {
    this.checkActive()
    const { db } = this
    const name = this.#name
    if (this.#state === 'prepared') {
      this.#state = 'awaitingCommit'
      try {
        await this.#decide(options?.sync, () => db.twoPhase.commit(name!))
      } catch (error) {
        this.#state = 'prepared'
        throw error
      }
    } else {
      this.#checkStarted()
      this.#state = 'awaitingCommit'
      try {
        await db.pipeline.write(
          this.writes.batch,
          options?.sync === true,
          options?.disableWal === true,
        )
      } catch (error) {
        this.#over('rolledBack')
        throw error
      }
    }
    this.#over('committed')
  }

  /** Ends the transaction without a trace; what is prepared gets a record of it in the log. Idempotent. */
  async rollback(): Promise<void> {
    if (this.ended) return
    if (this.#state === 'prepared') {
      const name = this.#name!
      this.#state = 'awaitingRollback'
      try {
        await this.#decide(false, () => this.db.twoPhase.rollback(name))
      } catch (error) {
        this.#state = 'prepared'
        throw error
      }
    } else {
      assert(
        this.#state === 'started' || this.#state === 'locksStolen',
        'a transaction is not rolled back while it commits',
      )
    }
    this.#over('rolledBack')
  }

  /** Ends the transaction without a trace, unless it is prepared: then it stays so. */
  override close(): void {
    if (this.ended) return
    if (this.#state === 'started' || this.#state === 'locksStolen') this.#over('rolledBack')
    else if (this.db.closed) this.end()
  }

  /** @internal */
  giveUpLocks(): boolean {
    if (this.#state === 'started') this.#state = 'locksStolen'
    return this.#state === 'locksStolen'
  }

  protected override forgotten(family: ColumnFamily, key: Uint8Array): void {
    this.#keyLocks.release(family, key)
  }

  /** Runs `step` in its turn among the writes of the database, then syncs the log if asked. */
  async #decide(sync: boolean | undefined, step: () => void): Promise<void> {
    await this.db.pipeline.write(new WriteBatch(), sync === true, false, step)
  }

  #over(state: 'committed' | 'rolledBack'): void {
    this.#state = state
    this.#keyLocks.end()
    if (this.#name !== undefined) this.#registry.remove(this.name)
    this.end()
  }

  #checkStarted(): void {
    this.checkActive()
    if (
      this.#state === 'locksStolen' ||
      (this.#state === 'started' && this.db.options.clock.monotonicMs() >= this.expiresAtMs)
    ) {
      throw new TransactionExpiredError()
    }
    if (this.#state !== 'started')
      throw new NotOpenError(`the transaction takes nothing more: it is ${this.#state}`)
  }

  async #write(
    kind: 'put' | 'delete' | 'singleDelete' | 'merge',
    key: Bytes,
    value: Bytes,
    options: TransactionKeyOptions | undefined,
    validate: boolean = true,
  ): Promise<void> {
    const family = this.db.family(options?.cf)
    const keyBytes = copyOf(key)
    const valueBytes = copyOf(value)
    await this.#keyLocks.lock(writeOf(family, keyBytes, validate))
    this.#apply(kind, family.id, keyBytes, valueBytes)
  }

  #writeSync(
    kind: 'put' | 'delete' | 'merge',
    key: Bytes,
    value: Bytes,
    options: TransactionKeyOptions | undefined,
  ): this {
    const family = this.db.family(options?.cf)
    const bytes = toBytes(key)
    this.#checkStarted()
    this.#keyLocks.lockNow(writeOf(family, bytes, true))
    this.#apply(kind, family.id, bytes, toBytes(value))
    return this
  }

  #apply(
    kind: 'put' | 'delete' | 'singleDelete' | 'merge',
    familyId: number,
    key: Uint8Array,
    value: Uint8Array,
  ): void {
    if (kind === 'put' || kind === 'merge') this.writes[kind](familyId, key, value)
    else this.writes[kind](familyId, key)
  }
}

function readOf(
  family: ColumnFamily,
  key: Uint8Array,
  { exclusive = true, doValidate = true }: GetForUpdateOptions = {},
): KeyUse {
  return { family, key, kind: 'read', exclusive, validate: doValidate }
}

function writeOf(family: ColumnFamily, key: Uint8Array, validate: boolean): KeyUse {
  return { family, key, kind: 'write', exclusive: true, validate }
}

function copyOf(bytes: Bytes): Uint8Array {
  return typeof bytes === 'string' ? toBytes(bytes) : new Uint8Array(bytes)
}
