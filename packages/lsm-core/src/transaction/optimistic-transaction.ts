import { BusyError, NotOpenError, toBytes } from '@varve/base'

import type { ColumnFamily } from '../column-family/column-family.ts'
import type { Bytes } from '../db/bytes.ts'
import type { Database } from '../db/database.ts'
import type { ReadOptions, Snapshot } from '../db/handles.ts'
import type { WriteOptions } from '../options/db-options.ts'
import { changedSince } from './changed-since.ts'
import { TransactionBase, type TransactionKeyOptions } from './transaction-base.ts'

/** Options of {@link DB.beginTransaction}. */
export interface OptimisticTransactionOptions {
  /** Nothing is locked; conflicts are found at the commit. */
  readonly optimistic: true
  /** Read the state of this moment, and conflict with everything written after it. Default false: the latest state. */
  readonly snapshot?: boolean
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
export class OptimisticTransaction extends TransactionBase {
  /** Keeps compaction from forgetting when keys were written. */
  readonly #pin: Snapshot

  /** @internal */
  constructor(db: Database, options: OptimisticTransactionOptions) {
    super(db, options.snapshot === true)
    this.#pin = db.snapshots.take(db.view())
  }

  /** {@link get} that makes the commit fail when the key changes after it. */
  async getForUpdate(key: Bytes, options?: ReadOptions): Promise<Uint8Array | undefined> {
    return this.getForUpdateSync(key, options)
  }

  /** {@link getForUpdate} that finishes before it returns. */
  getForUpdateSync(key: Bytes, options?: ReadOptions): Uint8Array | undefined {
    this.checkActive()
    const family = this.db.family(options?.cf)
    const bytes = toBytes(key)
    this.#track(family, bytes, 'read')
    return this.read(family, bytes, options)
  }

  put(key: Bytes, value: Bytes, options?: TransactionKeyOptions): this {
    const [family, bytes] = this.#written(key, options)
    this.writes.put(family.id, bytes, toBytes(value))
    return this
  }

  delete(key: Bytes, options?: TransactionKeyOptions): this {
    const [family, bytes] = this.#written(key, options)
    this.writes.delete(family.id, bytes)
    return this
  }

  /** Deletes a key that was put once since its last deletion, and never merged. */
  singleDelete(key: Bytes, options?: TransactionKeyOptions): this {
    const [family, bytes] = this.#written(key, options)
    this.writes.singleDelete(family.id, bytes)
    return this
  }

  /** Adds an operand for the family's merge operator. */
  merge(key: Bytes, operand: Bytes, options?: TransactionKeyOptions): this {
    const [family, bytes] = this.#written(key, options)
    this.writes.merge(family.id, bytes, toBytes(operand))
    return this
  }

  /** {@link put} that conflicts with nobody. */
  putUntracked(key: Bytes, value: Bytes, options?: TransactionKeyOptions): this {
    this.checkActive()
    this.writes.put(this.db.family(options?.cf).id, toBytes(key), toBytes(value))
    return this
  }

  /** {@link delete} that conflicts with nobody. */
  deleteUntracked(key: Bytes, options?: TransactionKeyOptions): this {
    this.checkActive()
    this.writes.delete(this.db.family(options?.cf).id, toBytes(key))
    return this
  }

  /** {@link merge} that conflicts with nobody. */
  mergeUntracked(key: Bytes, operand: Bytes, options?: TransactionKeyOptions): this {
    this.checkActive()
    this.writes.merge(this.db.family(options?.cf).id, toBytes(key), toBytes(operand))
    return this
  }

  /**
   * Makes the writes, all or none, and ends the transaction.
   *
   * @throws BusyError when a key was changed by others; nothing is written, and the transaction is over
   */
  async commit(options?: WriteOptions): Promise<void> {
    this.checkActive()
    const tracked = [...this.tracked.values()]
    this.end()
    try {
      await this.db.pipeline.write(
        this.writes.batch,
        options?.sync === true,
        options?.disableWal === true,
        () => {
          for (const { family, key, sequence } of tracked) checkUnchanged(family, key, sequence)
        },
      )
    } finally {
      this.#pin.release()
    }
  }

  /** Ends the transaction without a trace; idempotent. */
  rollback(): void {
    if (this.ended) return
    this.end()
    this.#pin.release()
  }

  override close(): void {
    this.rollback()
  }

  protected override forgotten(): void {
    // Nothing is held but the record that was dropped.
  }

  #written(key: Bytes, options: TransactionKeyOptions | undefined): [ColumnFamily, Uint8Array] {
    this.checkActive()
    const family = this.db.family(options?.cf)
    const bytes = toBytes(key)
    this.#track(family, bytes, 'write')
    return [family, bytes]
  }

  #track(family: ColumnFamily, key: Uint8Array, kind: 'read' | 'write'): void {
    this.takePendingSnapshot()
    const sequence = this.snapshot?.sequence ?? this.db.versions.lastSequence
    this.tracked.add(family, key, sequence, kind)
  }
}

function checkUnchanged(family: ColumnFamily, key: Uint8Array, sequence: number): void {
  if (family.dropped) throw new NotOpenError(`column family "${family.name}" is dropped`)
  if (changedSince(family, key, sequence))
    throw new BusyError('a key of the transaction was changed by another writer: begin again')
}
