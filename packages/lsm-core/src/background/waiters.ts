interface Waiter {
  readonly done: () => boolean
  resolve(): void
  reject(error: unknown): void
}

/** Those who wait for a condition that is looked at again whenever {@link Waiters.settle} is called. */
export class Waiters {
  readonly #failure: () => unknown
  #waiters: Waiter[] = []

  /** `failure` gives the reason why nothing will happen any more, undefined while things go on. */
  constructor(failure: () => unknown) {
    this.#failure = failure
  }

  /** Resolves when `done` holds. @throws the reason why it never will */
  until(done: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiters.push({ done, resolve, reject })
      this.settle()
    })
  }

  /** Lets go of those whose condition holds, and of all when nothing will happen any more. */
  settle(): void {
    const waiters = this.#waiters
    this.#waiters = []
    const failure = this.#failure()
    for (const waiter of waiters) {
      if (waiter.done()) waiter.resolve()
      else if (failure !== undefined) waiter.reject(failure)
      else this.#waiters.push(waiter)
    }
  }
}
