import type { Clock } from '@varve/base'
import type { GroupMetadata } from '@varve/kafka'

import type { TopologyPartitions } from './internal-topics.ts'
import type { CommittedChange, SkippedRecord, StreamsApplicationOptions } from './options.ts'

/** What a worker tells its application. */
interface WorkerListener {
  onRestoring(): void
  onRunning(): void
  onCommitted(changes: readonly (CommittedChange & { readonly node: string })[]): void
  onSkipped(skipped: SkippedRecord): void
  onRejoin(reason: string): void
  onError(error: unknown): void
}

/** Everything a worker works with. */
export interface WorkerEnvironment {
  readonly options: StreamsApplicationOptions
  readonly clock: Clock
  readonly partitions: TopologyPartitions
  readonly transactionalId: string
  readonly exactlyOnce: boolean
  readonly commitIntervalMs: number
  readonly watched: ReadonlySet<string>
  readonly group: () => GroupMetadata | undefined
  readonly listener: WorkerListener
}

/** Counters of a worker. */
export interface WorkerCounters {
  processed: number
  sent: number
  skipped: number
  commits: number
  commitMsMax: number
  restored: number
  readonly drops: Map<string, number>
}
