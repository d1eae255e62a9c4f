import { TimeoutError, type Clock, type Random } from '@varve/base'

import { isTransient } from '../cluster/error-class.ts'
import { KafkaError } from '../errors.ts'

const FIRST_PAUSE_MS = 20

/** Since when fetching fails, how long to pause before the next attempt, and when to say so. */
export class FetchFailures {
  readonly #clock: Clock
  readonly #random: Random
  /** Since when nothing was heard from the brokers, monotonic. */
  #sinceMs: number | undefined
  #last: unknown
  #fatal: { readonly error: unknown } | undefined
  #pauseStepMs = FIRST_PAUSE_MS

  constructor(clock: Clock, random: Random) {
    this.#clock = clock
    this.#random = random
  }

  /** A broker answered. */
  succeeded(): void {
    this.#sinceMs = undefined
    this.#pauseStepMs = FIRST_PAUSE_MS
  }

  /** Notes a failure. */
  failed(error: unknown): void {
    this.#last = error
    this.#sinceMs ??= this.#clock.monotonicMs()
    if (!isTransient(error) && !(error instanceof KafkaError)) {
      // Nothing that waiting heals: said at the next poll.
      this.#fatal = { error }
    }
  }

  /** How long to wait now, in milliseconds; longer each time until something succeeds. */
  nextPauseMs(): number {
    const pauseMs = this.#pauseStepMs
    this.#pauseStepMs = Math.min(pauseMs * 2, 1000)
    return pauseMs * (0.5 + this.#random.next() / 2)
  }

  /**
   * Throws what waiting does not heal, once.
   *
   * @throws TimeoutError when nothing succeeded for `deadlineMs`
   */
  throwLasting(deadlineMs: number, address: string): void {
    if (this.#fatal !== undefined) {
      const { error } = this.#fatal
      this.#fatal = undefined
      throw error
    }
    if (this.#sinceMs === undefined) return
    const failingMs = this.#clock.monotonicMs() - this.#sinceMs
    if (failingMs < deadlineMs) return
    this.#sinceMs = undefined
    throw new TimeoutError(`no fetch answered by ${address} for ${Math.round(failingMs)} ms`, {
      cause: this.#last,
    })
  }
}
