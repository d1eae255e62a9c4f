import { assert, BusyError, NotOpenError, toBytes } from '@varve/base'

import type { ColumnFamily } from '../column-family/column-family.ts'
import type { Bytes } from '../db/bytes.ts'
import type { Database } from '../db/database.ts'
import type { ColumnFamilyHandle, Snapshot } from '../db/handles.ts'
import type { WriteOptions } from '../options/db-options.ts'
import { lookUp } from '../read/point-lookup.ts'
import { changedSince } from './changed-since.ts'
import { keyText, PendingWrites } from './pending-writes.ts'

/** Options of {@link DB.beginTransaction}. */
export interface TransactionOptions {
  /** Nothing is locked; conflicts are found at the commit. The only kind there is. */
  readonly optimistic: true
  /** Read the state of this moment, and conflict with everything written after it. Default false: the latest state. */
  readonly snapshot?: boolean
}

/** Where an operation of a transaction goes. */
export interface TransactionKeyOptions {
  /** Default: the family `default`. */
  readonly cf?: ColumnFamilyHandle | undefined
}

interface TrackedKey {
  readonly family: ColumnFamily
  readonly key: Uint8Array
  /** State that the transaction has seen of it. */
  readonly sequence: number
}

/**
 * Writes that are made together if nobody else has changed their keys meanwhile.
 *
 * A key counts from when it is first written or read by {@link getForUpdate}: a later write of others to it makes the
 * commit fail with BusyError, and the caller begins again. {@link get} sees the transaction's own writes. A transaction
 * pins what it may have to compare with until it ends: keep it short, and end it, or `using` does.
 *
 * @example
 * ```ts
 * using transaction = db.beginTransaction({ optimistic: true })
 * const balance = await transaction.getForUpdate('balance')
 * transaction.put('balance', String(Number(new TextDecoder().decode(balance)) - 10))
 * await transaction.commit({ sync: true })
 * ```
 */
export class OptimisticTransaction implements Disposable {
  readonly #db: Database
  /** Keeps compaction from forgetting when keys were written. */
  readonly #pin: Snapshot
  readonly #readsSnapshot: boolean
  readonly #writes = new PendingWrites()
  readonly #tracked = new Map<string, TrackedKey>()
  /** Tracked keys in order, and how many there were at each save point. */
  readonly #order: string[] = []
  readonly #savePoints: number[] = []
  #ended = false

  /** @internal */
  constructor(db: Database, options: TransactionOptions) {
    db.checkWritable()
    this.#db = db
    this.#pin = db.snapshots.take(db.versions.lastSequence)
    this.#readsSnapshot = options.snapshot === true
  }

  /** The value that the transaction sees; its commit does not depend on it. */
  async get(key: Bytes, options?: TransactionKeyOptions): Promise<Uint8Array | undefined> {
    return this.getSync(key, options)
  }

  /** {@link get} that finishes before it returns. */
  getSync(key: Bytes, options?: TransactionKeyOptions): Uint8Array | undefined {
    this.#checkActive()
    return this.#read(this.#db.family(options?.cf), toBytes(key))
  }

  /** {@link get} that makes the commit fail when the key changes after it. */
  async getForUpdate(key: Bytes, options?: TransactionKeyOptions): Promise<Uint8Array | undefined> {
    this.#checkActive()
    const family = this.#db.family(options?.cf)
    const bytes = toBytes(key)
    this.#track(family, bytes)
    return this.#read(family, bytes)
  }

  put(key: Bytes, value: Bytes, options?: TransactionKeyOptions): this {
    const [family, bytes] = this.#written(key, options)
    this.#writes.put(family.id, bytes, toBytes(value))
    return this
  }

  delete(key: Bytes, options?: TransactionKeyOptions): this {
    const [family, bytes] = this.#written(key, options)
    this.#writes.delete(family.id, bytes)
    return this
  }

  /** Adds an operand for the family's merge operator. */
  merge(key: Bytes, operand: Bytes, options?: TransactionKeyOptions): this {
    const [family, bytes] = this.#written(key, options)
    this.#writes.merge(family.id, bytes, toBytes(operand))
    return this
  }

  /** Remembers the present state; {@link rollbackToSavePoint} comes back to the last one remembered. */
  setSavePoint(): this {
    this.#checkActive()
    this.#writes.batch.setSavePoint()
    this.#savePoints.push(this.#order.length)
    return this
  }

  /** Undoes writes and forgets keys since the last save point, and the save point. */
  rollbackToSavePoint(): this {
    this.#checkActive()
    const length = this.#savePoints.pop()
    assert(length !== undefined, 'a save point was set')
    this.#writes.rollbackToSavePoint()
    for (const id of this.#order.splice(length)) this.#tracked.delete(id)
    return this
  }

  /**
   * Makes the writes, all or none, and ends the transaction.
   *
   * @throws BusyError when a key was changed by others; nothing is written, and the transaction is over
   */
  async commit(options?: WriteOptions): Promise<void> {
    this.#checkActive()
    this.#ended = true
    const db = this.#db
    try {
      await db.pipeline.write(
        this.#writes.batch,
        options?.sync === true,
        options?.disableWal === true,
        () => this.#checkConflicts(),
      )
    } finally {
      this.#pin.release()
    }
  }

  /** Ends the transaction without a trace; idempotent. */
  rollback(): void {
    if (this.#ended) return
    this.#ended = true
    this.#pin.release()
  }

  [Symbol.dispose](): void {
    this.rollback()
  }

  #checkActive(): void {
    if (this.#ended) throw new NotOpenError('the transaction has ended')
    this.#db.checkOpen()
  }

  #checkConflicts(): void {
    for (const { family, key, sequence } of this.#tracked.values()) {
      if (family.dropped) throw new NotOpenError(`column family "${family.name}" is dropped`)
      if (changedSince(family, key, sequence)) {
        throw new BusyError('a key of the transaction was changed by another writer: begin again')
      }
    }
  }

  #written(key: Bytes, options: TransactionKeyOptions | undefined): [ColumnFamily, Uint8Array] {
    this.#checkActive()
    const family = this.#db.family(options?.cf)
    const bytes = toBytes(key)
    this.#track(family, bytes)
    return [family, bytes]
  }

  #track(family: ColumnFamily, key: Uint8Array): void {
    const id = `${family.id}:${keyText(key)}`
    if (this.#tracked.has(id)) return
    const { lastSequence } = this.#db.versions
    this.#tracked.set(id, {
      family,
      key: new Uint8Array(key),
      sequence: this.#readsSnapshot ? this.#pin.sequence : lastSequence,
    })
    this.#order.push(id)
  }

  #read(family: ColumnFamily, key: Uint8Array): Uint8Array | undefined {
    const snapshot = this.#readsSnapshot ? this.#pin.sequence : this.#db.versions.lastSequence
    return this.#writes.resolve(family, family.lookup.mergeOperator, key, () =>
      lookUp(family.superVersion, family.lookup, key, snapshot),
    )
  }
}
