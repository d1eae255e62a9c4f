import { yieldToEventLoop } from '@varve/base'
import type { FileMetadata, NewFile, VersionSet } from '@varve/manifest'

import { runJob, timeToLive } from '../background/jobs.ts'
import type { ColumnFamily } from '../column-family/column-family.ts'
import { tableOptionsOf, type ResolvedDBOptions } from '../options/resolve.ts'

/** Where tables are merged, and by whom. */
export interface MergeTablesEnvironment {
  readonly directory: string
  readonly options: ResolvedDBOptions
  /** Numbers the new tables. */
  readonly versions: VersionSet
  readonly dbId: string
  readonly sessionId: string
}

/** Rewrites tables of one family as one sorted run in the level `outputLevel`, the last, which needs no order of age between them. */
export async function mergeTables(
  { directory, options: db, versions, dbId, sessionId }: MergeTablesEnvironment,
  family: ColumnFamily,
  files: readonly FileMetadata[],
  outputLevel: number,
): Promise<readonly NewFile[]> {
  const { options } = family
  const count = files.length * 2 + 10
  const { outputs } = await runJob(
    {
      kind: 'compaction',
      mergeOperator: options.mergeOperator,
      ...timeToLive(options.ttlSeconds, db.clock),
      description: {
        directory,
        columnFamilyId: family.id,
        columnFamilyName: family.name,
        comparatorName: options.comparator.name,
        ...(family.lookup.mergeOperator === undefined
          ? {}
          : { mergeOperatorName: family.lookup.mergeOperator.name }),
        fileNumbers: { first: versions.reserveFileNumbers(count), count },
        snapshots: [],
        table: tableOptionsOf(options, { level: outputLevel, bottommost: true }),
        dbId,
        sessionId,
        inputs: [{ level: 0, files }],
        outputLevel,
        bottommost: true,
        deeperLevels: [],
        grandparents: [],
        alignsWithGrandparents: false,
        targetFileSizeBytes: options.targetFileSizeBaseBytes,
        maxCompactionBytes: Number.MAX_SAFE_INTEGER,
      },
    },
    {
      fileSystem: db.fileSystem,
      comparator: (name) => (name === options.comparator.name ? options.comparator : undefined),
      ...(options.userMergeOperator === undefined
        ? {}
        : { mergeOperator: options.userMergeOperator }),
      yieldControl: yieldToEventLoop,
    },
  )
  return outputs
}
