import type { VersionEdit, VersionSet } from '@varve/manifest'
import { WriteBatch } from '@varve/wal'

import type { ColumnFamily } from '../column-family/column-family.ts'
import { prepareRecord, type RecoveredTransaction } from '../db/two-phase-log.ts'
import type { ResolvedDBOptions } from '../options/resolve.ts'
import type { WalSet } from '../write/wal-set.ts'
import type { Recovery } from './recovery.ts'

/** Where {@link recordRecovery} writes. */
export interface RecoveredState {
  readonly options: ResolvedDBOptions
  readonly versions: VersionSet
  readonly families: ReadonlyMap<number, ColumnFamily>
  /** No log has been started. */
  readonly wals: WalSet
}

/**
 * Makes what a recovery did the state of the database: starts the log that writes go to, then has the MANIFEST list the tables that were
 * made of the logs before, and need none of these any more. Returns the transactions that nobody has decided, now in the new log.
 */
export async function recordRecovery(
  recovery: Recovery,
  { options, versions, families, wals }: RecoveredState,
): Promise<readonly RecoveredTransaction[]> {
  wals.startLog(versions.newFileNumber())
  const logNumber = wals.currentNumber
  const sequence = versions.lastSequence + 1
  if (recovery.stopped) {
    // The next recovery must see where this history goes on behind the damaged log.
    const marker = new WriteBatch()
    marker.sequence = sequence
    wals.append(marker.data)
  }
  // What is prepared moves here: the logs before may have torn ends, which could not be told from damage later.
  const prepared = recovery.prepared.map((transaction) => ({ ...transaction, logNumber }))
  for (const { name, batch } of prepared) wals.append(prepareRecord(sequence, name, batch))
  if (!wals.currentIsEmpty) await wals.sync()
  for (const family of families.values()) family.active.logNumber = logNumber
  await versions.logAndApply([
    ...[...families.values()].map((family, i, all): VersionEdit => ({
      columnFamily: family.id,
      logNumber,
      ...recovery.editOf(family),
      ...(i === all.length - 1 ? { minLogNumberToKeep: logNumber } : {}),
    })),
    ...(options.trackAndVerifyWalsInManifest || versions.trackedWals.length > 0
      ? [{ walDeletionBelow: logNumber }]
      : []),
  ])
  return prepared
}
