import { byteText, ByteWriter, CorruptionError, ValueType } from '@varve/base'
import type { WriteBatchCursor } from '@varve/wal'

import type { RecoveredTransaction } from '../db/two-phase-log.ts'

/**
 * The transactions of RocksDB's two-phase commit that replay has found prepared and not decided yet, by name. Their
 * entries count from the record that commits them on.
 */
export class PreparedTransactions {
  readonly #transactions = new Map<string, RecoveredTransaction>()
  /** Log that is being replayed. */
  logNumber = 0

  /** Those that nobody has decided, in the order in which they were prepared. */
  get transactions(): RecoveredTransaction[] {
    return [...this.#transactions.values()]
  }

  /** Keeps the section that begins behind the mark under `cursor`; leaves the cursor on the mark of its end. */
  prepare(cursor: WriteBatchCursor): void {
    const start = cursor.position
    let count = 0
    for (let end = start; cursor.next(); end = cursor.position) {
      if (cursor.type === ValueType.EndPrepareXID) {
        const out = new ByteWriter(12 + end - start)
        out.zeros(8).fixed32(count).raw(cursor.data, start, end)
        this.#transactions.set(byteText(cursor.key), {
          name: new Uint8Array(cursor.key),
          batch: out.toBytes(),
          logNumber: this.logNumber,
        })
        return
      }
      if (cursor.counted) count++
    }
    throw new CorruptionError('prepared transaction without an end')
  }

  /** The entries of a transaction that is committed; undefined when its log is gone, because all of it is in tables. */
  commit(cursor: WriteBatchCursor): Uint8Array | undefined {
    const name = byteText(cursor.key)
    const batch = this.#transactions.get(name)?.batch
    this.#transactions.delete(name)
    return batch
  }

  rollback(cursor: WriteBatchCursor): void {
    this.#transactions.delete(byteText(cursor.key))
  }
}
