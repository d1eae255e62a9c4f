/** Options of {@link DelayedWriteRate}. */
export interface DelayedWriteRateOptions {
  /** Bytes per second that writes get at first when they are slowed, and never more than. Default 16 MiB. */
  readonly maxBytesPerSecond?: number
}

/** What the rate is set by. */
export interface StallPressure {
  /** Bytes that compactions still have to move. */
  readonly pendingCompactionBytes: number
  /** Writes had to stop, or were about to. */
  readonly nearStop: boolean
}

const minBytesPerSecond = 16 * 1024
const slower = 0.8
const muchSlower = 0.6
const faster = 1 / slower

/**
 * How fast writes may be while they are slowed: slower and slower as long as the debt of compactions grows, faster again as it
 * is paid. Source: RocksDB, delayed write rate.
 */
export class DelayedWriteRate {
  readonly #max: number
  #current: number
  #isDelayed = false
  #lastPendingBytes = 0

  constructor({ maxBytesPerSecond = 16 * 1024 * 1024 }: DelayedWriteRateOptions = {}) {
    this.#max = maxBytesPerSecond
    this.#current = maxBytesPerSecond
  }

  /** Bytes per second. */
  get bytesPerSecond(): number {
    return this.#current
  }

  /** Writes are slowed, or are slowed still, and something has changed. */
  adjust({ pendingCompactionBytes, nearStop }: StallPressure): void {
    const last = this.#lastPendingBytes
    this.#lastPendingBytes = pendingCompactionBytes
    if (!this.#isDelayed) {
      this.#isDelayed = true
      if (!nearStop) return
    }
    // A user who asks for less than the least is not meant to be slowed further.
    if (this.#max <= minBytesPerSecond) return
    if (nearStop) this.#set(this.#current * muchSlower)
    else if (last > 0 && last <= pendingCompactionBytes) this.#set(this.#current * slower)
    else if (last > pendingCompactionBytes) this.#set(this.#current * faster)
  }

  /** Writes go on freely. The next time they are slowed they start somewhat faster than they were. */
  recover(): void {
    if (!this.#isDelayed) return
    this.#isDelayed = false
    this.#set(this.#current * 1.4)
  }

  #set(bytesPerSecond: number): void {
    this.#current = Math.min(this.#max, Math.max(minBytesPerSecond, bytesPerSecond))
  }
}
