/** A pending call that {@link Clock.setTimer} arranged. */
export interface Timer extends Disposable {
  /** Drops the call; does nothing when it already ran. */
  cancel(): void
}

/** The port through which time enters: nothing else in Varve asks the operating system what time it is. */
export interface Clock {
  /** Wall clock, milliseconds since the epoch. May step back. */
  now(): number
  /** Monotonic milliseconds with fraction, from an arbitrary start. For durations and deadlines. */
  monotonicMs(): number
  /** Calls `callback` once after `delayMs`. The timer does not keep the process alive when `unref` is true. */
  setTimer(callback: () => void, delayMs: number, options?: { readonly unref?: boolean }): Timer
  /** Resolves after `delayMs`, rejects with the signal's reason when that fires first. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>
}

/** Resolves in a later turn of the event loop: timers and I/O that are due come first. */
export function yieldToEventLoop(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  setTimer(callback, delayMs, options) {
    const handle = setTimeout(callback, delayMs)
    if (options?.unref === true) handle.unref()
    const cancel = (): void => clearTimeout(handle)
    return { cancel, [Symbol.dispose]: cancel }
  },
  sleep(delayMs, signal) {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(signal.reason)
        return
      }
      const onAbort = (): void => {
        clearTimeout(handle)
        reject(signal!.reason)
      }
      const handle = setTimeout(() => {
        signal?.removeEventListener('abort', onAbort)
        resolve()
      }, delayMs)
      signal?.addEventListener('abort', onAbort, { once: true })
    })
  },
}
