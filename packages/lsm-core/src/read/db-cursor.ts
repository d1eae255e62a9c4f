import {
  copyRange,
  encodeInternalKey,
  NotOpenError,
  ownedBytes,
  readTrailerSequence,
  sequenceSentinel,
  toBytes,
  UnsupportedError,
  ValueType,
  valueTypeForSeek,
  type Comparator,
  type InternalIterator,
} from '@varve/base'
import type { RangeTombstoneList } from '@varve/memtable'

import type { Cursor } from '../db/handles.ts'
import { withoutTime } from '../write/value-time.ts'
import type { CursorBounds } from './cursor-bounds.ts'
import { MergeContext } from './merge-context.ts'
import type { LookupEnvironment } from './point-lookup.ts'
import { defaultColumnOf } from './wide-columns.ts'

/** Hidden versions that are stepped over before seeking past them pays. */
const maxSequentialSkips = 8

/** What a cursor reads. */
export interface CursorSource {
  /** All sources of the family merged; not positioned. */
  readonly iterator: InternalIterator
  /** Order, merge operator and names of the family. */
  readonly lookup: LookupEnvironment
  readonly snapshot: number
  /** Range tombstones of what the iterator has entered, or more; grows as it moves. */
  readonly rangeTombstones: RangeTombstoneList
  /** Lets iterator, memtables and tables go. */
  release(): void
}

/** Where a cursor comes from. */
export interface CursorOrigin {
  /** What there is to read at `snapshot`; undefined: at this moment. */
  open(snapshot?: number): CursorSource
  /** Told once, when the cursor is closed. */
  onClose(cursor: DBCursor): void
}

/**
 * The visible entries of a family in order: of the versions of a key the newest at or before the snapshot, unless it or a
 * range tombstone deletes the key; merge operands combined.
 *
 * Moving forward the merged iterator stands on the current entry (or behind it, after a merge). Moving backward it stands
 * before all versions of the current key, and key and value are kept in copies.
 */
export class DBCursor implements Cursor {
  readonly #origin: CursorOrigin
  #source: CursorSource
  #iterator: InternalIterator
  readonly #comparator: Comparator
  readonly #bounds: CursorBounds
  #valid = false
  #backward = false
  #keyBuffer: Uint8Array = ownedBytes(64)
  #key: Uint8Array = this.#keyBuffer
  /** Length of the view `#key`; -1 when it is not of the buffer. */
  #keyLength = -1
  /** Value kept apart from the iterator: of a merge, of an entity, or of a backward move. */
  #keptValue: Uint8Array | undefined
  #closed = false

  /** Reads at `snapshot`; undefined: at this moment. */
  constructor(origin: CursorOrigin, bounds: CursorBounds, snapshot?: number) {
    this.#origin = origin
    this.#source = origin.open(snapshot)
    this.#iterator = this.#source.iterator
    this.#comparator = this.#source.lookup.comparator.user
    this.#bounds = bounds
  }

  get valid(): boolean {
    return this.#valid
  }

  get key(): Uint8Array {
    return this.#key
  }

  get value(): Uint8Array {
    return this.#keptValue ?? this.#plainValue(ValueType.Value, this.#iterator.value)
  }

  seekToFirst(): void {
    const { lower, lowerInclusive } = this.#bounds
    if (lower === undefined) {
      this.#iterator.seekToFirst()
    } else {
      this.#seekInternal(lower, lowerInclusive)
    }
    this.#findForward(false)
  }

  seekToLast(): void {
    const { upper, upperInclusive } = this.#bounds
    if (upper === undefined) this.#iterator.seekToLast()
    else this.#seekBefore(upper, upperInclusive)
    this.#findBackward()
  }

  seek(target: string | Uint8Array): void {
    const key = toBytes(target)
    const { lower, lowerInclusive } = this.#bounds
    if (lower !== undefined && this.#comparator.compare(key, lower) <= 0) {
      this.#seekInternal(lower, lowerInclusive)
    } else {
      this.#seekInternal(key, true)
    }
    this.#findForward(false)
  }

  seekForPrev(target: string | Uint8Array): void {
    const key = toBytes(target)
    const { upper, upperInclusive } = this.#bounds
    if (upper !== undefined && this.#comparator.compare(key, upper) >= 0) {
      this.#seekBefore(upper, upperInclusive)
    } else {
      this.#seekBefore(key, true)
    }
    this.#findBackward()
  }

