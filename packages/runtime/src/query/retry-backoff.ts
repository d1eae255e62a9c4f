/** How long a failed query rests before it is started again: the first delay doubles with each failure up to the maximum. */
export interface BackoffOptions {
  /** Default 15,000. */
  readonly initialMs?: number
  /** Default 900,000. */
  readonly maxMs?: number
}

/** Counts failures and names the next delay. */
export class RetryBackoff {
  readonly #initialMs: number
  readonly #maxMs: number
  #nextMs: number

  constructor(options: BackoffOptions = {}) {
    this.#initialMs = options.initialMs ?? 15_000
    this.#maxMs = Math.max(options.maxMs ?? 900_000, this.#initialMs)
    this.#nextMs = this.#initialMs
  }

  /** Milliseconds until the next attempt. */
  nextDelayMs(): number {
    const delay = this.#nextMs
    this.#nextMs = Math.min(delay * 2, this.#maxMs)
    return delay
  }

  /** The query ran long enough to count as well again. */
  reset(): void {
    this.#nextMs = this.#initialMs
  }
}
