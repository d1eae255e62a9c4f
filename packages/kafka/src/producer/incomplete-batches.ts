import type { ProducerBatch } from './producer-batch.ts'

interface Waiter {
  readonly batches: Set<ProducerBatch>
  readonly resolve: () => void
}

/** Batches that are neither acknowledged nor failed, and who waits for those of a moment. */
export class IncompleteBatches {
  readonly #batches = new Set<ProducerBatch>()
  readonly #waiters = new Set<Waiter>()

  add(batch: ProducerBatch): void {
    this.#batches.add(batch)
  }

  /** The parts take the place of a batch that was too large. */
  split(batch: ProducerBatch, parts: readonly ProducerBatch[]): void {
    for (const waiting of [this.#batches, ...[...this.#waiters].map((w) => w.batches)]) {
      if (!waiting.delete(batch)) continue
      for (const part of parts) waiting.add(part)
    }
  }

  /** The batch is acknowledged, or has failed. */
  complete(batch: ProducerBatch): void {
    this.#batches.delete(batch)
    for (const waiter of this.#waiters) {
      waiter.batches.delete(batch)
      if (waiter.batches.size > 0) continue
      this.#waiters.delete(waiter)
      waiter.resolve()
    }
  }

  /** Resolves when those that are incomplete now are complete; later ones are not waited for. */
  async completed(): Promise<void> {
    if (this.#batches.size === 0) return
    await new Promise<void>((resolve) => {
      this.#waiters.add({ batches: new Set(this.#batches), resolve })
    })
  }
}