  next(): void {
    if (!this.#valid) return
    if (this.#backward) {
      // The iterator stands before the current key: go back behind its versions.
      this.#iterator.seek(encodeInternalKey(this.#key, 0, 0))
      this.#findForward(true)
    } else {
      if (this.#keptValue === undefined) this.#iterator.next()
      this.#findForward(true)
    }
  }

  prev(): void {
    if (!this.#valid) return
    if (!this.#backward) {
      this.#iterator.seekForPrev(encodeInternalKey(this.#key, sequenceSentinel, 0xff))
    }
    this.#findBackward()
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#valid = false
    this.#keptValue = undefined
    this.#source.release()
    this.#origin.onClose(this)
  }

  [Symbol.dispose](): void {
    this.close()
  }

  refresh(snapshot?: { readonly sequence: number }): void {
    if (this.#closed) throw new NotOpenError('the cursor is closed')
    // Opened first: when that fails the cursor stays what it was.
    const source = this.#origin.open(snapshot?.sequence)
    this.#source.release()
    this.#source = source
    this.#iterator = source.iterator
    this.#valid = false
    this.#keptValue = undefined
  }

  /** To the first version at or after `userKey` (after all of its versions when not inclusive). */
  #seekInternal(userKey: Uint8Array, inclusive: boolean): void {
    if (inclusive) {
      this.#iterator.seek(encodeInternalKey(userKey, this.#source.snapshot, valueTypeForSeek))
      return
    }
    this.#saveKey(userKey, userKey.length)
    this.#iterator.seek(encodeInternalKey(userKey, 0, 0))
    while (this.#iterator.valid && this.#isSavedKey()) this.#iterator.next()
  }

  /** To the last version before `userKey`, or up to it when inclusive. */
  #seekBefore(userKey: Uint8Array, inclusive: boolean): void {
    this.#iterator.seekForPrev(
      inclusive
        ? encodeInternalKey(userKey, 0, 0)
        : encodeInternalKey(userKey, sequenceSentinel, 0xff),
    )
  }

  /**
   * Moves on to the next visible entry; with `skipping` past the versions of the saved key.
   * Every version of a key that follows the first visible one is hidden by it.
   */
  #findForward(skipping: boolean): void {
    const { snapshot, rangeTombstones } = this.#source
    const { upper, upperInclusive } = this.#bounds
    const iterator = this.#iterator
    this.#backward = false
    this.#keptValue = undefined
    this.#valid = false
    let skips = 0
    while (iterator.valid) {
      const internal = iterator.key
      const userLength = internal.length - 8
      if (skipping && this.#isSavedKey(internal)) {
        if (++skips > maxSequentialSkips) {
          skips = 0
          iterator.seek(encodeInternalKey(this.#key, 0, 0))
          // At most one entry is left of the key: sequence 0, type 0.
          while (iterator.valid && this.#isSavedKey()) iterator.next()
        } else {
          iterator.next()
        }
        continue
      }
      skipping = false
      const sequence = readTrailerSequence(internal, userLength)
      if (sequence > snapshot) {
        // Newer than the snapshot: step over, or seek over when there are many.
        if (++skips > maxSequentialSkips) {
          skips = 0
          iterator.seek(
            encodeInternalKey(internal.subarray(0, userLength), snapshot, valueTypeForSeek),
          )
        } else {
          iterator.next()
        }
        continue
      }
      if (upper !== undefined) {
        const order = this.#comparator.compare(internal.subarray(0, userLength), upper)
        if (order > 0 || (order === 0 && !upperInclusive)) return
      }
      const type = internal[userLength]!
      this.#saveKey(internal, userLength)
      skips = 0
      if (
        type === ValueType.Deletion ||
        type === ValueType.SingleDeletion ||
        (rangeTombstones.size > 0 &&
          rangeTombstones.maxCoveringSequence(this.#key, snapshot) > sequence)
      ) {
        skipping = true
        iterator.next()
        continue
      }
      if (type === ValueType.Value) {
        this.#valid = true
        return
      }
      if (type === ValueType.Merge) {
        this.#keptValue = this.#mergeForward()
        this.#valid = true
        return
      }
      this.#keptValue = this.#plainValue(type, iterator.value)
      iterator.next()
      this.#valid = true
      return
    }
  }

  /** Combines the operands from the current entry on; leaves the iterator behind the last one used. */
  #mergeForward(): Uint8Array {
    const { rangeTombstones, snapshot, lookup } = this.#source
    const iterator = this.#iterator
    const context = new MergeContext(lookup.mergeOperator, lookup.familyName, this.#key)
    const tombstone =
      rangeTombstones.size > 0 ? rangeTombstones.maxCoveringSequence(this.#key, snapshot) : -1
    while (iterator.valid && this.#isSavedKey()) {
      const internal = iterator.key
      const type = internal[internal.length - 8]!
      if (readTrailerSequence(internal, internal.length - 8) < tombstone) break
      if (type === ValueType.Deletion || type === ValueType.SingleDeletion) break
      if (type !== ValueType.Merge) {
        // Given to the operator before the next move takes its memory.
        const merged = context.finish(this.#plainValue(type, iterator.value))
        iterator.next()
        return merged
      }
      context.addOlder(this.#plainValue(ValueType.Value, iterator.value))
      iterator.next()
    }
    return context.finish(undefined)
  }

  /** The iterator stands on the oldest version of a key, or of an earlier one; finds the key that is visible and keeps it. */
  #findBackward(): void {
    const { snapshot, rangeTombstones } = this.#source
    const { lower, lowerInclusive } = this.#bounds
    const iterator = this.#iterator
    this.#backward = true
    this.#keptValue = undefined
    this.#valid = false
    while (iterator.valid) {
      const first = iterator.key
      this.#saveKey(first, first.length - 8)
      if (lower !== undefined) {
        const order = this.#comparator.compare(this.#key, lower)
        if (order < 0 || (order === 0 && !lowerInclusive)) return
      }
      // Versions come oldest first; the last one at or before the snapshot counts.
      let steps = 0
      let type = -1
      let sequence = -1
      let value: Uint8Array | undefined
      let fallback = false
      while (iterator.valid && this.#isSavedKey()) {
        const internal = iterator.key
        const entrySequence = readTrailerSequence(internal, internal.length - 8)
        if (++steps > maxSequentialSkips) {
          fallback = true
          break
        }
        if (entrySequence <= snapshot) {
          type = internal[internal.length - 8]!
          sequence = entrySequence
          if (type === ValueType.Merge) {
            fallback = true
            break
          }
          // With its time: a version that no reader sees any more may have lost its value.
          value = type === ValueType.Value ? new Uint8Array(iterator.value) : undefined
          if (
            value === undefined &&
            type !== ValueType.Deletion &&
            type !== ValueType.SingleDeletion
          ) {
            value = new Uint8Array(this.#plainValue(type, iterator.value))
          }
        }
        iterator.prev()
      }
      if (fallback) {
        value = this.#resolveSavedKey()
        iterator.seekForPrev(encodeInternalKey(this.#key, sequenceSentinel, 0xff))
      } else if (
        value !== undefined &&
        rangeTombstones.size > 0 &&
        rangeTombstones.maxCoveringSequence(this.#key, snapshot) > sequence
      ) {
        value = undefined
      }
      if (value !== undefined) {
        this.#keptValue =
          !fallback && type === ValueType.Value ? this.#plainValue(type, value) : value
        this.#valid = true
        return
      }
    }
  }

  /** The visible value of the saved key, found by a seek from its newest version. */
  #resolveSavedKey(): Uint8Array | undefined {
    const { snapshot, rangeTombstones } = this.#source
    const iterator = this.#iterator
    iterator.seek(encodeInternalKey(this.#key, snapshot, valueTypeForSeek))
    if (!iterator.valid || !this.#isSavedKey()) return undefined
    const internal = iterator.key
    const type = internal[internal.length - 8]!
    if (type === ValueType.Deletion || type === ValueType.SingleDeletion) return undefined
    const sequence = readTrailerSequence(internal, internal.length - 8)
    if (
      rangeTombstones.size > 0 &&
      rangeTombstones.maxCoveringSequence(this.#key, snapshot) > sequence
    ) {
      return undefined
    }
    if (type === ValueType.Merge) return this.#mergeForward()
    return new Uint8Array(this.#plainValue(type, iterator.value))
  }

  #plainValue(type: number, value: Uint8Array): Uint8Array {
    if (type === ValueType.Value) return this.#source.lookup.hasTimes ? withoutTime(value) : value
    if (type === ValueType.WideColumnEntity) return new Uint8Array(defaultColumnOf(value))
    if (type === ValueType.BlobIndex) return this.#source.lookup.tables.blobs.read(this.#key, value)
    throw new UnsupportedError(`value type ${type} in family "${this.#source.lookup.familyName}"`)
  }

  #isSavedKey(internal: Uint8Array = this.#iterator.key): boolean {
    const key = this.#key
    const length = key.length
    if (internal.length - 8 !== length) return false
    for (let i = length - 1; i >= 0; i--) if (internal[i] !== key[i]) return false
    return true
  }

  #saveKey(bytes: Uint8Array, length: number): void {
    if (length > this.#keyBuffer.length) {
      this.#keyBuffer = ownedBytes(length * 2)
      this.#keyLength = -1
    }
    const buffer = this.#keyBuffer
    copyRange(bytes, 0, length, buffer, 0)
    if (this.#keyLength !== length) {
      this.#keyLength = length
      this.#key = buffer.subarray(0, length)
    }
  }
}
