import type { CommittedOffset } from './group-record.ts'

/** Offsets of one group by partition, by topic. */
type OffsetMap = Map<string, Map<number, CommittedOffset>>

/** A committed offset with its place. */
export interface LocatedOffset {
  readonly topic: string
  readonly partition: number
  readonly committed: CommittedOffset
}

/**
 * Committed offsets of one group, and those that wait for the marker of their transaction.
 */
export class CommittedOffsets {
  readonly #offsets: OffsetMap = new Map()
  /** Producer id → offsets of its open transaction. */
  readonly #pending = new Map<number, OffsetMap>()

  get isEmpty(): boolean {
    return this.#offsets.size === 0 && this.#pending.size === 0
  }

  get hasPending(): boolean {
    return this.#pending.size > 0
  }

  get(topic: string, partition: number): CommittedOffset | undefined {
    return this.#offsets.get(topic)?.get(partition)
  }

  set(topic: string, partition: number, committed: CommittedOffset): void {
    put(this.#offsets, topic, partition, committed)
  }

  delete(topic: string, partition: number): void {
    const partitions = this.#offsets.get(topic)
    partitions?.delete(partition)
    if (partitions?.size === 0) this.#offsets.delete(topic)
  }

  /** Holds an offset back until {@link endTransaction}. */
  setPending(
    producerId: number,
    topic: string,
    partition: number,
    committed: CommittedOffset,
  ): void {
    let offsets = this.#pending.get(producerId)
    if (offsets === undefined) this.#pending.set(producerId, (offsets = new Map()))
    put(offsets, topic, partition, committed)
  }

  /** Whether an open transaction is about to change the offset. */
  isUnstable(topic: string, partition: number): boolean {
    for (const offsets of this.#pending.values()) {
      if (offsets.get(topic)?.has(partition) === true) return true
    }
    return false
  }

  /** The marker came: the offsets held back take effect, or are dropped. */
  endTransaction(producerId: number, committed: boolean): void {
    const offsets = this.#pending.get(producerId)
    if (offsets === undefined) return
    this.#pending.delete(producerId)
    if (!committed) return
    for (const [topic, partitions] of offsets) {
      for (const [partition, offset] of partitions) this.set(topic, partition, offset)
    }
  }

  *all(): Generator<LocatedOffset> {
    for (const [topic, partitions] of this.#offsets) {
      for (const [partition, committed] of partitions) yield { topic, partition, committed }
    }
  }
}

function put(
  offsets: OffsetMap,
  topic: string,
  partition: number,
  committed: CommittedOffset,
): void {
  let partitions = offsets.get(topic)
  if (partitions === undefined) offsets.set(topic, (partitions = new Map()))
  partitions.set(partition, committed)
}
