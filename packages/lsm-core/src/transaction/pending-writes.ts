import {
  encodeInternalKey,
  maxSequence,
  sequenceSentinel,
  UnsupportedError,
  ValueType,
  type Comparator,
  type InternalIterator,
} from '@varve/base'
import type { MergeOperator } from '@varve/compaction'
import { Memtable } from '@varve/memtable'
import { WriteBatch } from '@varve/wal'

import { MergeContext } from '../read/merge-context.ts'

/** Memory that the index of one family begins with: transactions are small. */
const initialIndexBytes = 1024

/**
 * The writes of a transaction: the batch that they will be, and an index over it, so that the transaction sees them.
 *
 * The index is a memtable for each family; the sequence number of an entry there is its place in the batch, from 1.
 */
export class PendingWrites {
  readonly batch: WriteBatch = new WriteBatch()
  readonly #comparatorOf: (familyId: number) => Comparator
  #families = new Map<number, Memtable>()
  #lastEntry = 0

  constructor(comparatorOf: (familyId: number) => Comparator) {
    this.#comparatorOf = comparatorOf
  }

  put(familyId: number, key: Uint8Array, value: Uint8Array): void {
    this.batch.putTo(familyId, key, value)
    this.#index(familyId, ValueType.Value, key, value)
  }

  delete(familyId: number, key: Uint8Array): void {
    this.batch.deleteFrom(familyId, key)
    this.#index(familyId, ValueType.Deletion, key)
  }

  singleDelete(familyId: number, key: Uint8Array): void {
    this.batch.singleDelete(key, { cf: { id: familyId } })
    this.#index(familyId, ValueType.SingleDeletion, key)
  }

  merge(familyId: number, key: Uint8Array, operand: Uint8Array): void {
    this.batch.merge(key, operand, { cf: { id: familyId } })
    this.#index(familyId, ValueType.Merge, key, operand)
  }

  /** The value that the transaction sees over what `read` finds in the database. Owned by the caller when `read`'s is. */
  resolve(
    family: { readonly id: number; readonly name: string },
    mergeOperator: MergeOperator | undefined,
    key: Uint8Array,
    read: () => Uint8Array | undefined,
  ): Uint8Array | undefined {
    const index = this.#families.get(family.id)
    let entry = index?.find(key, maxSequence) ?? 0
    if (index === undefined || entry === 0) return read()
    let merge: MergeContext | undefined
    for (; entry !== 0; entry = index.olderEntry(entry)) {
      const type = index.entryType(entry)
      if (type === ValueType.Merge) {
        merge ??= new MergeContext(mergeOperator, family.name, key)
        merge.addOlder(index.entryValue(entry))
        continue
      }
      const base = type === ValueType.Value ? index.entryValue(entry) : undefined
      if (merge !== undefined) return merge.finish(base)
      return base === undefined ? undefined : new Uint8Array(base)
    }
    return merge!.finish(read())
  }

  /** Whether the transaction has written the key. */
  has(familyId: number, key: Uint8Array): boolean {
    return (this.#families.get(familyId)?.find(key, maxSequence) ?? 0) !== 0
  }

  /** Moves over the keys that were written in a family, those written later included. Close it. */
  keys(familyId: number): PendingKeys {
    return new PendingKeys(() => this.#families.get(familyId))
  }

  /** Goes back to the last save point of the batch. */
  rollbackToSavePoint(): void {
    this.batch.rollbackToSavePoint()
    this.#reindex()
  }

  /** Takes over the entries of a batch. @throws UnsupportedError for entries that a transaction does not make */
  rebuildFrom(data: Uint8Array): void {
    const other = WriteBatch.from(data)
    if (!other.plain) throw new UnsupportedError('transactions with other than plain entries')
    this.batch.clear().append(other)
    this.#reindex()
  }

  clear(): void {
    this.batch.clear()
    this.#families = new Map()
    this.#lastEntry = 0
  }

  #reindex(): void {
    this.#families = new Map()
    this.#lastEntry = 0
    this.batch.iterate({
      put: (id, key, value) => this.#index(id, ValueType.Value, key, value),
      delete: (id, key) => this.#index(id, ValueType.Deletion, key),
      singleDelete: (id, key) => this.#index(id, ValueType.SingleDeletion, key),
      merge: (id, key, operand) => this.#index(id, ValueType.Merge, key, operand),
      deleteRange: () => {
        throw new UnsupportedError('range deletions in transactions')
      },
    })
  }

  #index(familyId: number, type: number, key: Uint8Array, value?: Uint8Array): void {
    let index = this.#families.get(familyId)
    if (index === undefined) {
      index = new Memtable({
        comparator: this.#comparatorOf(familyId),
        initialCapacityBytes: initialIndexBytes,
      })
      this.#families.set(familyId, index)
    }
    index.add(++this.#lastEntry, type, key, value)
  }
}

/** Finds neighbours among the keys that a transaction has written in one family. Keys are views until the next call. */
export class PendingKeys {
  readonly #indexOf: () => Memtable | undefined
  #index: Memtable | undefined
  #iterator: InternalIterator | undefined

  constructor(indexOf: () => Memtable | undefined) {
    this.#indexOf = indexOf
  }

  /** First key at or after `key`; without `key` the first of all. */
  atOrAfter(key: Uint8Array | undefined): Uint8Array | undefined {
    const iterator = this.#renewed()
    if (key === undefined) iterator?.seekToFirst()
    else iterator?.seek(encodeInternalKey(key, sequenceSentinel, 0xff))
    return userKey(iterator)
  }

  after(key: Uint8Array): Uint8Array | undefined {
    const iterator = this.#renewed()
    iterator?.seek(encodeInternalKey(key, 0, 0))
    return userKey(iterator)
  }

  /** Last key at or before `key`; without `key` the last of all. */
  atOrBefore(key: Uint8Array | undefined): Uint8Array | undefined {
    const iterator = this.#renewed()
    if (key === undefined) iterator?.seekToLast()
    else iterator?.seekForPrev(encodeInternalKey(key, 0, 0))
    return userKey(iterator)
  }

  before(key: Uint8Array): Uint8Array | undefined {
    const iterator = this.#renewed()
    iterator?.seekForPrev(encodeInternalKey(key, sequenceSentinel, 0xff))
    return userKey(iterator)
  }

  close(): void {
    this.#iterator?.close()
    this.#iterator = undefined
    this.#index = undefined
  }

  /** Going back to a save point replaces the index. */
  #renewed(): InternalIterator | undefined {
    const index = this.#indexOf()
    if (index !== this.#index) {
      this.#iterator?.close()
      this.#index = index
      this.#iterator = index?.iterator()
    }
    return this.#iterator
  }
}

function userKey(iterator: InternalIterator | undefined): Uint8Array | undefined {
  if (iterator?.valid !== true) return undefined
  const { key } = iterator
  return key.subarray(0, key.length - 8)
}
