import { AbstractChainedBatch } from 'abstract-level'
import { WriteBatch, type DB } from '@varve/lsm-core'

import type { Formatted } from './format.ts'
import { withLevelErrorsAsync } from './level-error.ts'
import type { ChainedBatchWriteOptions, SyncOption } from './options.ts'

/** A batch that grows operation by operation: each is encoded into the bytes of the log as it comes. */
export class ChainedBatch<TDatabase, K, V> extends AbstractChainedBatch<TDatabase, K, V> {
  readonly #store: DB
  readonly #batch = new WriteBatch()

  constructor(db: TDatabase, store: DB) {
    super(db)
    this.#store = store
  }

  override write(options?: ChainedBatchWriteOptions): Promise<void> {
    return super.write(options ?? {})
  }

  _put(key: Formatted, value: Formatted): void {
    this.#batch.put(key, value)
  }

  _del(key: Formatted): void {
    this.#batch.delete(key)
  }

  _clear(): void {
    this.#batch.clear()
  }

  _write(options: SyncOption): Promise<void> {
    return withLevelErrorsAsync(() =>
      this.#store.write(this.#batch, { sync: options.sync === true }),
    )
  }
}
