import {
  createCompactionJob,
  outputFileNumbersNeeded,
  splitCompaction,
  type Compaction,
  type JobResult,
  type JobStats,
  type KeyPart,
} from '@varve/compaction'
import type { NewFile, VersionEdit } from '@varve/manifest'

import type { ColumnFamily } from '../column-family/column-family.ts'
import type { BackgroundTarget } from './background-target.ts'
import { compactionInfo, outputsText, tableFileInfo } from './describe-job.ts'
import type { FamilyCompactions } from './family-compactions.ts'
import type { JobRunner } from './job-runner.ts'
import { recordChange } from './record-change.ts'

/** What a compaction reports to. */
export interface CompactionSurroundings {
  readonly db: BackgroundTarget
  readonly runner: JobRunner
  readonly compactions: FamilyCompactions
  readonly signal: AbortSignal
}

/** Carries out a compaction and records it. The caller has marked it as running. */
export async function compactFamily(
  compaction: Compaction,
  surroundings: CompactionSurroundings,
): Promise<void> {
  const { db, compactions } = surroundings
  const { family } = compactions
  const begun = compactionInfo(family, compaction)
  db.notify('onCompactionBegin', begun)
  try {
    const { outputs, stats } = await carryOut(compaction, surroundings)
    db.notify('onCompactionCompleted', {
      ...begun,
      outputFiles: outputs.map(({ file }) => tableFileInfo(file)),
      ...(stats === undefined
        ? {}
        : {
            durationMs: stats.durationMs,
            bytesRead: stats.bytesRead,
            bytesWritten: stats.bytesWritten,
            entriesRead: stats.entriesRead,
            entriesWritten: stats.entriesWritten,
          }),
    })
  } catch (error) {
    db.notify('onCompactionCompleted', { ...begun, error })
    throw error
  }
}

interface Outcome {
  readonly outputs: readonly NewFile[]
  readonly stats?: JobStats
}

async function carryOut(
  compaction: Compaction,
  surroundings: CompactionSurroundings,
): Promise<Outcome> {
  const { db, compactions } = surroundings
  const { family, stats } = compactions
  const { inputs, outputLevel, kind } = compaction
  const files = inputs.flatMap((input) => input.files)
  if (kind === 'drop') {
    await apply(db, family, compaction, [])
    stats.droppedFiles += files.length
    db.infoLog.write(
      `dropped tables ${files.map((file) => file.number).join(', ')} of "${family.name}" (${compaction.reason})`,
    )
    return { outputs: [] }
  }
  if (kind === 'move') {
    const outputs = inputs
      .filter(({ level }) => level !== outputLevel)
      .flatMap((input) => input.files.map((file) => ({ level: outputLevel, file })))
    await apply(db, family, compaction, outputs)
    stats.addMove(compaction)
    db.infoLog.write(
      `moved ${outputs.length} tables of "${family.name}" to level ${outputLevel} (${compaction.reason})`,
    )
    return { outputs }
  }
  // The tables must outlive the job even when a newer version drops them.
  const version = db.versions.columnFamily(family.id).current.ref()
  try {
    const result = await rewrite(compaction, surroundings)
    if (family.dropped) {
      await surroundings.runner.discard(result)
      return result
    }
    await apply(db, family, compaction, result.outputs)
    stats.addCompaction(compaction, result.stats, result.outputs.length)
    for (const { file } of result.outputs) {
      const created = { columnFamilyName: family.name, reason: 'compaction' } as const
      db.notify('onTableFileCreated', { ...created, ...tableFileInfo(file) })
    }
    db.infoLog.write(
      `compacted ${files.length} tables of "${family.name}" (${compaction.reason}) to level ${outputLevel}: ` +
        `${outputsText(result)} in ${result.stats.durationMs.toFixed(1)} ms`,
    )
    return result
  } finally {
    version.unref()
    db.fileRemoval.schedulePurge()
  }
}

/** Runs the job, or its parts at the same time. When one fails the others are given up. */
async function rewrite(
  compaction: Compaction,
  { db, runner, compactions, signal }: CompactionSurroundings,
): Promise<JobResult> {
  const { family } = compactions
  const user = family.options.comparator
  const parts = splitCompaction(compaction, user, db.options.maxSubcompactions)
  const { outputLevel: level, bottommost, baseLevel } = compaction
  const place = { level, bottommost, baseLevel }
  const snapshots = db.snapshots.sequences()
  const tables = [...family.superVersion.version.files()].length
  const common = runner.commonOf(family, {
    columnFamilyId: family.id,
    columnFamilyName: family.name,
    isFullCompaction: compaction.inputs.reduce((n, { files }) => n + files.length, 0) === tables,
    isManualCompaction: compaction.reason === 'manual' || compaction.reason === 'files',
  })
  const failure = new AbortController()
  const either = AbortSignal.any([signal, failure.signal])
  const runPart = async (part: KeyPart): Promise<JobResult> => {
    // All parts see the same snapshots: a stripe must not be cut differently at their borders.
    const output = {
      ...runner.outputDescription(family, outputFileNumbersNeeded(compaction), place),
      snapshots,
    }
    const description = createCompactionJob(compaction, output, parts.length > 1 ? part : undefined)
    try {
      return await runner.run(family, { kind: 'compaction', ...common, description }, either)
    } catch (error) {
      failure.abort(error)
      throw error
    }
  }
  const settled = await Promise.allSettled(parts.map(runPart))
  const results = settled.flatMap((part) => (part.status === 'fulfilled' ? [part.value] : []))
  if (results.length === settled.length) return joined(results)
  for (const result of results) await runner.discard(result)
  signal.throwIfAborted()
  throw failure.signal.reason
}

function joined(results: readonly JobResult[]): JobResult {
  const sum = (name: keyof JobStats): number =>
    results.reduce((total, { stats }) => total + stats[name], 0)
  return {
    outputs: results.flatMap(({ outputs }) => outputs),
    stats: {
      entriesRead: sum('entriesRead'),
      entriesWritten: sum('entriesWritten'),
      bytesRead: Math.max(...results.map(({ stats }) => stats.bytesRead)),
      bytesWritten: sum('bytesWritten'),
      durationMs: sum('durationMs'),
    },
  }
}

async function apply(
  db: BackgroundTarget,
  family: ColumnFamily,
  { inputs, outputLevel, kind }: Compaction,
  newFiles: readonly NewFile[],
): Promise<void> {
  const deletedFiles = inputs
    .filter(({ level }) => kind !== 'move' || level !== outputLevel)
    .flatMap(({ level, files }) => files.map(({ number }) => ({ level, number })))
  const edit: VersionEdit = {
    columnFamily: family.id,
    deletedFiles,
    newFiles,
    ...cursorAfter(family, inputs, outputLevel),
  }
  await recordChange(db, edit)
  if (!family.dropped) family.installSuperVersion(db.versions.columnFamily(family.id).current, true)
  db.fileRemoval.schedulePurge()
  db.writeController.release()
}

/** Where the next round of a level goes on, when tables are taken in turn. */
function cursorAfter(
  family: ColumnFamily,
  inputs: Compaction['inputs'],
  outputLevel: number,
): Pick<VersionEdit, 'compactCursors'> {
  const start = inputs[0]
  const last = start?.files.at(-1)
  if (family.options.compactionPri !== 'roundRobin' || last === undefined) return {}
  if (start === undefined || start.level === 0 || start.level === outputLevel) return {}
  return { compactCursors: [{ level: start.level, key: last.largest }] }
}
