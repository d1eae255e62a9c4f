import type { LiveHistory } from '../live-history.ts'

/** Takes a snapshot, or releases the oldest. */
export function snapshot(history: LiveHistory): Promise<void> {
  const { snapshots, random } = history
  if (snapshots.count > 2 || (snapshots.count > 0 && random.below(2) === 0)) {
    snapshots.releaseOldest()
  } else {
    const states = new Map(
      history.families.map((family) => [family.handle.id, history.contentOf(family)]),
    )
    snapshots.add({ snapshot: history.db.snapshot(), states })
  }
  return Promise.resolve()
}
