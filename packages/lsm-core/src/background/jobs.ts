import {
  bytewiseComparator,
  InternalKeyComparator,
  reverseBytewiseComparator,
  systemClock,
  UnsupportedError,
  type Comparator,
  type InternalIterator,
} from '@varve/base'
import {
  MergingIterator,
  runCompaction,
  runFlush,
  type CompactionJobDescription,
  type FlushJobDescription,
  type JobEnvironment,
  type JobResult,
} from '@varve/compaction'
import { openSharedMemtable, type SharedMemtable } from '@varve/memtable'
import type { FileSystem } from '@varve/vfs'

import { mergeOperatorNamed } from '../read/merge-operators.ts'

/** A job as plain data: it crosses to a worker, memtables as shared memory. The merge operator is the option's text. */
export type Job = { readonly mergeOperator: string | undefined } & JobWork

type JobWork =
  | {
      readonly kind: 'flush'
      readonly description: FlushJobDescription
      /** Newest first. */
      readonly memtables: readonly SharedMemtable[]
    }
  | { readonly kind: 'compaction'; readonly description: CompactionJobDescription }

/** Where a job runs. */
export interface JobPlace {
  readonly fileSystem: FileSystem
  /** Order by name when it is not one that every thread knows. */
  readonly comparator?: (name: string) => Comparator | undefined
  readonly signal?: AbortSignal
  readonly yieldControl?: () => Promise<void>
}

/** Whether the order is known by its name in every thread. */
export function isBuiltInComparator(comparator: Comparator): boolean {
  return comparator === bytewiseComparator || comparator === reverseBytewiseComparator
}

/** Runs a job in this thread. */
export function runJob(job: Job, place: JobPlace): Promise<JobResult> {
  const { mergeOperator } = job
  const environment: JobEnvironment = {
    fs: place.fileSystem,
    clock: systemClock,
    comparator: (name) => place.comparator?.(name) ?? builtInComparator(name),
    ...(mergeOperator === undefined
      ? {}
      : { mergeOperator: () => mergeOperatorNamed(mergeOperator) }),
    ...(place.signal === undefined ? {} : { signal: place.signal }),
    ...(place.yieldControl === undefined ? {} : { yieldControl: place.yieldControl }),
  }
  if (job.kind === 'compaction') return runCompaction(job.description, environment)
  const comparator = environment.comparator(job.description.comparatorName)
  const iterators = job.memtables.map((memtable) => openSharedMemtable(memtable, comparator))
  const entries: InternalIterator =
    iterators.length === 1
      ? iterators[0]!
      : new MergingIterator(iterators, new InternalKeyComparator(comparator))
  const rangeTombstones = job.memtables.flatMap((memtable) => memtable.rangeTombstones)
  return runFlush(job.description, { entries, rangeTombstones }, environment)
}

function builtInComparator(name: string): Comparator {
  if (name === bytewiseComparator.name) return bytewiseComparator
  if (name === reverseBytewiseComparator.name) return reverseBytewiseComparator
  throw new UnsupportedError(`comparator "${name}" outside the thread that defines it`)
}
