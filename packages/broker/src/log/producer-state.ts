import type { BatchHeader } from '@varve/kafka-protocol'

import type { ProducerSnapshotEntry } from './producer-snapshot.ts'

/** Batches per producer that are remembered, as many as a producer may have in flight. */
const BATCHES_KEPT = 5

const SEQUENCE_MAX = 0x7fffffff

interface BatchMemory {
  readonly firstSequence: number
  readonly lastSequence: number
  readonly firstOffset: number
  readonly lastOffset: number
  readonly timestamp: number
}

interface ProducerEntry {
  epoch: number
  batches: BatchMemory[]
  timestamp: number
  coordinatorEpoch: number
  /** -1: no open transaction. */
  transactionFirstOffset: number
}

/** What the table says to a batch that wants to be appended. */
export type SequenceVerdict =
  | { readonly kind: 'append' }
  | { readonly kind: 'duplicate'; readonly firstOffset: number; readonly timestamp: number }
  | { readonly kind: 'fenced' }
  | { readonly kind: 'out-of-order'; readonly expected: number }

/** A transaction that a marker just ended. */
export interface CompletedTransaction {
  readonly producerId: number
  readonly firstOffset: number
  readonly lastOffset: number
  readonly committed: boolean
}

/**
 * Who produces to a partition: epochs, sequences of the last five batches, open transactions.
 *
 * The first offset of the oldest open transaction is the last stable offset: transactions are kept in the order they began, so the
 * oldest is the first of a Map.
 */
export class ProducerStateTable {
  readonly #producers = new Map<number, ProducerEntry>()
  /** Producer id → first offset, in order of offsets. */
  readonly #open = new Map<number, number>()

