import type { Clock, Comparator } from '@varve/base'
import type { FileSystem } from '@varve/vfs'

import type { MergeOperator } from '../iterator/merge-operator.ts'

/** What a job needs that is not data: functions and ports, resolved where the job runs. */
export interface JobEnvironment {
  readonly fs: FileSystem
  readonly clock: Clock
  /** Order of user keys by stored name. @throws UnsupportedError for a name it does not know */
  comparator(name: string): Comparator
  /** Merge operator by name. @throws UnsupportedError for a name it does not know */
  mergeOperator?(name: string): MergeOperator
  /** Whether a stored value has outlived its time; compaction then deletes it. Absent: values live forever. */
  readonly isExpired?: (value: Uint8Array) => boolean
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

/** Counts work and says when the slice is over. @internal */
export class Slicer {
  readonly #environment: JobEnvironment
  #entries = 0
  #sliceEndMs: number

  constructor(environment: JobEnvironment) {
    this.#environment = environment
    this.#sliceEndMs = environment.clock.monotonicMs() + SLICE_MS
  }

  /** Whether {@link Slicer.pause} is due; cheap, for every entry. */
  get due(): boolean {
    if (++this.#entries % ENTRIES_PER_CHECK !== 0) return false
    if (this.#environment.signal?.aborted === true) return true
    return this.#environment.clock.monotonicMs() >= this.#sliceEndMs
  }

  /** @throws the signal's reason when it has fired */
  async pause(): Promise<void> {
    this.#environment.signal?.throwIfAborted()
    await this.#environment.yieldControl?.()
    this.#sliceEndMs = this.#environment.clock.monotonicMs() + SLICE_MS
  }
}
