import type { JobResult } from '@varve/compaction'
import type { VersionEdit } from '@varve/manifest'

import type { ColumnFamily, LoggedMemtable } from '../column-family/column-family.ts'
import type { BackgroundTarget } from './background-target.ts'
import type { CompactionStats } from './compaction-stats.ts'
import { outputsText, tableFileInfo } from './describe-job.ts'
import type { JobRunner } from './job-runner.ts'
import { recordChange } from './record-change.ts'

/** What a flush reports to. */
export interface FlushSurroundings {
  readonly db: BackgroundTarget
  readonly runner: JobRunner
  readonly signal: AbortSignal
  statsOf(family: ColumnFamily): CompactionStats
}

interface FlushedFamily {
  readonly family: ColumnFamily
  readonly sealed: readonly LoggedMemtable[]
  readonly result: JobResult
}

/**
 * Writes all sealed memtables of each family as one level-0 table, records all of it in one change of the MANIFEST, and lets
 * go of the memtables and of the logs that nobody needs any more.
 */
export async function flushFamilies(
  families: readonly ColumnFamily[],
  surroundings: FlushSurroundings,
): Promise<readonly JobResult[]> {
  const { db, runner } = surroundings
  // Of one moment: what is sealed later waits for the next flush.
  const begun = families.map((family) => ({ family, sealed: family.immutables.slice() }))
  for (const { family, sealed } of begun) {
    family.flushing = sealed.length
    db.notify('onFlushBegin', { columnFamilyName: family.name, memtables: sealed.length })
  }
  try {
    const flushed = await writeTables(begun, surroundings)
    // Logs that hold halves of the same batches must not be lost behind the table.
    await db.wals.syncClosedLogs()
    await db.committer.recordSyncedLogs()
    const live: FlushedFamily[] = []
    for (const one of flushed) {
      if (one.family.dropped) await runner.discard(one.result)
      else live.push(one)
    }
    if (live.length > 0) await install(live, surroundings)
    return flushed.map(({ result }) => result)
  } finally {
    for (const family of families) family.flushing = 0
  }
}

/** On failure nothing stays behind on disk. */
async function writeTables(
  begun: readonly Omit<FlushedFamily, 'result'>[],
  { runner, signal }: FlushSurroundings,
): Promise<FlushedFamily[]> {
  const outcomes = await Promise.allSettled(
    begun.map(async ({ family, sealed }) => {
      const result = await runner.run(
        family,
        {
          kind: 'flush',
          ...runner.commonOf(family),
          description: runner.outputDescription(family, 1, { level: -1 }),
          memtables: sealed.map(({ memtable }) => memtable.share()).reverse(),
        },
        signal,
      )
      return { family, sealed, result }
    }),
  )
  const failed = outcomes.find((outcome) => outcome.status === 'rejected')
  const flushed = outcomes
    .filter((outcome) => outcome.status === 'fulfilled')
    .map(({ value }) => value)
  if (failed === undefined) return flushed
  for (const { result } of flushed) await runner.discard(result)
  throw failed.reason
}

async function install(
  flushed: readonly FlushedFamily[],
  { db, statsOf }: FlushSurroundings,
): Promise<void> {
  const minLogNumberToKeep = minLogNumber(db, flushed)
  await recordChange(db, [
    ...flushed.map((one, i): VersionEdit => ({
      columnFamily: one.family.id,
      logNumber: nextLogNumber(one),
      newFiles: one.result.outputs,
      ...(i === flushed.length - 1 ? { minLogNumberToKeep } : {}),
    })),
    // RocksDB looks at nothing else in an edit with it.
    ...(db.options.trackAndVerifyWalsInManifest ? [{ walDeletionBelow: minLogNumberToKeep }] : []),
  ])
  for (const { family, sealed, result } of flushed) {
    family.dropImmutables(sealed.length)
    if (!family.dropped)
      family.installSuperVersion(db.versions.columnFamily(family.id).current, true)
    statsOf(family).addFlush(result.stats, result.outputs.length)
    db.infoLog.write(
      `flushed ${sealed.length} memtables of "${family.name}" to ${outputsText(result)} in ${result.stats.durationMs.toFixed(1)} ms`,
    )
    const [output] = result.outputs
    if (output !== undefined) {
      const file = tableFileInfo(output.file)
      const created = { columnFamilyName: family.name, reason: 'flush', ...file } as const
      db.notify('onTableFileCreated', created)
    }
    db.notify('onFlushCompleted', {
      columnFamilyName: family.name,
      memtables: sealed.length,
      ...(output === undefined ? {} : { file: tableFileInfo(output.file) }),
      durationMs: result.stats.durationMs,
      triggersWriteStall: db.writeController.stallOf([family]) !== 'none',
    })
  }
  db.memtableBudget.memoryChanged()
  await db.fileRemoval.releaseLogs(minLogNumberToKeep)
  db.fileRemoval.schedulePurge()
  db.writeController.release()
}

/** Oldest log that a family needs when its sealed memtables are in a table. */
function nextLogNumber({ family, sealed }: Omit<FlushedFamily, 'result'>): number {
  return (family.immutables[sealed.length] ?? family.active).logNumber
}

/** Oldest log that anybody needs then. */
function minLogNumber(db: BackgroundTarget, flushed: readonly FlushedFamily[]): number {
  const gone = new Set(flushed.flatMap(({ sealed }) => sealed))
  let min = db.wals.pinnedBy(gone)
  for (const one of flushed) min = Math.min(min, nextLogNumber(one))
  for (const family of db.families.values())
    if (!flushed.some((one) => one.family === family)) min = Math.min(min, family.oldestLogNumber)
  return min
}
