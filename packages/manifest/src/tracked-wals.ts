import type { VersionEdit, WalAddition } from './version-edit.ts'

/** The write-ahead logs that a MANIFEST says must be there: those that were synced to their end. */
export class TrackedWals {
  readonly #wals = new Map<number, WalAddition>()
  /** Those below are forgotten, also when they are added later. */
  #deletedBelow = 0

  apply({ walAdditions = [], walDeletionBelow }: VersionEdit): void {
    for (const wal of walAdditions)
      if (wal.number >= this.#deletedBelow) this.#wals.set(wal.number, wal)
    if (walDeletionBelow === undefined || walDeletionBelow <= this.#deletedBelow) return
    this.#deletedBelow = walDeletionBelow
    for (const number of this.#wals.keys()) if (number < walDeletionBelow) this.#wals.delete(number)
  }

  get deletedBelow(): number {
    return this.#deletedBelow
  }

  /** By number, ascending. */
  list(): WalAddition[] {
    return [...this.#wals.values()].sort((a, b) => a.number - b.number)
  }
}
