import { yieldToEventLoop } from '@varve/base'
import type { CompactionFilterContext, JobResult, OutputDescription } from '@varve/compaction'
import { tableFileName } from '@varve/manifest'

import type { ColumnFamily } from '../column-family/column-family.ts'
import { tableOptionsOf, type TablePlace } from '../options/table-layout.ts'
import type { BackgroundTarget } from './background-target.ts'
import { isBuiltInComparator, runJob, timeToLive, type Job, type JobPlace } from './jobs.ts'
import { moduleUrl } from './load-compaction-filter.ts'
import { workerPool } from './worker-pool.ts'

/** Describes jobs and runs them where they can run: in a thread of the pool, or in this one. */
export class JobRunner {
  readonly #db: BackgroundTarget

  constructor(db: BackgroundTarget) {
    this.#db = db
  }

  /** What all jobs of a family say of their outputs; reserves the file numbers. */
  outputDescription(
    family: ColumnFamily,
    fileNumbers: number,
    place: TablePlace,
  ): OutputDescription {
    const db = this.#db
    return {
      directory: db.directory,
      columnFamilyId: family.id,
      columnFamilyName: family.name,
      comparatorName: family.options.comparator.name,
      ...(family.lookup.mergeOperator === undefined
        ? {}
        : { mergeOperatorName: family.lookup.mergeOperator.name }),
      fileNumbers: { first: db.versions.reserveFileNumbers(fileNumbers), count: fileNumbers },
      snapshots: db.snapshots.sequences(),
      table: tableOptionsOf(family.options, place),
      dbId: db.dbId,
      sessionId: db.sessionId,
    }
  }

  /** What all jobs of a family need besides their work. */
  commonOf(
    family: ColumnFamily,
    context?: CompactionFilterContext,
  ): Pick<Job, 'mergeOperator' | 'ttl' | 'filter' | 'rateLimit'> {
    const { options } = this.#db
    const { mergeOperator, ttlSeconds, compactionFilter } = family.options
    return {
      mergeOperator,
      ...timeToLive(ttlSeconds, options.clock),
      ...(options.rateLimiter === undefined ? {} : { rateLimit: options.rateLimiter.shared }),
      ...(context !== undefined && compactionFilter !== undefined && 'module' in compactionFilter
        ? {
            filter: {
              module: moduleUrl(compactionFilter.module),
              exportName: compactionFilter.export ?? 'default',
              options: compactionFilter.options,
              context,
            },
          }
        : {}),
    }
  }

  /** On failure nothing stays behind on disk. @throws the signal's reason when it has fired */
  run(family: ColumnFamily, job: Job, signal: AbortSignal): Promise<JobResult> {
    const { options } = this.#db
    const { comparator, compactionFilter, userMergeOperator } = family.options
    const ownFilter =
      job.kind === 'compaction' && compactionFilter !== undefined && !('module' in compactionFilter)
        ? compactionFilter
        : undefined
    const canCross =
      isBuiltInComparator(comparator) && ownFilter === undefined && userMergeOperator === undefined
    if (options.background === 'worker' && canCross)
      return workerPool.run(job, options.blockCache, signal)
    const place: JobPlace = {
      fileSystem: options.fileSystem,
      clock: options.clock,
      comparator: (name) => (name === comparator.name ? comparator : undefined),
      ...(ownFilter === undefined ? {} : { compactionFilter: ownFilter }),
      ...(userMergeOperator === undefined ? {} : { mergeOperator: userMergeOperator }),
      ...(options.rateLimiter === undefined ? {} : { rateLimiter: options.rateLimiter }),
      // A flush that has begun is finished on close: it is short, and what it wrote would be written again.
      ...(job.kind === 'compaction' ? { signal } : {}),
      yieldControl: yieldToEventLoop,
    }
    return runJob(job, place)
  }

  /** Removes the tables of a job that nobody wants any more. */
  async discard({ outputs }: JobResult): Promise<void> {
    for (const { file } of outputs)
      await this.#db.fileRemoval.removeFile(tableFileName(file.number))
  }
}
