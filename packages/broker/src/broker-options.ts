import { InvalidOptionError, type Clock, type Random } from '@varve/base'
import type { FileSystem } from '@varve/vfs'

import { validateTopicConfig } from './topics/topic-config.ts'

/**
 * When appended batches are made to survive a loss of power. They survive the death of the process in every case.
 *
 * - `never` (default): the operating system writes them back when it likes; a segment is synced when it is sealed
 * - `every-batch`: a produce request is acknowledged after fdatasync; concurrent requests share one
 * - `{ intervalMs }`: every partition that took writes is synced once per interval
 */
export type FlushPolicy = 'never' | 'every-batch' | { readonly intervalMs: number }

/** Settings of {@link EmbeddedBroker.open}. */
export interface EmbeddedBrokerOptions {
  /** The data directory, created when missing. `':memory:'` picks a private memory file system. */
  readonly directory: string
  /** Default: the machine's file system, or a new memory file system for `':memory:'`. */
  readonly fileSystem?: FileSystem
  /** Default: the machine's clock. Drives every time-out, retention and compaction. */
  readonly clock?: Clock
  /** Default: the platform's randomness. Member ids, topic ids, the cluster id. */
  readonly random?: Random
  /** Default `never`. */
  readonly flush?: FlushPolicy
  readonly defaults?: BrokerDefaults
  /** Told of failures that no request waits for (background flush, retention, compaction). Default: a line on standard error. */
  readonly onBackgroundError?: (error: unknown) => void
}

/** What a topic, a group or a transaction gets when nothing else is said. Names and meanings are Kafka's broker settings. */
export interface BrokerDefaults {
  /** Name of this node in Metadata and FindCoordinator. Default 1. */
  readonly nodeId?: number
  /** Address that Metadata tells; only of use with a socket in front. Default `localhost`, 9092. */
  readonly advertisedHost?: string
  readonly advertisedPort?: number
  /** `num.partitions`, default 1. */
  readonly partitionCount?: number
  /** `auto.create.topics.enable`, default true; the request must allow it too. */
  readonly autoCreateTopics?: boolean
  /** Topic settings (`segment.bytes`, `retention.ms` …) that apply where a topic has none of its own. */
  readonly topicConfigs?: Readonly<Record<string, string>>
  /** `group.initial.rebalance.delay.ms`, default 0: the first member of a group need not wait for others in one process. */
  readonly groupInitialRebalanceDelayMs?: number
  /** `group.min.session.timeout.ms`, default 100, and `group.max.session.timeout.ms`, default 1,800,000. */
  readonly groupMinSessionTimeoutMs?: number
  readonly groupMaxSessionTimeoutMs?: number
  /** `offsets.retention.minutes` in milliseconds, default 7 days; negative keeps for ever. */
  readonly offsetsRetentionMs?: number
  /** `transaction.max.timeout.ms`, default 900,000. */
  readonly transactionMaxTimeoutMs?: number
  /** How often timed-out transactions are looked for, default 1,000 (Kafka: 10,000). */
  readonly transactionAbortIntervalMs?: number
  /** `log.retention.check.interval.ms`, default 300,000. */
  readonly retentionCheckIntervalMs?: number
  /** `log.cleaner.backoff.ms`, default 15,000. */
  readonly cleanerIntervalMs?: number
  /** Open file handles the broker keeps at most, default 256. */
  readonly maxOpenFiles?: number
  /** Fetch requests that may wait at once, default 10,000; more are answered at once with what there is. */
  readonly maxWaitingFetches?: number
}

/** {@link BrokerDefaults} with everything decided. @internal */
export type ResolvedDefaults = Required<BrokerDefaults>

const builtIn: ResolvedDefaults = {
  nodeId: 1,
  advertisedHost: 'localhost',
  advertisedPort: 9092,
  partitionCount: 1,
  autoCreateTopics: true,
  topicConfigs: {},
  groupInitialRebalanceDelayMs: 0,
  groupMinSessionTimeoutMs: 100,
  groupMaxSessionTimeoutMs: 1_800_000,
  offsetsRetentionMs: 7 * 24 * 3_600_000,
  transactionMaxTimeoutMs: 900_000,
  transactionAbortIntervalMs: 1_000,
  retentionCheckIntervalMs: 300_000,
  cleanerIntervalMs: 15_000,
  maxOpenFiles: 256,
  maxWaitingFetches: 10_000,
}

/**
 * Lays `given` over the built-in defaults.
 *
 * @throws InvalidOptionError for unknown names, numbers out of range and unknown topic settings.
 * @internal
 */
export function resolveDefaults(given: BrokerDefaults = {}): ResolvedDefaults {
  for (const [name, value] of Object.entries(given)) {
    if (!(name in builtIn)) throw new InvalidOptionError(`defaults.${name}`, 'is unknown')
    if (typeof value !== 'number') continue
    const least = name === 'offsetsRetentionMs' ? -1 : name.endsWith('IntervalMs') ? 1 : 0
    if (Number.isNaN(value) || value < least) {
      throw new InvalidOptionError(`defaults.${name}`, `${value} is below ${least}`)
    }
  }
  for (const [name, value] of Object.entries(given.topicConfigs ?? {})) {
    try {
      validateTopicConfig(name, value)
    } catch (error) {
      throw new InvalidOptionError(`defaults.topicConfigs.${name}`, `"${value}" does not fit`, {
        cause: error,
      })
    }
  }
  return { ...builtIn, ...given }
}
