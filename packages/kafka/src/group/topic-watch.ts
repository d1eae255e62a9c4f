import type { Timer } from '@varve/base'

import type { Cluster } from '../cluster/cluster.ts'

/** How often the leader of a group looks whether its topics grew. */
const TOPIC_CHECK_MS = 30_000

/** The partition counts that a leader assigned by, and whether they are still right. */
export class TopicWatch {
  readonly #cluster: Cluster
  readonly #closing: AbortSignal
  #counts: ReadonlyMap<string, number> = new Map()
  #timer: Timer | undefined

  constructor(cluster: Cluster, closing: AbortSignal) {
    this.#cluster = cluster
    this.#closing = closing
  }

  /** Counts the partitions of topics, and keeps that for {@link start}. Topics that do not exist are left out. */
  async count(topics: readonly string[]): Promise<ReadonlyMap<string, number>> {
    this.#counts = await this.#count(topics)
    return this.#counts
  }

  /** Forgets the counts: another member leads. */
  clear(): void {
    this.#counts = new Map()
  }

  /** Calls `onChanged` once when a topic appears, grows or goes, while `isWanted`; does nothing when nothing was counted. */
  start(topics: readonly string[], isWanted: () => boolean, onChanged: () => void): void {
    const counts = this.#counts
    if (counts.size === 0) return
    this.#timer = this.#cluster.clock.setTimer(
      () => {
        this.#count([...new Set([...counts.keys(), ...topics])])
          .then((now) => {
            if (!isWanted() || this.#counts !== counts) return
            const same =
              now.size === counts.size &&
              [...now].every(([topic, count]) => counts.get(topic) === count)
            if (same) this.start(topics, isWanted, onChanged)
            else onChanged()
          })
          // Metadata is missing for a while: the next check may find it.
          .catch(() => {
            if (isWanted() && this.#counts === counts) this.start(topics, isWanted, onChanged)
          })
      },
      TOPIC_CHECK_MS,
      { unref: true },
    )
  }

  /** Looks no more. */
  stop(): void {
    this.#timer?.cancel()
  }

  async #count(topics: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const counts = new Map<string, number>()
    if (topics.length === 0) return counts
    await this.#cluster.retry(
      'metadata of the subscribed topics',
      'Metadata',
      () => this.#cluster.refresh(topics),
      { signal: this.#closing },
    )
    for (const topic of topics) {
      const count = this.#cluster.knownPartitionCount(topic)
      if (count !== undefined) counts.set(topic, count)
    }
    return counts
  }
}
