interface Action {
  readonly run: () => Promise<void>
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/** What others want done on a worker's loop, in order. */
export class ActionQueue {
  readonly #actions: Action[] = []
  #wake: (() => void) | undefined

  /** Nobody waits. */
  get isEmpty(): boolean {
    return this.#actions.length === 0
  }

  /** Resolves when `run` was run on the loop. */
  add(run: () => Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#actions.push({ run, resolve, reject })
      this.wake()
    })
  }

  /** Runs the next one; false when there is none. @throws what it throws, after its owner was told */
  async runNext(): Promise<boolean> {
    const action = this.#actions.shift()
    if (action === undefined) return false
    try {
      await action.run()
    } catch (error) {
      action.reject(error)
      throw error
    }
    action.resolve()
    return true
  }

  /** Resolves when there is an action, or at {@link wake}. */
  async wait(): Promise<void> {
    if (!this.isEmpty) return
    await new Promise<void>((resolve) => {
      this.#wake = resolve
    })
  }

  wake(): void {
    this.#wake?.()
    this.#wake = undefined
  }

  /** The loop has ended: nobody waits any longer. */
  giveUp(): void {
    for (const action of this.#actions.splice(0)) action.resolve()
  }
}
