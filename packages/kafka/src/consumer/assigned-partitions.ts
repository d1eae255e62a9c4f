import { InvalidOptionError } from '@varve/base'

import type { FetchedRecords, TopicPartition } from '../client.ts'
import { PartitionState } from './partition-state.ts'

/** The partitions that a consumer reads, and whose turn it is. */
export class AssignedPartitions {
  readonly #fetchBytesMax: number
  readonly #states = new Map<string, PartitionState>()
  #turn = 0

  /** @param fetchBytesMax bytes that are asked for of one partition at first */
  constructor(fetchBytesMax: number) {
    this.#fetchBytesMax = fetchBytesMax
  }

  /** Replaces the assignment; partitions that are kept keep their position and what is buffered. */
  replace(positions: readonly (TopicPartition & { readonly offset: number })[]): void {
    const kept = new Set<string>()
    for (const { topic, partition, offset } of positions) {
      checkOffset(offset)
      const key = keyOf(topic, partition)
      kept.add(key)
      if (this.#states.has(key)) continue
      this.#states.set(key, new PartitionState(topic, partition, offset, this.#fetchBytesMax))
    }
    for (const [key, state] of this.#states) {
      if (kept.has(key)) continue
      state.seeks++
      this.#states.delete(key)
    }
  }

  /** The state of a partition; `undefined` when it is not assigned. */
  find({ topic, partition }: TopicPartition): PartitionState | undefined {
    return this.#states.get(keyOf(topic, partition))
  }

  /** {@link find} of one that must be assigned. @throws InvalidOptionError when it is not */
  get(partition: TopicPartition): PartitionState {
    const state = this.find(partition)
    if (state === undefined) {
      throw new InvalidOptionError(
        'partition',
        `${partition.topic}-${partition.partition} is not assigned`,
      )
    }
    return state
  }

  /** All of them, in the order in which they were assigned. */
  values(): MapIterator<PartitionState> {
    return this.#states.values()
  }

  /** Buffered records, an equal share for each partition first, what is left over then. */
  take(maxRecords: number): FetchedRecords[] {
    const states = [...this.#states.values()].filter((s) => s.hasBuffered && !s.paused)
    if (states.length === 0) return []
    const taken: FetchedRecords[] = []
    let left = maxRecords
    const first = this.#turn++ % states.length
    for (let index = 0; index < states.length && left > 0; index++) {
      const state = states[(first + index) % states.length]!
      const share = Math.ceil(left / (states.length - index))
      const fetched = state.take(share)
      if (fetched === undefined) continue
      taken.push(fetched)
      left -= fetched.records.length
    }
    return taken
  }

  /** Reads none any more. */
  clear(): void {
    this.#states.clear()
  }
}

/** @throws InvalidOptionError for a number that is no offset */
export function checkOffset(offset: number): void {
  if (!Number.isSafeInteger(offset) || offset < 0) {
    throw new InvalidOptionError('offset', `${offset} is not an offset`)
  }
}

function keyOf(topic: string, partition: number): string {
  return `${topic}/${partition}`
}
