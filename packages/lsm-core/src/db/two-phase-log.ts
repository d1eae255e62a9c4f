import { assert, byteText, ByteWriter, ValueType } from '@varve/base'
import { WriteBatchCursor, type WriteBatch } from '@varve/wal'

import type { ColumnFamily } from '../column-family/column-family.ts'
import { insertBatch } from '../write/memtable-inserter.ts'

/** A transaction that is prepared and not decided, as the logs have it. */
export interface RecoveredTransaction {
  /** Its name; bytes, not always text. */
  readonly name: Uint8Array
  /** Its entries as a write batch. */
  readonly batch: Uint8Array
  /** Log that holds them. */
  readonly logNumber: number
}

/** What the two-phase log needs of its database. */
export interface TwoPhaseTarget {
  readonly families: ReadonlyMap<number, ColumnFamily>
  readonly wals: { readonly currentNumber: number; append(record: Uint8Array): void }
  readonly versions: { lastSequence: number }
  readonly memtableBudget: { makeRoom(): void }
  fail(error: unknown): void
}

/**
 * The records of two-phase commit, in RocksDB's form for transactions that are written when they commit:
 *
 *     prepare    sequence | count | BeginPrepare, entries, EndPrepare name      the memtables do not change
 *     commit     sequence | 0     | Commit name                                 the entries enter them with `sequence`…
 *     rollback   sequence | 0     | Rollback name
 *
 * None of the records takes a sequence number itself. The log with a prepare must stay until the transaction is decided,
 * and, when it was committed, until the memtables that took its entries are flushed: replay finds them only there.
 * Calls come from inside the commit pipeline, one at a time, and are in the hands of the kernel when they return.
 */
export class TwoPhaseLog {
  readonly #db: TwoPhaseTarget
  /** Undecided transactions by the text of their names. */
  readonly #prepared = new Map<string, RecoveredTransaction>()

  constructor(db: TwoPhaseTarget, recovered: readonly RecoveredTransaction[]) {
    this.#db = db
    for (const transaction of recovered) this.#prepared.set(byteText(transaction.name), transaction)
  }

  /** Transactions that nobody has decided. */
  get prepared(): readonly RecoveredTransaction[] {
    return [...this.#prepared.values()]
  }

  /** Oldest log that must stay; Infinity when there is none. Memtables in `flushed` do not count. */
  oldestLogNumber(flushed?: ReadonlySet<object>): number {
    let oldest = Number.POSITIVE_INFINITY
    for (const { logNumber } of this.#prepared.values()) oldest = Math.min(oldest, logNumber)
    for (const { active, immutables } of this.#db.families.values()) {
      oldest = Math.min(oldest, active.preparedLogNumber)
      for (const memtable of immutables)
        if (flushed?.has(memtable) !== true) oldest = Math.min(oldest, memtable.preparedLogNumber)
    }
    return oldest
  }

  prepare(name: Uint8Array, batch: WriteBatch): void {
    assert(!this.#prepared.has(byteText(name)), 'a prepared transaction has a name of its own')
    this.#db.memtableBudget.makeRoom()
    const { data } = batch
    this.#log(prepareRecord(this.#db.versions.lastSequence + 1, name, data))
    this.#prepared.set(byteText(name), {
      name,
      batch: new Uint8Array(data),
      logNumber: this.#db.wals.currentNumber,
    })
  }

  commit(name: Uint8Array): void {
    const { versions, families } = this.#db
    const transaction = this.#take(name)
    this.#db.memtableBudget.makeRoom()
    const record = this.#record(name.length + 8)
      .byte(ValueType.CommitXID)
      .slice(name)
    this.#log(record.toBytes())
    try {
      versions.lastSequence =
        insertBatch(new WriteBatchCursor(transaction.batch), versions.lastSequence + 1, (id) => {
          const active = families.get(id)?.active
          if (active === undefined) return undefined
          active.preparedLogNumber = Math.min(active.preparedLogNumber, transaction.logNumber)
          return active.memtable
        }) - 1
    } catch (error) {
      this.#db.fail(error)
      throw error
    }
    this.#prepared.delete(byteText(name))
  }

  rollback(name: Uint8Array): void {
    this.#take(name)
    const record = this.#record(name.length + 8)
      .byte(ValueType.RollbackXID)
      .slice(name)
    this.#log(record.toBytes())
    this.#prepared.delete(byteText(name))
  }

  #take(name: Uint8Array): RecoveredTransaction {
    const transaction = this.#prepared.get(byteText(name))
    assert(transaction !== undefined, 'only a prepared transaction is decided')
    return transaction
  }

  /** The beginning of a record that counts nothing. */
  #record(sizeBytes: number): ByteWriter {
    return new ByteWriter(16 + sizeBytes).fixed64(this.#db.versions.lastSequence + 1).fixed32(0)
  }

  #log(record: Uint8Array): void {
    try {
      this.#db.wals.append(record)
    } catch (error) {
      // What has reached the log is in doubt: nothing may be logged behind it.
      this.#db.fail(error)
      throw error
    }
  }
}

/** The record that prepares what is in `batch`, the bytes of a write batch. */
export function prepareRecord(sequence: number, name: Uint8Array, batch: Uint8Array): Uint8Array {
  return new ByteWriter(24 + batch.length + name.length)
    .fixed64(sequence)
    .raw(batch, 8, 12)
    .byte(ValueType.BeginPrepareXID)
    .raw(batch, 12, batch.length)
    .byte(ValueType.EndPrepareXID)
    .slice(name)
    .toBytes()
}
