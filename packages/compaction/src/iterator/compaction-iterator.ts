import {
  CorruptionError,
  encodeInternalKey,
  readTrailerSequence,
  ValueType,
  type InternalIterator,
} from '@varve/base'
import type { FragmentedRangeTombstones } from '@varve/sst-format'

import type { CompactionDecision, CompactionFilter, FilteredType } from './compaction-filter.ts'
import type { MergeOperator } from './merge-operator.ts'

/** What a {@link CompactionIterator} needs to know beyond its input. */
export interface CompactionIteratorOptions {
  /** Live snapshots, ascending. */
  readonly snapshots: readonly number[]
  /** Range tombstones over the input. */
  readonly rangeTombstones: FragmentedRangeTombstones
  /** No deeper level overlaps the compaction. */
  readonly bottommost: boolean
  /** Whether no level below the output can hold the user key. Asked with ascending keys. */
  readonly keyNotBelow: (userKey: Uint8Array) => boolean
  /** Absent: operands are kept as they are. */
  readonly mergeOperator?: MergeOperator | undefined
  /** May remove and change entries. */
  readonly filter?: CompactionFilter | undefined
  /** Level that {@link CompactionFilter.filter} is told. Default 0. */
  readonly startLevel?: number
}

/** An entry that waits in the output queue. */
interface QueuedEntry {
  readonly key: Uint8Array
  readonly value: Uint8Array
}

/** A snapshot that sees everything. */
const NO_SNAPSHOT = Number.POSITIVE_INFINITY

/**
 * Walks merged entries in internal-key order and yields those that must live on.
 *
 * Snapshots divide sequence numbers into stripes; readers can tell apart only versions of different stripes. So for every
 * user key, newest to oldest, at most one version (or one group of merge operands) of each stripe stays. On top of that:
 *
 * - a tombstone goes when nothing below can hold its key and no snapshot is older than it;
 * - a single deletion goes together with the put below it;
 * - operands are merged within a stripe, never across;
 * - entries under a range tombstone of their stripe go;
 * - what a filter removes becomes a tombstone, or goes;
 * - at the bottommost level the sequence number becomes 0 where every reader sees the entry anyway.
 *
 * `key` and `value` are borrowed until {@link CompactionIterator.next}. Source: RocksDB's compaction semantics.
 */
export class CompactionIterator {
  key: Uint8Array = new Uint8Array(0)
  value: Uint8Array = new Uint8Array(0)
  valid = false
  /** Entries taken from the input. */
  entriesRead = 0

  readonly #input: InternalIterator
  readonly #options: CompactionIteratorOptions
  readonly #snapshots: readonly number[]
  readonly #earliestSnapshot: number
  readonly #latestSnapshot: number
  #queue: QueuedEntry[] = []
  #queued = 0
  /** Whether the input still stands on the entry that was yielded. */
  #onYielded = false
  #userKey: Uint8Array = new Uint8Array(64)
  #userKeyLength = -1
  /** Stripe that an entry of the current user key has settled; older entries of it are hidden. */
  #settledStripe = -1
  #hasOutput = false
  /** The entry in work is the newest of its user key. */
  #isNewest = false
  #zeroed: Uint8Array = new Uint8Array(64)

  constructor(input: InternalIterator, options: CompactionIteratorOptions) {
    this.#input = input
    this.#options = options
    this.#snapshots = options.snapshots
    this.#earliestSnapshot = options.snapshots[0] ?? NO_SNAPSHOT
    this.#latestSnapshot = options.snapshots.at(-1) ?? -1
  }

  seekToFirst(): void {
    this.#input.seekToFirst()
    this.#advance()
  }

  /** Begins with the first user key at or after that of the internal key, which is before all its versions. */
  seek(target: Uint8Array): void {
    this.#input.seek(target)
    this.#advance()
  }

