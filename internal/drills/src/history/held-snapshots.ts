import type { Snapshot } from '@varve/lsm-core'

import type { Content } from './content.ts'

/** A snapshot, and what each family, by its id, must show of it. */
export interface HeldSnapshot {
  readonly snapshot: Snapshot
  readonly states: ReadonlyMap<number, Content>
}

/** Snapshots that a history holds, the oldest first. */
export class HeldSnapshots {
  #held: HeldSnapshot[] = []

  get count(): number {
    return this.#held.length
  }

  add(held: HeldSnapshot): void {
    this.#held.push(held)
  }

  releaseOldest(): void {
    this.#held.shift()?.snapshot.release()
  }

  releaseAll(): void {
    for (const { snapshot } of this.#held) snapshot.release()
    this.#held = []
  }

  [Symbol.iterator](): Iterator<HeldSnapshot> {
    return this.#held.values()
  }
}
