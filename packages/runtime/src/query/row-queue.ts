import type { ResultRow } from '../engine/query-types.ts'

/** How a {@link RowQueue} ended. */
export type QueueEnd =
  | { readonly kind: 'limit' | 'complete' | 'closed' }
  | { readonly kind: 'failed'; readonly error: unknown }

/**
 * Rows between a push query, which produces in bursts, and its reader, which may be slow.
 *
 * Bounded: above `rowsMax` it asks the producer to pause, and to go on once half of it is read. Rows of a burst that is under way are
 * still taken, so nothing is lost; the overshoot is what the producer hands over before it heeds the pause.
 */
export class RowQueue {
  readonly #rowsMax: number
  readonly #onPause: () => void
  readonly #onResume: () => void
  #rows: ResultRow[] = []
  #paused = false
  #end: QueueEnd | undefined
  #wake: (() => void) | undefined

  constructor(rowsMax: number, onPause: () => void, onResume: () => void) {
    this.#rowsMax = rowsMax
    this.#onPause = onPause
    this.#onResume = onResume
  }

  /** How it ended; `undefined` while it goes on. */
  get end(): QueueEnd | undefined {
    return this.#end
  }

  /** Adds a row; ignored after the end. */
  push(row: ResultRow): void {
    if (this.#end !== undefined) return
    this.#rows.push(row)
    if (!this.#paused && this.#rows.length >= this.#rowsMax) {
      this.#paused = true
      this.#onPause()
    }
    this.#notify()
  }

  /** Ends it; rows that wait are still read, except after a failure or a close. The first end counts. */
  finish(end: QueueEnd): void {
    if (this.#end !== undefined) return
    this.#end = end
    if (end.kind === 'closed') this.#rows = []
    this.#notify()
  }

  /** Batches of rows as they come, to the end. @throws what it failed with */
  async *batches(): AsyncGenerator<readonly ResultRow[]> {
    for (;;) {
      if (this.#rows.length > 0) {
        const batch = this.#rows
        this.#rows = []
        if (this.#paused && this.#end === undefined) {
          this.#paused = false
          this.#onResume()
        }
        yield batch
        continue
      }
      if (this.#end?.kind === 'failed') throw this.#end.error
      if (this.#end !== undefined) return
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }

  #notify(): void {
    const wake = this.#wake
    this.#wake = undefined
    wake?.()
  }
}
