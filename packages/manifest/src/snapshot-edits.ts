import type { ColumnFamilyVersions } from './column-family-versions.ts'
import type { VersionEdit, WalAddition } from './version-edit.ts'

/** What a MANIFEST has to say of a database. */
interface StateToSnapshot {
  readonly dbId: string | undefined
  readonly families: Iterable<ColumnFamilyVersions>
  readonly minLogNumberToKeep: number
  readonly maxColumnFamily: number
  readonly lastSequence: number
  readonly nextFileNumber: number
  readonly trackedWals: readonly WalAddition[]
  readonly walsDeletedBelow: number
}

/** Edits that build the present state from nothing: the content of a MANIFEST of its own. */
export function snapshotEdits(state: StateToSnapshot): VersionEdit[] {
  const edits: VersionEdit[] = []
  if (state.dbId !== undefined) edits.push({ dbId: state.dbId })
  // RocksDB looks at nothing else in an edit that has one of these.
  if (state.walsDeletedBelow > 0) edits.push({ walDeletionBelow: state.walsDeletedBelow })
  if (state.trackedWals.length > 0) edits.push({ walAdditions: state.trackedWals })
  for (const family of state.families) {
    edits.push({
      columnFamily: family.id,
      ...(family.id === 0 ? {} : { addColumnFamily: family.name }),
      comparatorName: family.comparator.name,
    })
    edits.push({
      columnFamily: family.id,
      newFiles: [...family.current.files()],
      compactCursors: [...family.compactCursors].map(([level, key]) => ({ level, key })),
      logNumber: family.logNumber,
      lastSequence: state.lastSequence,
      nextFileNumber: state.nextFileNumber,
      ...(family.id === 0 && state.minLogNumberToKeep !== 0
        ? { minLogNumberToKeep: state.minLogNumberToKeep }
        : {}),
      ...(family.id === 0 ? { maxColumnFamily: state.maxColumnFamily } : {}),
    })
  }
  return edits
}
