import {
  CorruptionError,
  encodeInternalKey,
  readTrailerSequence,
  ValueType,
  writeTrailer,
  type InternalIterator,
} from '@varve/base'
import type { FragmentedRangeTombstones } from '@varve/sst-format'

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
  /** Whether a value has outlived its time: it is deleted then, unless there are snapshots. */
  readonly isExpired?: ((value: Uint8Array) => boolean) | undefined
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
 * - expired values become tombstones, or go;
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
  #queue: QueuedEntry[] = []
  #queued = 0
  /** Whether the input still stands on the entry that was yielded. */
  #onYielded = false
  #userKey: Uint8Array = new Uint8Array(64)
  #userKeyLength = -1
  /** Stripe that an entry of the current user key has settled; older entries of it are hidden. */
  #settledStripe = -1
  #hasOutput = false
  #zeroed: Uint8Array = new Uint8Array(64)

  constructor(input: InternalIterator, options: CompactionIteratorOptions) {
    this.#input = input
    this.#options = options
    this.#snapshots = options.snapshots
    this.#earliestSnapshot = options.snapshots[0] ?? NO_SNAPSHOT
  }

  seekToFirst(): void {
    this.#input.seekToFirst()
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
    if (!this.#isCurrentKey(key, length)) this.#startKey(key, length)
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
        if (key[length] === ValueType.Value && this.#isExpired()) {
          this.#expire(sequence)
          return false
        }
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
    for (const snapshot of this.#snapshots) if (sequence <= snapshot) return snapshot
    return NO_SNAPSHOT
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
    if (!this.#options.bottommost || sequence > this.#earliestSnapshot || sequence === 0) {
      return this.#yield(key)
    }
    const { length } = key
    if (this.#zeroed.length !== length) this.#zeroed = new Uint8Array(length)
    this.#zeroed.set(key)
    writeTrailer(this.#zeroed, length - 8, 0, key[length - 8]!)
    return this.#yield(this.#zeroed)
  }

  #isExpired(): boolean {
    const { isExpired, snapshots } = this.#options
    return isExpired !== undefined && snapshots.length === 0 && isExpired(this.#input.value)
  }

  /** Older versions further down must not come back: they stay deleted. */
  #expire(sequence: number): void {
    if (!this.#canDropTombstone(sequence)) {
      const key = encodeInternalKey(this.#currentUserKey(), sequence, ValueType.Deletion)
      this.#queue.push({ key, value: new Uint8Array(0) })
    }
    this.#step()
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
        operands.push({ key: new Uint8Array(key), value: new Uint8Array(input.value) })
      } else {
        reachedBase = true
        if (type === ValueType.Value) base = new Uint8Array(input.value)
        else if (type !== ValueType.Deletion && type !== ValueType.SingleDeletion) {
          throw new CorruptionError(`merge over an entry of type ${String(type)}`)
        }
      }
      this.#step()
    }
    const isWhole = reachedBase || (!reachedOlderStripe && this.#options.keyNotBelow(userKey))
    const oldestFirst = operands.map(({ value }) => value).reverse()
    if (isWhole) {
      const zero = this.#options.bottommost && sequence <= this.#earliestSnapshot
      this.#queue.push({
        key: encodeInternalKey(userKey, zero ? 0 : sequence, ValueType.Value),
        value: operator.fullMerge(userKey, base, oldestFirst),
      })
      return
    }
    const combined = operands.length > 1 ? operator.partialMerge?.(userKey, oldestFirst) : undefined
    if (combined === undefined) this.#queue.push(...operands)
    else this.#queue.push({ key: operands[0]!.key, value: combined })
  }
}
