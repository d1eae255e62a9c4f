import { TimeoutError, type Clock } from '@varve/base'

import type { Position } from './options.ts'
import type { StreamsWorker } from './streams-worker.ts'

/** Whether the inputs of a worker's tasks are committed up to `position`; what none of them reads does not count. */
export function containsPosition(worker: StreamsWorker, position: Position): boolean {
  for (const task of worker.tasks.values()) {
    for (const [key, queue] of task.queues) {
      const wanted = position.get(key)
      if (wanted === undefined) continue
      const contained = task.dirty ? (worker.committed.get(key) ?? 0) : queue.position
      if (contained < wanted) return false
    }
  }
  return true
}

/** Callers that wait until what they wrote is in the stores. */
export class PositionWaiters {
  readonly #clock: Clock
  readonly #waiting = new Set<() => void>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Has them look again at once. */
  wake(): void {
    for (const check of [...this.#waiting]) check()
  }

  /**
   * Resolves when `reached`, which is asked every now and then and at {@link wake}.
   *
   * @param deadlineMs on the monotonic clock
   * @throws TimeoutError when it is not reached by then
   */
  async until(
    reached: () => boolean,
    deadlineMs: number,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    while (!reached()) {
      signal?.throwIfAborted()
      if (this.#clock.monotonicMs() >= deadlineMs) {
        throw new TimeoutError('the position was not reached in time')
      }
      const wake = new AbortController()
      const check = (): void => wake.abort()
      this.#waiting.add(check)
      try {
        await this.#clock.sleep(20, wake.signal).catch(() => {})
      } finally {
        this.#waiting.delete(check)
      }
    }
  }
}
