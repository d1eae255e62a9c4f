import type { Clock, Random } from '@varve/base'
import type { Kafka, ProducerRecord, TopicPartition } from '@varve/kafka'

import type { StateStorage } from '../state/task-database.ts'
import type { Change, RecordContext } from '../record.ts'
import type { Topology } from '../topology/topology.ts'

/** Life of a {@link StreamsApplication}. `error` and `closed` are final. */
export type ApplicationState =
  'created' | 'rebalancing' | 'restoring' | 'running' | 'paused' | 'closing' | 'closed' | 'error'

/** An input record that could not be used and was passed over. */
export interface SkippedRecord extends TopicPartition {
  readonly offset: number
  readonly timestamp: number
  readonly reason: 'undecodable-key' | 'undecodable-value' | 'invalid-timestamp'
  readonly message: string
  readonly cause: unknown
  /** Borrowed until the callback returns. */
  readonly key: Uint8Array | null
  /** Borrowed until the callback returns. */
  readonly value: Uint8Array | null
}

/** What {@link StreamsApplication} needs and how it behaves. */
export interface StreamsApplicationOptions {
  /** Prefix of internal topics, name of the group, folder of the state. */
  readonly applicationId: string
  readonly topology: Topology
  /** The client; not closed by the application. */
  readonly kafka: Kafka
  /** Where the databases of the tasks are: `lsmStateStorage` or `memoryStateStorage`. */
  readonly storage: StateStorage
  /** Default `exactly_once`. */
  readonly processingGuarantee?: 'exactly_once' | 'at_least_once'
  /** Default 500 under exactly once, else 2,000. */
  readonly commitIntervalMs?: number
  /** Bytes of not yet flushed updates over all tasks; 0 sends every update on at once. Default 10,000,000. */
  readonly cacheBytesMax?: number
  /** Bytes of uncommitted writes above which a commit happens early. Default 16 MiB. */
  readonly overlayBytesMax?: number
  /** Where to start without a committed offset. Default `earliest`. */
  readonly offsetReset?: 'earliest' | 'latest'
  /** What a committed offset outside the log does. Default `fail`. */
  readonly onOutOfRange?: 'fail' | 'earliest'
  /**
   * How long a task that has records waits for an input that has none: 0 until that is known to be at its end (default), −1 never, else so
   * many milliseconds beyond that. Kafka Streams' `max.task.idle.ms`.
   */
  readonly taskIdleMsMax?: number
  /** Milliseconds between purges of repartition topics. Default 30,000. */
  readonly repartitionPurgeIntervalMs?: number
  /** Wall-clock milliseconds between looks for closed windows of outer stream joins and emit-on-close. Default 1,000. */
  readonly emitIntervalMs?: number
  /** Replicas of internal topics. Default 1 (broker's default where it has one). */
  readonly replicationFactor?: number
  /** Default 10,000. */
  readonly sessionTimeoutMs?: number
  /** Default 3,000, or a third of the session. */
  readonly heartbeatIntervalMs?: number
  /** Default 10,000. */
  readonly transactionTimeoutMs?: number
  /** Address other instances reach this one by; travels with each assignment. */
  readonly hostInfo?: string
  readonly clock?: Clock
  readonly random?: Random
  readonly onStateChange?: (state: ApplicationState, previous: ApplicationState) => void
  /** Undecodable and untimed records; they are counted whether or not anybody listens. */
  readonly onSkippedRecord?: (record: SkippedRecord) => void
  /**
   * What to write of a record that is passed over; undefined is nothing. Written by the task, so that it is committed together with the
   * position behind that record: under exactly once neither lost nor doubled. Its topic must exist. Kafka Streams' dead-letter queue.
   */
  readonly deadLetter?: (record: SkippedRecord) => ProducerRecord | undefined
  /** Called once with what ended the application (state `error`). */
  readonly onError?: (error: unknown) => void
  /** Progress of restores. */
  readonly onRestore?: (progress: RestoreProgress) => void
}

/** How far the restore of one store of one task is. */
export interface RestoreProgress {
  readonly taskId: string
  readonly store: string
  readonly restoredRecords: number
  readonly position: number
  readonly endOffset: number
}

/** Input positions by topic and partition: next offset not yet contained. Key: `<topic>-<partition>`. */
export type Position = ReadonlyMap<string, number>

/** A committed change seen by a subscriber. */
export interface CommittedChange<K = unknown, V = unknown> {
  readonly taskId: string
  readonly key: K
  /** For a stream's sink `oldValue` is always null. */
  readonly change: Change<V>
  readonly timestamp: number
  readonly context: RecordContext
}

/** Counters and gauges of an application at one moment. */
export interface ApplicationMetrics {
  readonly recordsProcessed: number
  readonly recordsSent: number
  readonly recordsSkipped: number
  /** Records dropped by operators, by reason. */
  readonly drops: Readonly<Record<string, number>>
  readonly commits: number
  readonly commitMsMax: number
  readonly restoredRecords: number
  /** Offsets not yet processed, by `<topic>-<partition>`. */
  readonly lag: Readonly<Record<string, number>>
  readonly tasks: readonly string[]
}
