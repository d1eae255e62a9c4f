import { AbortedError, TimeoutError, type Clock, type Random } from '@varve/base'

/** A moment on the monotonic clock by which something must be done. */
export class Deadline {
  readonly #clock: Clock
  readonly #at: number

  constructor(clock: Clock, afterMs: number) {
    this.#clock = clock
    this.#at = clock.monotonicMs() + afterMs
  }

  get remainingMs(): number {
    return Math.max(0, this.#at - this.#clock.monotonicMs())
  }

  get passed(): boolean {
    return this.#clock.monotonicMs() >= this.#at
  }
}

/** Growing pauses with jitter: `firstMs` doubled up to `maxMs`, each between half and all of it. */
export class Backoff {
  readonly #clock: Clock
  readonly #random: Random
  readonly #firstMs: number
  readonly #maxMs: number
  #nextMs: number

  constructor(
    environment: { readonly clock: Clock; readonly random: Random },
    options: { readonly firstMs?: number; readonly maxMs?: number } = {},
  ) {
    this.#clock = environment.clock
    this.#random = environment.random
    this.#firstMs = options.firstMs ?? 20
    this.#maxMs = options.maxMs ?? 1000
    this.#nextMs = this.#firstMs
  }

  reset(): void {
    this.#nextMs = this.#firstMs
  }

  /**
   * Sleeps for the next pause, at most until the deadline.
   *
   * @throws TimeoutError when the deadline has passed, with `cause` as its cause.
   */
  async pause(
    deadline: Deadline,
    describe: () => string,
    cause: unknown,
    signal?: AbortSignal,
  ): Promise<void> {
    if (signal?.aborted === true) throw new AbortedError(`${describe()}: given up`, { cause })
    const pauseMs = this.#nextMs * (0.5 + this.#random.next() / 2)
    this.#nextMs = Math.min(this.#nextMs * 2, this.#maxMs)
    if (deadline.remainingMs <= pauseMs) throw new TimeoutError(describe(), { cause })
    await this.#clock.sleep(pauseMs, signal)
  }
}
