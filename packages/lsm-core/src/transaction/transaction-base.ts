import { assert, NotOpenError, resourceClosed, resourceOpened, toBytes } from '@varve/base'

import type { ColumnFamily } from '../column-family/column-family.ts'
import type { Bytes } from '../db/bytes.ts'
import type { Database } from '../db/database.ts'
import type {
  ColumnFamilyHandle,
  Cursor,
  RangeOptions,
  ReadOptions,
  Snapshot,
} from '../db/handles.ts'
import { openCursor } from '../read/open-cursor.ts'
import { lookUp } from '../read/point-lookup.ts'
import { PendingWrites } from './pending-writes.ts'
import { TrackedKeys } from './tracked-keys.ts'
import { TransactionCursor } from './transaction-cursor.ts'

/** Where an operation of a transaction goes. */
export interface TransactionKeyOptions {
  /** Default: the family `default`. */
  readonly cf?: ColumnFamilyHandle | undefined
}

let lastId = 0

/** What transactions of both kinds share: their writes, what they see, snapshot and save points. */
export abstract class TransactionBase implements Disposable {
  /** Unique in the process. */
  readonly id: number = ++lastId
  /** @internal */
  protected readonly db: Database
  /** @internal */
  protected readonly writes: PendingWrites
  /** @internal */
  protected readonly tracked: TrackedKeys = new TrackedKeys()
  readonly #readsSnapshot: boolean
  #snapshot: Snapshot | undefined
  #snapshotOnNextOperation = false
  /** The snapshot that was held when each save point was set, held once more. */
  readonly #savePoints: (Snapshot | undefined)[] = []
  readonly #cursors = new Set<Cursor>()
  #ended = false

  /** @internal */
  protected constructor(db: Database, readsSnapshot: boolean) {
    db.checkWritable()
    this.db = db
    this.writes = new PendingWrites((id) => db.family({ id }).comparator.user)
    this.#readsSnapshot = readsSnapshot
    if (readsSnapshot) this.setSnapshot()
    db.readers.add(this)
    resourceOpened(this, `transaction ${this.id}`)
  }

  /** The value that the transaction sees; it depends on nothing that others do to the key. */
  async get(key: Bytes, options?: ReadOptions): Promise<Uint8Array | undefined> {
    return this.getSync(key, options)
  }

  /** {@link get} that finishes before it returns. */
  getSync(key: Bytes, options?: ReadOptions): Uint8Array | undefined {
    this.checkActive()
    return this.read(this.db.family(options?.cf), toBytes(key), options)
  }

  /** The values in the order of the keys, all of one moment. */
  async multiGet(
    keys: readonly Bytes[],
    options?: ReadOptions,
  ): Promise<(Uint8Array | undefined)[]> {
    this.checkActive()
    const family = this.db.family(options?.cf)
    return keys.map((key) => this.read(family, toBytes(key), options))
  }

