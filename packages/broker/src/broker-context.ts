import type { Clock } from '@varve/base'

import type { ResolvedDefaults } from './broker-options.ts'
import type { WaitingFetches } from './fetch/waiting-fetches.ts'
import type { GroupCoordinator } from './groups/group-coordinator.ts'
import type { TopicRegistry } from './topics/topic-registry.ts'
import type { ProducerIds } from './transactions/producer-ids.ts'
import type { TransactionCoordinator } from './transactions/transaction-coordinator.ts'

/** What the handlers of requests work on. */
export interface BrokerContext {
  readonly clusterId: string
  readonly clock: Clock
  readonly defaults: ResolvedDefaults
  readonly topics: TopicRegistry
  readonly fetches: WaitingFetches
  readonly producerIds: ProducerIds
  readonly transactions: TransactionCoordinator
  readonly groups: GroupCoordinator
  /** Whether an acknowledgement waits for the disk. */
  readonly flushEveryBatch: boolean
  /** Writes the log starts that DeleteRecords moved. */
  readonly saveLogStarts: () => Promise<void>
  /** Writes all checkpoints anew, after topics were deleted. */
  readonly saveCheckpoints: () => Promise<void>
}

/** One request under way. */
export interface RequestScope {
  /** Fires when nobody waits for the answer any more. */
  readonly signal: AbortSignal | undefined
}
