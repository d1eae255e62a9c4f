import type { Clock, Timer } from '@varve/base'

/** Runs a step again and again, an interval after the last one ended; never two at once. Does not keep the process alive. */
export class PeriodicTask {
  readonly #clock: Clock
  readonly #intervalMs: number
  readonly #step: () => Promise<void>
  readonly #onError: (error: unknown) => void
  #timer: Timer | undefined
  #running: Promise<void> = Promise.resolve()
  #stopped = false

  constructor(
    clock: Clock,
    intervalMs: number,
    step: () => Promise<void>,
    onError: (error: unknown) => void,
  ) {
    this.#clock = clock
    this.#intervalMs = intervalMs
    this.#step = step
    this.#onError = onError
    this.#arm()
  }

  /** Resolves when a step under way has ended; none begins after. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#timer?.cancel()
    await this.#running
  }

  #arm(): void {
    if (this.#stopped) return
    this.#timer = this.#clock.setTimer(
      () => {
        this.#running = this.#run()
      },
      this.#intervalMs,
      { unref: true },
    )
  }

  async #run(): Promise<void> {
    try {
      await this.#step()
    } catch (error) {
      this.#onError(error)
    }
    this.#arm()
  }
}
