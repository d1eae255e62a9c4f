import type { JobResult } from '@varve/compaction'
import type { VersionEdit } from '@varve/manifest'

import type { ColumnFamily } from '../column-family/column-family.ts'
import type { BackgroundTarget } from './background-target.ts'
import type { CompactionStats } from './compaction-stats.ts'
import { outputsText, tableFileInfo } from './describe-job.ts'
import type { JobRunner } from './job-runner.ts'

/** What a flush reports to. */
export interface FlushSurroundings {
  readonly db: BackgroundTarget
  readonly runner: JobRunner
  readonly stats: CompactionStats
  readonly signal: AbortSignal
}

/**
 * Writes all sealed memtables of a family as one level-0 table, records it, and lets go of the memtables and of the logs that
 * nobody needs any more.
 */
export async function flushFamily(
  family: ColumnFamily,
  { db, runner, stats, signal }: FlushSurroundings,
): Promise<JobResult> {
  const sealed = family.immutables.slice()
  family.flushing = sealed.length
  const begun = { columnFamilyName: family.name, memtables: sealed.length }
  db.notify('onFlushBegin', begun)
  try {
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
    // Logs that hold halves of the same batches must not be lost behind the table.
    await db.wals.syncClosedLogs()
    if (family.dropped) {
      await runner.discard(result)
      return result
    }
    const next = family.immutables[sealed.length] ?? family.active
    const minLogNumberToKeep = minLogNumber(db, family, next.logNumber)
    const edit: VersionEdit = {
      columnFamily: family.id,
      logNumber: next.logNumber,
      newFiles: result.outputs,
      minLogNumberToKeep,
    }
    await db.versions.logAndApply(edit)
    family.immutables.splice(0, sealed.length)
    if (!family.dropped)
      family.installSuperVersion(db.versions.columnFamily(family.id).current, true)
    stats.addFlush(result.stats, result.outputs.length)
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
      ...begun,
      ...(output === undefined ? {} : { file: tableFileInfo(output.file) }),
      durationMs: result.stats.durationMs,
      triggersWriteStall: db.writeController.stallOf([family]) !== 'none',
    })
    await db.releaseLogs(minLogNumberToKeep)
    db.schedulePurge()
    db.writeController.release()
    return result
  } finally {
    family.flushing = 0
  }
}

/** Oldest log that any family needs once `flushed` needs none below `logNumber`. */
function minLogNumber(db: BackgroundTarget, flushed: ColumnFamily, logNumber: number): number {
  let min = Math.min(logNumber, db.wals.pinnedNumber)
  for (const family of db.families.values())
    if (family !== flushed) min = Math.min(min, family.oldestLogNumber)
  return min
}
