import type { BatchHeader } from '@varve/kafka-protocol'

/** An aborted transaction as a fetch answer lists it. */
export interface AbortedTransaction {
  readonly producerId: number
  readonly firstOffset: number
}

/**
 * Tells which batches of one fetch answer belong to aborted transactions. Batches are shown to it in offset order.
 *
 * An entry is active from its first offset on until the abort marker of its producer; the list covers the answer it came with, so
 * each answer has a filter of its own.
 */
export class AbortedTransactionFilter {
  readonly #upcoming: AbortedTransaction[]
  readonly #active = new Set<number>()
  #next = 0

  constructor(aborted: readonly AbortedTransaction[]) {
    this.#upcoming = [...aborted].sort((a, b) => a.firstOffset - b.firstOffset)
  }

  /** Whether the data batch must be skipped. */
  isAborted(header: BatchHeader): boolean {
    this.#activate(header.lastOffset)
    return header.isTransactional && !header.isControl && this.#active.has(header.producerId)
  }

  /** A marker of `producerId` at `offset` said "abort". */
  onAbortMarker(producerId: number, offset: number): void {
    this.#activate(offset)
    this.#active.delete(producerId)
  }

  #activate(lastOffset: number): void {
    while (
      this.#next < this.#upcoming.length &&
      this.#upcoming[this.#next]!.firstOffset <= lastOffset
    ) {
      this.#active.add(this.#upcoming[this.#next]!.producerId)
      this.#next++
    }
  }
}
