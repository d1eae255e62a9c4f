import {
  comparatorNamed,
  InternalKeyComparator,
  systemClock,
  type Clock,
  UnsupportedError,
  type Comparator,
  type InternalIterator,
} from '@varve/base'
import {
  MergingIterator,
  RateLimiter,
  runCompaction,
  runFlush,
  type CompactionFilter,
  type CompactionJobDescription,
  type FlushJobDescription,
  type JobEnvironment,
  type JobResult,
  type MergeOperator,
} from '@varve/compaction'
import { openSharedMemtable, type SharedMemtable } from '@varve/memtable'
import type { FileSystem } from '@varve/vfs'

import { mergeOperatorNamed } from '../read/merge-operators.ts'
import { mergeOperatorWithTimes } from '../write/value-time.ts'
import { loadCompactionFilter, type FilterModule } from './load-compaction-filter.ts'
import { ttlFilter } from './ttl-filter.ts'

/** A job as plain data: it crosses to a worker, memtables as shared memory. The merge operator is the option's text. */
export type Job = {
  readonly mergeOperator: string | undefined
  /** Values end in the time of their write, and live so long; absent: they have none. */
  readonly ttl?: TimeToLive
  /** Of the compaction filter, when it is one that every thread can load. */
  readonly filter?: FilterModule
  /** Of the rate limiter. */
  readonly rateLimit?: SharedArrayBuffer
} & JobWork

/** {@link Job.ttl} */
export interface TimeToLive {
  /** 0: forever. */
  readonly seconds: number
  /** Unix seconds. */
  readonly nowS: number
}

/** What a job needs to know of the times of a family with them. */
export function timeToLive(ttlSeconds: number | undefined, clock: Clock): { ttl?: TimeToLive } {
  if (ttlSeconds === undefined) return {}
  return { ttl: { seconds: ttlSeconds, nowS: Math.floor(clock.now() / 1000) } }
}

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
  /** When it is one that only this thread has. */
  readonly mergeOperator?: MergeOperator
  /** When it is one that only this thread has. */
  readonly compactionFilter?: CompactionFilter
  /** Default: the one behind the job's memory. */
  readonly rateLimiter?: RateLimiter
  /** Default: the machine's. */
  readonly clock?: Clock
  readonly signal?: AbortSignal
  readonly yieldControl?: () => Promise<void>
}

/** Whether the order is known by its name in every thread. */
export function isBuiltInComparator(comparator: Comparator): boolean {
  return comparatorNamed(comparator.name) === comparator
}

/** Runs a job in this thread. */
export async function runJob(job: Job, place: JobPlace): Promise<JobResult> {
  const { ttl, rateLimit } = job
  const operator =
    place.mergeOperator ??
    (job.mergeOperator === undefined ? undefined : mergeOperatorNamed(job.mergeOperator))
  const rateLimiter =
    place.rateLimiter ?? (rateLimit === undefined ? undefined : RateLimiter.attach(rateLimit))
  const environment: JobEnvironment = {
    fs: place.fileSystem,
    clock: place.clock ?? systemClock,
    comparator: (name) => place.comparator?.(name) ?? builtInComparator(name),
    ...(operator === undefined ? {} : { mergeOperator: () => withTimes(operator, ttl) }),
    ...(rateLimiter === undefined ? {} : { rateLimiter }),
    ...(place.signal === undefined ? {} : { signal: place.signal }),
    ...(place.yieldControl === undefined ? {} : { yieldControl: place.yieldControl }),
  }
  if (job.kind === 'compaction') {
    const compactionFilter = await filterOf(job, place)
    return await runCompaction(
      job.description,
      compactionFilter === undefined ? environment : { ...environment, compactionFilter },
    )
  }
  const comparator = environment.comparator(job.description.comparatorName)
  const iterators = job.memtables.map((memtable) => openSharedMemtable(memtable, comparator))
  const entries: InternalIterator =
    iterators.length === 1
      ? iterators[0]!
      : new MergingIterator(iterators, new InternalKeyComparator(comparator))
  const rangeTombstones = job.memtables.flatMap((memtable) => memtable.rangeTombstones)
  return await runFlush(job.description, { entries, rangeTombstones }, environment)
}

/** The user's filter behind that of the family's times. */
async function filterOf(
  { filter, ttl }: Job,
  { compactionFilter }: JobPlace,
): Promise<CompactionFilter | undefined> {
  const inner =
    compactionFilter ?? (filter === undefined ? undefined : await loadCompactionFilter(filter))
  const isTimed = ttl !== undefined && (ttl.seconds > 0 || inner !== undefined)
  return isTimed ? ttlFilter(ttl, inner) : inner
}

function withTimes(operator: MergeOperator, ttl: TimeToLive | undefined): MergeOperator {
  return ttl === undefined ? operator : mergeOperatorWithTimes(operator, ttl.nowS)
}

function builtInComparator(name: string): Comparator {
  const known = comparatorNamed(name)
  if (known === undefined)
    throw new UnsupportedError(`comparator "${name}" outside the thread that defines it`)
  return known
}