  /**
   * A cursor over what the transaction sees: the database at the snapshot (else at this moment) under its own writes, also
   * those that come later. It closes with the transaction.
   */
  cursor(options: RangeOptions = {}): Cursor {
    this.checkActive()
    const family = this.db.family(options.cf)
    const { comparator, lookup } = family
    const cursor = new TransactionCursor({
      base: openCursor(this.db, family, options, this.#readSequence(options)),
      writes: this.writes,
      family,
      comparator: comparator.user,
      mergeOperator: lookup.mergeOperator,
      range: options,
      onClose: (closed) => this.#cursors.delete(closed),
    })
    this.#cursors.add(cursor)
    return cursor
  }

  /** The snapshot that the transaction holds; it goes with the transaction. */
  get snapshot(): Snapshot | undefined {
    return this.#snapshot
  }

  /**
   * Holds a snapshot of this moment: keys that are written or read for update from now on must not have changed since.
   * Reads see it only when it is passed to them, or when the transaction began with `snapshot: true`.
   */
  setSnapshot(): this {
    this.checkActive()
    this.#snapshotOnNextOperation = false
    this.#replaceSnapshot(this.db.snapshots.take(this.db.view()))
    return this
  }

  /** {@link setSnapshot} when the next key is written or read for update. */
  setSnapshotOnNextOperation(): this {
    this.checkActive()
    this.#snapshotOnNextOperation = true
    return this
  }

  clearSnapshot(): this {
    this.#snapshotOnNextOperation = false
    this.#replaceSnapshot(undefined)
    return this
  }

  /** Remembers the present state; {@link rollbackToSavePoint} comes back to the last one remembered. */
  setSavePoint(): this {
    this.checkActive()
    this.writes.batch.setSavePoint()
    this.tracked.setSavePoint()
    this.#savePoints.push(this.#snapshot && this.db.snapshots.take(this.#snapshot.sequence))
    return this
  }

  /** Undoes writes and forgets keys since the last save point, and the save point. */
  rollbackToSavePoint(): this {
    this.checkActive()
    assert(this.#savePoints.length > 0, 'a save point was set')
    this.writes.rollbackToSavePoint()
    for (const { family, key } of this.tracked.rollbackToSavePoint()) this.forgotten(family, key)
    this.#replaceSnapshot(this.#savePoints.pop())
    return this
  }

  /** Forgets the last save point and keeps what was done since. */
  popSavePoint(): this {
    this.checkActive()
    assert(this.#savePoints.length > 0, 'a save point was set')
    this.writes.batch.popSavePoint()
    this.tracked.popSavePoint()
    this.#savePoints.pop()?.release()
    return this
  }

  /**
   * Takes the last `getForUpdate` of a key back, if it was made since the last save point: when the key was read for update
   * no other time and never written, it can be changed by others again.
   */
  undoGetForUpdate(key: Bytes, options?: TransactionKeyOptions): this {
    this.checkActive()
    const family = this.db.family(options?.cf)
    const gone = this.tracked.undoRead(family, toBytes(key))
    if (gone !== undefined) this.forgotten(family, gone.key)
    return this
  }

  /** A note for readers of the log; it reaches no table. */
  putLogData(blob: Uint8Array): this {
    this.checkActive()
    this.writes.batch.logData(blob)
    return this
  }

  /** Writes that wait for the commit; views of the batch are borrowed until the next write. */
  get writeBatchData(): Uint8Array {
    return this.writes.batch.data
  }

  /** Whether it has been committed or rolled back. */
  get ended(): boolean {
    return this.#ended
  }

  [Symbol.dispose](): void {
    this.close()
  }

  /** Ends the transaction without a trace. */
  abstract close(): void

  /** Nobody asks for the key any more. @internal */
  protected abstract forgotten(family: ColumnFamily, key: Uint8Array): void

  /** @internal */
  protected checkActive(): void {
    if (this.#ended) throw new NotOpenError('the transaction has ended')
    this.db.checkOpen()
  }

  /** A key is being used: takes the snapshot that was asked for. @internal */
  protected takePendingSnapshot(): void {
    if (this.#snapshotOnNextOperation) this.setSnapshot()
  }

  /** @internal */
  protected read(
    family: ColumnFamily,
    key: Uint8Array,
    options: ReadOptions | undefined,
  ): Uint8Array | undefined {
    const sequence = this.#readSequence(options)
    return this.writes.resolve(family, family.lookup.mergeOperator, key, () =>
      lookUp(family.superVersion, family.lookup, key, sequence),
    )
  }

  /** Lets go of all that the transaction holds; its writes are the caller's business. @internal */
  protected end(): void {
    if (this.#ended) return
    this.#ended = true
    for (const cursor of [...this.#cursors]) cursor.close()
    this.#replaceSnapshot(undefined)
    for (const snapshot of this.#savePoints.splice(0)) snapshot?.release()
    this.tracked.clear()
    this.db.readers.delete(this)
    resourceClosed(this)
  }

  #readSequence(options: ReadOptions | undefined): number {
    const snapshot = options?.snapshot ?? (this.#readsSnapshot ? this.#snapshot : undefined)
    return snapshot?.sequence ?? this.db.versions.lastSequence
  }

  #replaceSnapshot(snapshot: Snapshot | undefined): void {
    this.#snapshot?.release()
    this.#snapshot = snapshot
  }
}
