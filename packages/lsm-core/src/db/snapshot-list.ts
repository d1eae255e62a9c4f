import { resourceClosed, resourceOpened } from '@varve/base'

import type { Snapshot } from './handles.ts'

/** The snapshots that are held; flush and compaction keep what they see. */
export class SnapshotList {
  /** Holders by sequence number. */
  readonly #holders = new Map<number, number>()
  readonly #onRelease: () => void

  /** `onRelease` is told when a sequence number has no holder any more. */
  constructor(onRelease: () => void) {
    this.#onRelease = onRelease
  }

  get size(): number {
    return this.#holders.size
  }

  /** Sequence numbers held, ascending, each once. */
  sequences(): number[] {
    return [...this.#holders.keys()].sort((a, b) => a - b)
  }

  take(sequence: number): Snapshot {
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
      this.#onRelease()
    }
    const snapshot: Snapshot = { sequence, release, [Symbol.dispose]: release }
    resourceOpened(snapshot, `snapshot at ${sequence}`)
    return snapshot
  }
}
