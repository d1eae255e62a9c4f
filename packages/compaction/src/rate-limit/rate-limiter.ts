import { InvalidOptionError, systemClock, type Clock } from '@varve/base'

/** Who asks: flushes are `high`, because writes wait for them; compactions are `low`. */
export type IoPriority = 'high' | 'low'

/** Options of {@link RateLimiter.create}. */
export interface RateLimiterOptions {
  readonly bytesPerSecond: number
  /** How often bytes are granted; longer bursts, less waiting in between. Default 100 ms. */
  readonly refillPeriodMs?: number
  /** Of so many turns one goes to compactions although flushes wait. Default 10. */
  readonly fairness?: number
}

/**
 * Cells of the shared memory, 32-bit. Time is that of the wall clock: monotonic time has another origin in every thread, and a
 * step of the wall clock ends a period early or late, no more.
 */
const cell = {
  /** Bytes that may still be granted in this period. */
  available: 0,
  /** Number of the period, counted from the beginning. */
  period: 1,
  /** Flushes that wait. */
  waitingHigh: 2,
  bytesPerPeriod: 3,
  refillPeriodMs: 4,
  fairness: 5,
  count: 6,
} as const

/**
 * Bounds how fast flushes and compactions write, over all databases and threads that are given it: a token bucket in shared
 * memory, filled anew every refill period, and not more than full.
 *
 * Flushes go first; every `fairness`-th period compactions need not stand back. Copies made by {@link RateLimiter.attach} in
 * other threads are the same limiter. Source: RocksDB's generic rate limiter.
 */
export class RateLimiter {
  readonly #cells: Int32Array
  readonly #startMs: Float64Array
  readonly #totals: BigInt64Array
  readonly #clock: Clock

  private constructor(shared: SharedArrayBuffer, clock: Clock) {
    this.#totals = new BigInt64Array(shared, 0, 2)
    this.#startMs = new Float64Array(shared, 16, 1)
    this.#cells = new Int32Array(shared, 24, cell.count)
    this.#clock = clock
  }

  /** @throws InvalidOptionError for numbers out of range */
  static create(options: RateLimiterOptions, clock: Clock = systemClock): RateLimiter {
    const { bytesPerSecond, refillPeriodMs = 100, fairness = 10 } = options
    if (!(refillPeriodMs >= 1 && refillPeriodMs <= 60_000))
      throw new InvalidOptionError(
        'refillPeriodMs',
        `must be from 1 to 60000, is ${refillPeriodMs}`,
      )
    if (!(fairness >= 1 && fairness <= 100))
      throw new InvalidOptionError('fairness', `must be from 1 to 100, is ${fairness}`)
    const limiter = new RateLimiter(new SharedArrayBuffer(24 + cell.count * 4), clock)
    limiter.#startMs[0] = clock.now()
    limiter.#cells[cell.refillPeriodMs] = refillPeriodMs
    limiter.#cells[cell.fairness] = Math.floor(fairness)
    limiter.setBytesPerSecond(bytesPerSecond)
    limiter.#cells[cell.available] = limiter.burstBytes
    return limiter
  }

  /** The limiter behind {@link RateLimiter.shared} of another thread. */
  static attach(shared: SharedArrayBuffer, clock: Clock = systemClock): RateLimiter {
    return new RateLimiter(shared, clock)
  }

  /** To be posted to another thread. */
  get shared(): SharedArrayBuffer {
    return this.#cells.buffer as SharedArrayBuffer
  }

  /** Bytes of one period: what is granted at once at most. */
  get burstBytes(): number {
    return this.#cells[cell.bytesPerPeriod]!
  }

  get bytesPerSecond(): number {
    return (this.burstBytes * 1000) / this.#cells[cell.refillPeriodMs]!
  }

  /** Holds from the next period on. @throws InvalidOptionError when it is not positive */
  setBytesPerSecond(bytesPerSecond: number): void {
    if (!(bytesPerSecond > 0))
      throw new InvalidOptionError('bytesPerSecond', `must be above 0, is ${bytesPerSecond}`)
    const bytes = (bytesPerSecond * this.#cells[cell.refillPeriodMs]!) / 1000
    Atomics.store(this.#cells, cell.bytesPerPeriod, Math.min(Math.max(1, bytes), 0x7fffffff))
  }

  /** Bytes granted so far, to all threads. */
  totalBytesThrough(priority: IoPriority): number {
    return Number(Atomics.load(this.#totals, priority === 'high' ? 0 : 1))
  }

  /**
   * Resolves when `bytes` may be written.
   *
   * @throws the signal's reason when that fires first
   */
  async request(bytes: number, priority: IoPriority, signal?: AbortSignal): Promise<void> {
    let left = Math.ceil(bytes)
    const isHigh = priority === 'high'
    let waits = false
    try {
      while (left > 0) {
        this.#refill()
        if (isHigh || !this.#standsBack()) left -= this.#take(left, isHigh)
        if (left <= 0) return
        if (isHigh && !waits) {
          waits = true
          Atomics.add(this.#cells, cell.waitingHigh, 1)
        }
        await this.#clock.sleep(this.#untilNextPeriodMs(), signal)
      }
    } finally {
      if (waits) Atomics.sub(this.#cells, cell.waitingHigh, 1)
    }
  }

  /** Compactions leave the bytes to flushes that wait, but now and then. */
  #standsBack(): boolean {
    const cells = this.#cells
    if (Atomics.load(cells, cell.waitingHigh) === 0) return false
    return Atomics.load(cells, cell.period) % cells[cell.fairness]! !== 0
  }

  #take(wanted: number, isHigh: boolean): number {
    for (;;) {
      const available = Atomics.load(this.#cells, cell.available)
      const taken = Math.min(wanted, available)
      if (taken <= 0) return 0
      const seen = Atomics.compareExchange(
        this.#cells,
        cell.available,
        available,
        available - taken,
      )
      if (seen !== available) continue
      Atomics.add(this.#totals, isHigh ? 0 : 1, BigInt(taken))
      return taken
    }
  }

  /** Whoever first sees that a period has begun fills the bucket. */
  #refill(): void {
    const cells = this.#cells
    const period = this.#periodNow()
    const known = Atomics.load(cells, cell.period)
    if (period === known) return
    if (Atomics.compareExchange(cells, cell.period, known, period) === known)
      Atomics.store(cells, cell.available, Atomics.load(cells, cell.bytesPerPeriod))
  }

  #periodNow(): number {
    const elapsed = Math.max(0, this.#clock.now() - this.#startMs[0]!)
    return Math.floor(elapsed / this.#cells[cell.refillPeriodMs]!) | 0
  }

  #untilNextPeriodMs(): number {
    const periodMs = this.#cells[cell.refillPeriodMs]!
    const elapsed = Math.max(0, this.#clock.now() - this.#startMs[0]!)
    return Math.max(1, Math.ceil(periodMs - (elapsed % periodMs)))
  }
}
