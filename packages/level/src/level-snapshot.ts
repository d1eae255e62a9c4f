import { AbstractSnapshot, type AbstractLevel } from 'abstract-level'
import type { Snapshot } from '@varve/lsm-core'

/** An explicit snapshot; holds one of the store until it is closed. */
export class LevelSnapshot extends AbstractSnapshot {
  readonly snapshot: Snapshot

  /** `owner` is the database or sublevel that closes it. */
  constructor(snapshot: Snapshot, options: { readonly owner: AbstractLevel<unknown> }) {
    // The published type of the base leaves out the argument that the code takes.
    super(...([options] as unknown as []))
    this.snapshot = snapshot
  }

  _close(): Promise<void> {
    this.snapshot.release()
    return Promise.resolve()
  }
}
