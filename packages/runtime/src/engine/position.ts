import type { RecordMetadata } from '@varve/kafka'

/**
 * How far writes had got: topic → partition → offset after the last record written. Plain data, may cross processes.
 */
export interface Position {
  readonly offsets: Readonly<Record<string, Readonly<Record<number, number>>>>
}

/** Collects the places of acknowledged records. */
export class PositionTracker {
  readonly #offsets = new Map<string, Map<number, number>>()

  /** Notes an acknowledged record. */
  add({ topic, partition, offset }: Pick<RecordMetadata, 'topic' | 'partition' | 'offset'>): void {
    let partitions = this.#offsets.get(topic)
    if (partitions === undefined) this.#offsets.set(topic, (partitions = new Map<number, number>()))
    partitions.set(partition, Math.max(partitions.get(partition) ?? 0, offset + 1))
  }

  /** The position after all of them. */
  position(): Position {
    return {
      offsets: Object.fromEntries(
        Array.from(this.#offsets, ([topic, partitions]) => [topic, Object.fromEntries(partitions)]),
      ),
    }
  }
}
