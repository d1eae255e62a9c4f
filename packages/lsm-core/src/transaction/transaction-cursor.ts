import { toBytes, type Comparator } from '@varve/base'
import type { MergeOperator } from '@varve/compaction'

import type { Cursor, RangeOptions, Snapshot } from '../db/handles.ts'
import { resolveBounds, type CursorBounds } from '../read/cursor-bounds.ts'
import type { PendingKeys, PendingWrites } from './pending-writes.ts'

/** What a {@link TransactionCursor} looks at. */
export interface TransactionCursorSource {
  /** The database as the transaction reads it; given away. */
  readonly base: Cursor
  readonly writes: PendingWrites
  readonly family: { readonly id: number; readonly name: string }
  readonly comparator: Comparator
  readonly mergeOperator: MergeOperator | undefined
  readonly range: RangeOptions
  /** Told when it is closed. */
  onClose(cursor: Cursor): void
}

/**
 * The entries of a family as a transaction sees them: what the database has, under the writes of the transaction, those
 * made after the cursor included.
 *
 * Moving forward the cursor below stands on the first of its keys at or after the current one, moving backward on the last
 * at or before it. The writes are few: their neighbour is searched anew at each step, so that they may change meanwhile.
 */
export class TransactionCursor implements Cursor {
  readonly #source: TransactionCursorSource
  readonly #base: Cursor
  readonly #keys: PendingKeys
  readonly #bounds: CursorBounds
  #key: Uint8Array | undefined
  #value: Uint8Array | undefined
  #backward = false
  #closed = false

  constructor(source: TransactionCursorSource) {
    this.#source = source
    this.#base = source.base
    this.#keys = source.writes.keys(source.family.id)
    this.#bounds = resolveBounds(source.range)
  }

  get valid(): boolean {
    return this.#key !== undefined
  }

  get key(): Uint8Array {
    return this.#key!
  }

  get value(): Uint8Array {
    return this.#value!
  }

  seekToFirst(): void {
    this.#base.seekToFirst()
    const { lower, lowerInclusive } = this.#bounds
    this.#settleForward(
      lower === undefined || lowerInclusive ? this.#keys.atOrAfter(lower) : this.#keys.after(lower),
    )
  }

  seekToLast(): void {
    this.#base.seekToLast()
    const { upper, upperInclusive } = this.#bounds
    this.#settleBackward(
      upper === undefined || upperInclusive
        ? this.#keys.atOrBefore(upper)
        : this.#keys.before(upper),
    )
  }

  seek(target: string | Uint8Array): void {
    const key = toBytes(target)
    if (this.#isBelow(key)) {
      this.seekToFirst()
      return
    }
    this.#base.seek(key)
    this.#settleForward(this.#keys.atOrAfter(key))
  }

  seekForPrev(target: string | Uint8Array): void {
    const key = toBytes(target)
    if (this.#isAbove(key)) {
      this.seekToLast()
      return
    }
    this.#base.seekForPrev(key)
    this.#settleBackward(this.#keys.atOrBefore(key))
  }

  next(): void {
    const key = this.#key
    if (key === undefined) return
    if (this.#backward) this.#base.seek(key)
    this.#stepForward(key)
    this.#settleForward(this.#keys.after(key))
  }

  prev(): void {
    const key = this.#key
    if (key === undefined) return
    if (!this.#backward) this.#base.seekForPrev(key)
    this.#stepBackward(key)
    this.#settleBackward(this.#keys.before(key))
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#key = this.#value = undefined
    this.#keys.close()
    this.#base.close()
    this.#source.onClose(this)
  }

  [Symbol.dispose](): void {
    this.close()
  }

  refresh(snapshot?: Snapshot): void {
    this.#base.refresh(snapshot)
    this.#key = this.#value = undefined
  }

  #settleForward(pending: Uint8Array | undefined): void {
    this.#backward = false
    const { comparator } = this.#source
    for (;;) {
      const base = this.#base.valid ? this.#base.key : undefined
      if (pending !== undefined && this.#isAbove(pending)) pending = undefined
      const order =
        pending === undefined ? 1 : base === undefined ? -1 : comparator.compare(pending, base)
      if (this.#take(order <= 0 ? pending : base, order >= 0)) return
      const key = this.#key
      if (key === undefined) return
      this.#stepForward(key)
      pending = this.#keys.after(key)
    }
  }

  #settleBackward(pending: Uint8Array | undefined): void {
    this.#backward = true
    const { comparator } = this.#source
    for (;;) {
      const base = this.#base.valid ? this.#base.key : undefined
      if (pending !== undefined && this.#isBelow(pending)) pending = undefined
      const order =
        pending === undefined ? -1 : base === undefined ? 1 : comparator.compare(pending, base)
      if (this.#take(order >= 0 ? pending : base, order <= 0)) return
      const key = this.#key
      if (key === undefined) return
      this.#stepBackward(key)
      pending = this.#keys.before(key)
    }
  }

  /** Stands on `key`; false when the transaction has deleted it, or there is none (then the cursor is not valid). */
  #take(key: Uint8Array | undefined, inBase: boolean): boolean {
    if (key === undefined) {
      this.#key = this.#value = undefined
      return false
    }
    const { writes, family, mergeOperator } = this.#source
    this.#key = new Uint8Array(key)
    this.#value = writes.resolve(family, mergeOperator, this.#key, () =>
      inBase ? this.#base.value : undefined,
    )
    return this.#value !== undefined
  }

  #stepForward(key: Uint8Array): void {
    const { comparator } = this.#source
    if (this.#base.valid && comparator.compare(this.#base.key, key) === 0) this.#base.next()
  }

  #stepBackward(key: Uint8Array): void {
    const { comparator } = this.#source
    if (this.#base.valid && comparator.compare(this.#base.key, key) === 0) this.#base.prev()
  }

  #isBelow(key: Uint8Array): boolean {
    const { lower, lowerInclusive } = this.#bounds
    if (lower === undefined) return false
    const order = this.#source.comparator.compare(key, lower)
    return order < 0 || (order === 0 && !lowerInclusive)
  }

  #isAbove(key: Uint8Array): boolean {
    const { upper, upperInclusive } = this.#bounds
    if (upper === undefined) return false
    const order = this.#source.comparator.compare(key, upper)
    return order > 0 || (order === 0 && !upperInclusive)
  }
}
