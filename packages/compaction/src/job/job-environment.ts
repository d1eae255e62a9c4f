import type { Clock, Comparator } from '@varve/base'
import type { FileSystem } from '@varve/vfs'

import type { CompactionFilter } from '../iterator/compaction-filter.ts'
import type { MergeOperator } from '../iterator/merge-operator.ts'
import type { IoPriority, RateLimiter } from '../rate-limit/rate-limiter.ts'

/** What a job needs that is not data: functions and ports, resolved where the job runs. */
export interface JobEnvironment {
  readonly fs: FileSystem
  readonly clock: Clock
  /** Order of user keys by stored name. @throws UnsupportedError for a name it does not know */
  comparator(name: string): Comparator
  /** Merge operator by name. @throws UnsupportedError for a name it does not know */
  mergeOperator?(name: string): MergeOperator
  /** What compactions remove and change; flushes do not ask it. */
  readonly compactionFilter?: CompactionFilter
  /** Bounds how fast tables are written. Absent: as fast as it goes. */
  readonly rateLimiter?: RateLimiter
  /**
   * Lets others run; called after each slice of a few milliseconds. Absent in a worker that has nothing else to do.
   */
  readonly yieldControl?: () => Promise<void>
  /** The job stops with its reason, and removes what it wrote. */
  readonly signal?: AbortSignal
}

/** Work between two calls of {@link JobEnvironment.yieldControl}. */
const SLICE_MS = 4

/** How many entries pass between two looks at the clock. */
const ENTRIES_PER_CHECK = 256

/** Counts work, says when the slice is over, and pays for what was written. @internal */
export class Slicer {
  readonly #environment: JobEnvironment
  readonly #priority: IoPriority
  #entries = 0
  #sliceEndMs: number
  #paidBytes = 0

  constructor(environment: JobEnvironment, priority: IoPriority) {
    this.#environment = environment
    this.#priority = priority
    this.#sliceEndMs = environment.clock.monotonicMs() + SLICE_MS
  }

  /** Whether {@link Slicer.pause} is due; cheap, for every entry. */
  get due(): boolean {
    if (++this.#entries % ENTRIES_PER_CHECK !== 0) return false
    const { signal, rateLimiter, clock } = this.#environment
    if (signal?.aborted === true || rateLimiter !== undefined) return true
    return clock.monotonicMs() >= this.#sliceEndMs
  }

  /**
   * `writtenBytes` is what the job has written up to now: with a rate limiter the job waits until it may have.
   *
   * @throws the signal's reason when it has fired
   */
  async pause(writtenBytes: number): Promise<void> {
    const { signal, rateLimiter, clock, yieldControl } = this.#environment
    signal?.throwIfAborted()
    await this.pay(writtenBytes, rateLimiter?.burstBytes ?? 0)
    if (clock.monotonicMs() < this.#sliceEndMs) return
    await yieldControl?.()
    this.#sliceEndMs = clock.monotonicMs() + SLICE_MS
  }

  /** Pays for what was written once it is more than `atLeast`. */
  async pay(writtenBytes: number, atLeast = 0): Promise<void> {
    const { rateLimiter, signal } = this.#environment
    const owed = writtenBytes - this.#paidBytes
    if (rateLimiter === undefined || owed <= atLeast) return
    this.#paidBytes = writtenBytes
    await rateLimiter.request(owed, this.#priority, signal)
  }
}
