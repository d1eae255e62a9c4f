import { assert } from '../errors.ts'
import type { Clock, Timer } from '../clock.ts'

interface PendingTimer {
  readonly at: number
  readonly order: number
  readonly callback: () => void
}

/**
 * A clock that moves only when told to. Timers run inside {@link advance}, in the order of their deadlines, each at its
 * own time, so that a timer set by a timer runs too when it falls into the span.
 */
export class VirtualClock implements Clock {
  #nowMs: number
  #order = 0
  readonly #timers = new Set<PendingTimer>()

  constructor(startMs: number = 1_700_000_000_000) {
    this.#nowMs = startMs
  }

  now(): number {
    return this.#nowMs
  }

  monotonicMs(): number {
    return this.#nowMs
  }

  /** Timers that wait. */
  get pendingTimers(): number {
    return this.#timers.size
  }

  setTimer(callback: () => void, delayMs: number): Timer {
    const timer: PendingTimer = {
      at: this.#nowMs + Math.max(0, delayMs),
      order: this.#order++,
      callback,
    }
    this.#timers.add(timer)
    const cancel = (): void => void this.#timers.delete(timer)
    return { cancel, [Symbol.dispose]: cancel }
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(signal.reason)
        return
      }
      const onAbort = (): void => {
        timer.cancel()
        reject(signal!.reason)
      }
      const timer = this.setTimer(() => {
        signal?.removeEventListener('abort', onAbort)
        resolve()
      }, delayMs)
      signal?.addEventListener('abort', onAbort, { once: true })
    })
  }

  /** Moves time on by `ms`, running what falls due; promises settle between timers. */
  async advance(ms: number): Promise<void> {
    assert(ms >= 0, 'virtual time moves forward')
    const target = this.#nowMs + ms
    for (;;) {
      await settle()
      const timer = this.#nextDue(target)
      if (timer === undefined) break
      this.#run(timer)
    }
    this.#nowMs = target
    await settle()
  }

  /** {@link advance} without letting promises settle. */
  advanceSync(ms: number): void {
    assert(ms >= 0, 'virtual time moves forward')
    const target = this.#nowMs + ms
    for (let timer = this.#nextDue(target); timer !== undefined; timer = this.#nextDue(target))
      this.#run(timer)
    this.#nowMs = target
  }

  #run(timer: PendingTimer): void {
    this.#timers.delete(timer)
    this.#nowMs = Math.max(this.#nowMs, timer.at)
    timer.callback()
  }

  #nextDue(target: number): PendingTimer | undefined {
    let first: PendingTimer | undefined
    for (const timer of this.#timers) {
      if (timer.at > target) continue
      if (
        first === undefined ||
        timer.at < first.at ||
        (timer.at === first.at && timer.order < first.order)
      ) {
        first = timer
      }
    }
    return first
  }
}

/** One turn of the event loop: everything that is already resolved has run its continuations. */
function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}