  next(): void {
    if (this.#queued < this.#queue.length) {
      this.#takeQueued()
      return
    }
    if (this.#onYielded) this.#step()
    this.#advance()
  }

  #step(): void {
    this.entriesRead++
    this.#input.next()
  }

  #takeQueued(): void {
    const entry = this.#queue[this.#queued++]!
    this.key = entry.key
    this.value = entry.value
    this.valid = true
    this.#hasOutput = true
  }

  /** Processes input until something is yielded. */
  #advance(): void {
    this.#onYielded = false
    this.#queue.length = 0
    this.#queued = 0
    const input = this.#input
    while (input.valid) {
      if (this.#process(input.key)) return
      if (this.#queue.length > 0) {
        this.#takeQueued()
        return
      }
    }
    this.valid = false
  }

  /**
   * Handles the entry the input stands on: true when it is yielded as it is. Else the input has moved on, and what came of
   * the entry is in the queue.
   */
  #process(key: Uint8Array): boolean {
    const length = key.length - 8
    if (length < 0) throw new CorruptionError('internal key without trailer in a compaction')
    this.#isNewest = !this.#isCurrentKey(key, length)
    if (this.#isNewest) this.#startKey(key, length)
    const sequence = readTrailerSequence(key, length)
    const stripe = this.#stripe(sequence)
    if (stripe === this.#settledStripe) {
      this.#step() // hidden by a newer version that every reader of the stripe sees
      return false
    }
    if (this.#isRangeDeleted(sequence, stripe)) {
      this.#settledStripe = stripe
      this.#step()
      return false
    }
    switch (key[length]) {
      case ValueType.Deletion:
        return this.#processDeletion(key, sequence, stripe)
      case ValueType.SingleDeletion:
        return this.#processSingleDeletion(key, sequence, stripe)
      case ValueType.Merge:
        if (this.#options.mergeOperator === undefined) return this.#yield(key)
        this.#processMerge(sequence, stripe, this.#options.mergeOperator)
        return false
      default:
        this.#settledStripe = stripe
        if (this.#options.filter !== undefined && this.#isNewest && key[length] === ValueType.Value)
          return this.#processFiltered(key, sequence, stripe, this.#options.filter)
        return this.#yieldValue(key, sequence)
    }
  }

  #isCurrentKey(key: Uint8Array, length: number): boolean {
    if (length !== this.#userKeyLength) return false
    const current = this.#userKey
    for (let i = length - 1; i >= 0; i--) if (current[i] !== key[i]) return false
    return true
  }

  #startKey(key: Uint8Array, length: number): void {
    if (this.#userKey.length < length) this.#userKey = new Uint8Array(length * 2)
    for (let i = 0; i < length; i++) this.#userKey[i] = key[i]!
    this.#userKeyLength = length
    this.#settledStripe = -1
    this.#hasOutput = false
  }

  /** View of the current user key, borrowed until the next one starts. */
  #currentUserKey(): Uint8Array {
    return this.#userKey.subarray(0, this.#userKeyLength)
  }

  /** Smallest snapshot that sees the sequence number. */
  #stripe(sequence: number): number {
    const snapshots = this.#snapshots
    if (sequence > this.#latestSnapshot) return NO_SNAPSHOT
    let low = 0
    let high = snapshots.length - 1
    while (low < high) {
      const middle = (low + high) >>> 1
      if (snapshots[middle]! < sequence) low = middle + 1
      else high = middle
    }
    return snapshots[low]!
  }

  #isRangeDeleted(sequence: number, stripe: number): boolean {
    const { rangeTombstones } = this.#options
    if (rangeTombstones.empty) return false
    return rangeTombstones.maxCoveringSequence(this.#currentUserKey(), stripe) > sequence
  }

  #yield(key: Uint8Array): true {
    this.key = key
    this.value = this.#input.value
    this.valid = true
    this.#onYielded = true
    this.#hasOutput = true
    return true
  }

  /** Yields a value, with sequence 0 where no reader can tell. */
  #yieldValue(key: Uint8Array, sequence: number): true {
    return this.#yield(this.#canZero(sequence) ? this.#zero(key) : key)
  }

  #canZero(sequence: number): boolean {
    return this.#options.bottommost && sequence <= this.#earliestSnapshot && sequence !== 0
  }

  /** The key with sequence number 0, borrowed until the next call. */
  #zero(key: Uint8Array): Uint8Array {
    const { length } = key
    if (this.#zeroed.length !== length) this.#zeroed = new Uint8Array(length)
    const zeroed = this.#zeroed
    // Sequence number and type; a loop is quicker than a call for what keys are long.
    for (let i = 0; i < length - 7; i++) zeroed[i] = key[i]!
    for (let i = length - 7; i < length; i++) zeroed[i] = 0
    return zeroed
  }

  #processFiltered(
    key: Uint8Array,
    sequence: number,
    stripe: number,
    filter: CompactionFilter,
  ): boolean {
    const decision = this.#decide(filter, this.#input.value, 'value')
    if (decision === 'keep') return this.#yieldValue(key, sequence)
    if (decision !== 'remove') {
      const kept = new Uint8Array(this.#canZero(sequence) ? this.#zero(key) : key)
      // It may be a part of the old one, whose memory the next step reuses.
      this.#queue.push({ key: kept, value: new Uint8Array(decision.changeValue) })
      this.#step()
      return false
    }
    // Older versions further down must not come back: the key stays deleted.
    const tombstone = encodeInternalKey(this.#currentUserKey(), sequence, ValueType.Deletion)
    this.#step()
    if (this.#canDropTombstone(sequence)) return false
    if (!this.#options.bottommost || this.#skipHidden(stripe))
      this.#queue.push({ key: tombstone, value: new Uint8Array(0) })
    return false
  }

  #decide(filter: CompactionFilter, value: Uint8Array, type: FilteredType): CompactionDecision {
    const { startLevel = 0 } = this.#options
    return filter.filter(startLevel, this.#currentUserKey(), value, type)
  }

  #canDropTombstone(sequence: number): boolean {
    return sequence <= this.#earliestSnapshot && this.#options.keyNotBelow(this.#currentUserKey())
  }

  #processDeletion(key: Uint8Array, sequence: number, stripe: number): boolean {
    this.#settledStripe = stripe
    if (this.#canDropTombstone(sequence)) {
      this.#step()
      return false
    }
    if (!this.#options.bottommost) return this.#yield(key)
    // Nothing is below, but a snapshot is older: the tombstone is needed only if an older version stays.
    const saved = new Uint8Array(key)
    this.#step()
    if (this.#skipHidden(stripe)) this.#queue.push({ key: saved, value: new Uint8Array(0) })
    return false
  }

  /** Skips older entries of the current key in the stripe; true when entries of older stripes follow. */
  #skipHidden(stripe: number): boolean {
    const input = this.#input
    while (input.valid) {
      const key = input.key
      const length = key.length - 8
      if (!this.#isCurrentKey(key, length)) return false
      if (this.#stripe(readTrailerSequence(key, length)) !== stripe) return true
      this.#step()
    }
    return false
  }

  #processSingleDeletion(key: Uint8Array, sequence: number, stripe: number): boolean {
    const saved = new Uint8Array(key)
    this.#step()
    const input = this.#input
    const next = input.valid ? input.key : undefined
    const length = saved.length - 8
    const inStripe =
      next !== undefined &&
      this.#isCurrentKey(next, next.length - 8) &&
      this.#stripe(readTrailerSequence(next, length)) === stripe
    if (!inStripe) {
      this.#settledStripe = stripe
      if (!this.#canDropTombstone(sequence)) {
        this.#queue.push({ key: saved, value: new Uint8Array(0) })
      }
      return false
    }
    const type = next[length]!
    if (type === ValueType.SingleDeletion || type === ValueType.Deletion) {
      return false // the older tombstone says as much; it is processed next
    }
    this.#settledStripe = stripe
    if (type === ValueType.Merge) {
      // Undefined by contract; the single deletion stands as a deletion would.
      this.#queue.push({ key: saved, value: new Uint8Array(0) })
      return false
    }
    if (!this.#hasOutput && sequence > this.#earliestSnapshot) {
      // Transactions look for the newest sequence number of a key: the pair stays, the value goes.
      this.#queue.push(
        { key: saved, value: new Uint8Array(0) },
        { key: new Uint8Array(next), value: new Uint8Array(0) },
      )
    }
    this.#step()
    return false
  }

  #processMerge(sequence: number, stripe: number, operator: MergeOperator): void {
    const input = this.#input
    const userKey = new Uint8Array(this.#currentUserKey())
    const length = userKey.length
    /** Newest first. */
    const operands: QueuedEntry[] = []
    let base: Uint8Array | undefined
    let reachedBase = false
    let baseSequence = 0
    let reachedTombstone = false
    let reachedOlderStripe = false
    this.#settledStripe = stripe
    while (input.valid && !reachedBase) {
      const key = input.key
      if (!this.#isCurrentKey(key, key.length - 8)) break
      const at = readTrailerSequence(key, length)
      if (this.#stripe(at) !== stripe) {
        reachedOlderStripe = true
        break
      }
      if (this.#isRangeDeleted(at, stripe)) {
        reachedBase = true
        break // the rest of the stripe is hidden and skipped by the caller's loop
      }
      const type = key[length]
      if (type === ValueType.Merge) {
        const operand = this.#filteredOperand(at)
        if (operand !== undefined) operands.push({ key: new Uint8Array(key), value: operand })
      } else {
        reachedBase = true
        baseSequence = at
        if (type === ValueType.Value) base = new Uint8Array(input.value)
        else if (type === ValueType.Deletion || type === ValueType.SingleDeletion) {
          reachedTombstone = true
        } else throw new CorruptionError(`merge over an entry of type ${String(type)}`)
      }
      this.#step()
    }
    const isWhole = reachedBase || (!reachedOlderStripe && this.#options.keyNotBelow(userKey))
    if (operands.length === 0) {
      // The filter took them all: what was below them is what there is.
      if (base !== undefined) this.#pushValue(userKey, baseSequence, base)
      else if (reachedTombstone) this.#pushTombstone(userKey, baseSequence)
      return
    }
    const oldestFirst = operands.map(({ value }) => value).reverse()
    if (isWhole) {
      this.#pushValue(userKey, sequence, operator.fullMerge(userKey, base, oldestFirst))
      return
    }
    const combined = operands.length > 1 ? operator.partialMerge?.(userKey, oldestFirst) : undefined
    if (combined === undefined) this.#queue.push(...operands)
    else this.#queue.push({ key: operands[0]!.key, value: combined })
  }

  /** The operand the input stands on as the filter leaves it; `undefined` when it removes it. */
  #filteredOperand(sequence: number): Uint8Array | undefined {
    const { filter } = this.#options
    const { value } = this.#input
    if (filter === undefined || sequence <= this.#latestSnapshot) return new Uint8Array(value)
    const decision = this.#decide(filter, value, 'mergeOperand')
    if (decision === 'keep') return new Uint8Array(value)
    return decision === 'remove' ? undefined : new Uint8Array(decision.changeValue)
  }

  #pushValue(userKey: Uint8Array, sequence: number, value: Uint8Array): void {
    const kept = this.#canZero(sequence) ? 0 : sequence
    this.#queue.push({ key: encodeInternalKey(userKey, kept, ValueType.Value), value })
  }

  #pushTombstone(userKey: Uint8Array, sequence: number): void {
    if (this.#canDropTombstone(sequence)) return
    const key = encodeInternalKey(userKey, sequence, ValueType.Deletion)
    this.#queue.push({ key, value: new Uint8Array(0) })
  }
}
