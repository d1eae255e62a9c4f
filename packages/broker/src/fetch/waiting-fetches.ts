import type { Clock, Timer } from '@varve/base'

import type { AppendListener, PartitionLog } from '../log/partition-log.ts'

/** A fetch that has too little to answer with. */
export interface FetchToWait {
  readonly logs: readonly PartitionLog[]
  /** Bytes that are missing until an answer is worthwhile. */
  readonly missingBytes: number
  /** Markers move the last stable offset and with it more than their own bytes. */
  readonly readCommitted: boolean
  readonly maxWaitMs: number
  readonly signal: AbortSignal | undefined
}

/**
 * Fetch requests that wait for data: woken when enough bytes were appended, when the last stable offset moved, when their time is
 * over, or when the broker closes. Bounded: above the limit a request does not wait.
 */
export class WaitingFetches {
  readonly #clock: Clock
  readonly #maxWaiting: number
  readonly #waiting = new Set<() => void>()
  #closed = false

  constructor(clock: Clock, maxWaiting: number) {
    this.#clock = clock
    this.#maxWaiting = maxWaiting
  }

  get count(): number {
    return this.#waiting.size
  }

  /** Resolves when it is worthwhile to read again; true when time is over, so that the answer must be given as it is. */
  wait(fetch: FetchToWait): Promise<boolean> {
    if (this.#closed || fetch.maxWaitMs <= 0 || this.#waiting.size >= this.#maxWaiting) {
      return Promise.resolve(true)
    }
    return new Promise((resolve) => {
      let missingBytes = fetch.missingBytes
      let timer: Timer | undefined
      const stable = fetch.readCommitted ? fetch.logs.map((log) => log.lastStableOffset) : []
      const listener: AppendListener = (log, bytes) => {
        missingBytes -= bytes
        if (fetch.readCommitted) {
          const known = stable[fetch.logs.indexOf(log)]
          if (known !== log.lastStableOffset) finish(false)
        } else if (missingBytes <= 0) finish(false)
      }
      const finish = (timeIsOver: boolean): void => {
        this.#waiting.delete(expire)
        timer?.cancel()
        fetch.signal?.removeEventListener('abort', expire)
        for (const log of fetch.logs) log.listeners.delete(listener)
        resolve(timeIsOver)
      }
      const expire = (): void => finish(true)
      for (const log of fetch.logs) log.listeners.add(listener)
      fetch.signal?.addEventListener('abort', expire, { once: true })
      this.#waiting.add(expire)
      timer = this.#clock.setTimer(expire, fetch.maxWaitMs)
    })
  }

  /** Lets every waiting request answer at once, and later ones too. */
  close(): void {
    this.#closed = true
    for (const expire of [...this.#waiting]) expire()
  }
}
