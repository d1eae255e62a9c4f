/** Runs asynchronous steps one after the other, in the order they were asked for. */
export class SerialQueue {
  #last: Promise<unknown> = Promise.resolve()

  run<T>(step: () => Promise<T>): Promise<T> {
    const result = this.#last.then(step)
    // The chain goes on after a failed step; the failure belongs to whoever asked for it.
    this.#last = result.catch(() => undefined)
    return result
  }
}
