import { resourceClosed, resourceOpened, systemClock, type Clock } from '@varve/base'

import type { Snapshot } from './handles.ts'

/** The snapshots that are held; flush and compaction keep what they see. */
export class SnapshotList {
  /** Holders by sequence number. */
  readonly #holders = new Map<number, number>()
  /** Wall clock, ms, of the first holder of each sequence number. */
  readonly #takenMs = new Map<number, number>()
  readonly #onRelease: () => void
  readonly #clock: Pick<Clock, 'now'>

  /** `onRelease` is told when a sequence number has no holder any more. */
  constructor(onRelease: () => void, clock: Pick<Clock, 'now'> = systemClock) {
    this.#onRelease = onRelease
    this.#clock = clock
  }

  get size(): number {
    return this.#holders.size
  }

  /** Sequence numbers held, ascending, each once. */
  sequences(): number[] {
    return [...this.#holders.keys()].sort((a, b) => a - b)
  }

  /** When the oldest snapshot was taken, Unix seconds; 0 when there is none. */
  get oldestTimeS(): number {
    const oldest = this.sequences()[0]
    return oldest === undefined ? 0 : Math.floor(this.#takenMs.get(oldest)! / 1000)
  }

  take(sequence: number): Snapshot {
    if (!this.#holders.has(sequence)) this.#takenMs.set(sequence, this.#clock.now())
    this.#holders.set(sequence, (this.#holders.get(sequence) ?? 0) + 1)
    let held = true
    const release = (): void => {
      if (!held) return
      held = false
      resourceClosed(snapshot)
      const left = this.#holders.get(sequence)! - 1
      if (left > 0) {
        this.#holders.set(sequence, left)
        return
      }
      this.#holders.delete(sequence)
      this.#takenMs.delete(sequence)
      this.#onRelease()
    }
    const snapshot: Snapshot = { sequence, release, [Symbol.dispose]: release }
    resourceOpened(snapshot, `snapshot at ${sequence}`)
    return snapshot
  }
}