  /** First offset of the oldest open transaction; `undefined` when none is open. */
  get firstUnstableOffset(): number | undefined {
    for (const offset of this.#open.values()) return offset
    return undefined
  }

  get size(): number {
    return this.#producers.size
  }

  /** Judges a batch with a producer id, before it is appended. */
  check(header: BatchHeader): SequenceVerdict {
    const entry = this.#producers.get(header.producerId)
    if (entry === undefined) return { kind: 'append' }
    if (header.producerEpoch < entry.epoch) return { kind: 'fenced' }
    const last = entry.batches.at(-1)
    if (header.producerEpoch > entry.epoch) {
      return header.baseSequence === 0 ? { kind: 'append' } : { kind: 'out-of-order', expected: 0 }
    }
    if (last === undefined) return { kind: 'append' }
    const lastSequence = sequenceAfter(header.baseSequence, header.lastOffsetDelta)
    for (const batch of entry.batches) {
      if (batch.firstSequence === header.baseSequence && batch.lastSequence === lastSequence) {
        return { kind: 'duplicate', firstOffset: batch.firstOffset, timestamp: batch.timestamp }
      }
    }
    const expected = sequenceAfter(last.lastSequence, 1)
    return header.baseSequence === expected
      ? { kind: 'append' }
      : { kind: 'out-of-order', expected }
  }

  /**
   * Notes an appended data batch that has a producer id. `header.baseOffset` is the one in the log. `seenMs` is the broker's clock: record times may
   * be years old and must not let a producer expire.
   */
  noteBatch(header: BatchHeader, seenMs: number): void {
    const entry = this.#entry(header.producerId, header.producerEpoch)
    if (header.baseSequence >= 0) {
      entry.batches.push({
        firstSequence: header.baseSequence,
        lastSequence: sequenceAfter(header.baseSequence, header.lastOffsetDelta),
        firstOffset: header.baseOffset,
        lastOffset: header.lastOffset,
        timestamp: header.maxTimestamp,
      })
      if (entry.batches.length > BATCHES_KEPT) entry.batches.shift()
    }
    entry.timestamp = seenMs
    if (header.isTransactional && entry.transactionFirstOffset < 0) {
      entry.transactionFirstOffset = header.baseOffset
      this.#open.set(header.producerId, header.baseOffset)
    }
  }

  /** Notes a transaction marker; tells the transaction it ended, if one was open. */
  noteMarker(marker: {
    readonly producerId: number
    readonly producerEpoch: number
    readonly committed: boolean
    readonly coordinatorEpoch: number
    readonly offset: number
    readonly timestampMs: number
  }): CompletedTransaction | undefined {
    const entry = this.#entry(marker.producerId, marker.producerEpoch)
    entry.coordinatorEpoch = marker.coordinatorEpoch
    entry.timestamp = marker.timestampMs
    const firstOffset = entry.transactionFirstOffset
    if (firstOffset < 0) return undefined
    entry.transactionFirstOffset = -1
    this.#open.delete(marker.producerId)
    return {
      producerId: marker.producerId,
      firstOffset,
      lastOffset: marker.offset,
      committed: marker.committed,
    }
  }

  /** Producers with an open transaction, with their epochs. */
  openTransactions(): { readonly producerId: number; readonly producerEpoch: number }[] {
    return Array.from(this.#open.keys(), (producerId) => ({
      producerId,
      producerEpoch: this.#producers.get(producerId)?.epoch ?? 0,
    }))
  }

  /** Last data offset of the producer in this partition; -1 when none is known. */
  lastOffsetOf(producerId: number): number {
    return this.#producers.get(producerId)?.batches.at(-1)?.lastOffset ?? -1
  }

  /** Whether this producer has a transaction open in the partition. */
  hasOpenTransaction(producerId: number): boolean {
    return this.#open.has(producerId)
  }

  /** Forgets producers without an open transaction whose last batch is older than `olderThanMs`. */
  expire(olderThanMs: number): void {
    for (const [producerId, entry] of this.#producers) {
      if (entry.transactionFirstOffset < 0 && entry.timestamp < olderThanMs) {
        this.#producers.delete(producerId)
      }
    }
  }

  snapshot(): ProducerSnapshotEntry[] {
    return Array.from(this.#producers, ([producerId, entry]) => {
      const last = entry.batches.at(-1)
      return {
        producerId,
        producerEpoch: entry.epoch,
        lastSequence: last?.lastSequence ?? -1,
        lastOffset: last?.lastOffset ?? -1,
        offsetDelta: last === undefined ? 0 : last.lastOffset - last.firstOffset,
        timestamp: entry.timestamp,
        coordinatorEpoch: entry.coordinatorEpoch,
        currentTransactionFirstOffset: entry.transactionFirstOffset,
      }
    })
  }

  static fromSnapshot(entries: readonly ProducerSnapshotEntry[]): ProducerStateTable {
    const table = new ProducerStateTable()
    for (const entry of entries) {
      table.#producers.set(entry.producerId, {
        epoch: entry.producerEpoch,
        batches:
          entry.lastSequence < 0
            ? []
            : [
                {
                  firstSequence: sequenceAfter(entry.lastSequence, -entry.offsetDelta),
                  lastSequence: entry.lastSequence,
                  firstOffset: entry.lastOffset - entry.offsetDelta,
                  lastOffset: entry.lastOffset,
                  timestamp: entry.timestamp,
                },
              ],
        timestamp: entry.timestamp,
        coordinatorEpoch: entry.coordinatorEpoch,
        transactionFirstOffset: entry.currentTransactionFirstOffset,
      })
    }
    const open = entries.filter((entry) => entry.currentTransactionFirstOffset >= 0)
    open.sort((a, b) => a.currentTransactionFirstOffset - b.currentTransactionFirstOffset)
    for (const entry of open) {
      table.#open.set(entry.producerId, entry.currentTransactionFirstOffset)
    }
    return table
  }

  /** The entry, created or moved to the epoch; a new epoch begins its sequences anew. */
  #entry(producerId: number, epoch: number): ProducerEntry {
    let entry = this.#producers.get(producerId)
    if (entry === undefined) {
      entry = {
        epoch,
        batches: [],
        timestamp: -1,
        coordinatorEpoch: -1,
        transactionFirstOffset: -1,
      }
      this.#producers.set(producerId, entry)
    } else if (epoch > entry.epoch) {
      entry.epoch = epoch
      entry.batches = []
    }
    return entry
  }
}

/** Sequences run from 0 to 2^31 - 1 and begin again. */
function sequenceAfter(sequence: number, delta: number): number {
  const next = sequence + delta
  if (next > SEQUENCE_MAX) return next - SEQUENCE_MAX - 1
  return next < 0 ? next + SEQUENCE_MAX + 1 : next
}
