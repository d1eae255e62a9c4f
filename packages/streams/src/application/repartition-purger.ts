import type { Clock } from '@varve/base'

import { topicName, type TopologyPartitions } from './internal-topics.ts'
import type { StreamsApplicationOptions } from './options.ts'
import { partitionKey } from './task-id.ts'

/** Deletes what has been read of repartition topics, in the background and one deletion at a time. */
export class RepartitionPurger {
  readonly #options: StreamsApplicationOptions
  readonly #partitions: TopologyPartitions
  readonly #clock: Clock
  #next = 0
  #purging: Promise<void> | undefined

  constructor(options: StreamsApplicationOptions, partitions: TopologyPartitions, clock: Clock) {
    this.#options = options
    this.#partitions = partitions
    this.#clock = clock
  }

  /** Begins a purge up to the committed positions when one is due; the next purge makes up for a failed one. */
  purge(committed: ReadonlyMap<string, number>): void {
    const { topology, applicationId, kafka } = this.#options
    const now = this.#clock.monotonicMs()
    if (now < this.#next || this.#purging !== undefined) return
    this.#next = now + (this.#options.repartitionPurgeIntervalMs ?? 30_000)
    const upTo = [...topology.repartitionTopics.keys()].flatMap((topic) => {
      const name = topicName(topology, applicationId, topic)
      const count = this.#partitions.byTopic.get(topic) ?? 0
      return Array.from({ length: count }, (_, partition) => ({
        topic: name,
        partition,
        offset: committed.get(partitionKey({ topic: name, partition })) ?? 0,
      })).filter(({ offset }) => offset > 0)
    })
    if (upTo.length === 0) return
    this.#purging = kafka.admin
      .deleteRecords(upTo)
      .catch(() => {})
      .finally(() => {
        this.#purging = undefined
      })
  }

  /** Resolves when no purge is under way. */
  async settled(): Promise<void> {
    await this.#purging
  }
}
