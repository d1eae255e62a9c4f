import { yieldToEventLoop } from '@varve/base'

/** Longest stretch of work between two turns of the event loop. */
const maxTurnMs = 8

/** Says when the present turn of the event loop has lasted long. */
export class TurnLimit {
  #startedMs = 0

  /** Resolves in the next turn; undefined while the present one may go on. */
  yieldIfLong(): Promise<void> | undefined {
    const now = performance.now()
    if (this.#startedMs === 0) {
      this.#startedMs = now
      setImmediate(() => (this.#startedMs = 0))
      return undefined
    }
    if (now - this.#startedMs < maxTurnMs) return undefined
    return yieldToEventLoop()
  }
}
