import type { Consumer, TopicPartition } from '@varve/kafka'

import { partitionKey } from './task-id.ts'

/** Records a queue may hold before its partition is paused. */
const queueRecordsMax = 10_000
/** Bytes a queue may hold before its partition is paused. */
const queueBytesMax = 1024 * 1024

/** How full a record queue is. */
export interface QueueFill {
  readonly size: number
  readonly bytes: number
}

/** Which inputs are not fetched because their queues are full: paused above the bounds, resumed below half of them. */
export class InputPauses {
  readonly #paused = new Map<string, TopicPartition>()

  pauseWhenFull(input: TopicPartition, queue: QueueFill | undefined, consumer: Consumer): void {
    const key = partitionKey(input)
    if (queue === undefined || this.#paused.has(key)) return
    if (queue.size <= queueRecordsMax && queue.bytes <= queueBytesMax) return
    this.#paused.set(key, input)
    consumer.pause([input])
  }

  resumeDrained(queueOf: (key: string) => QueueFill | undefined, consumer: Consumer): void {
    for (const [key, input] of this.#paused) {
      const queue = queueOf(key)
      if (queue === undefined) this.#paused.delete(key)
      else if (queue.size < queueRecordsMax / 2 && queue.bytes < queueBytesMax / 2) {
        this.#paused.delete(key)
        consumer.resume([input])
      }
    }
  }

  /** Forgets all pauses: the assignment changed. */
  clear(): void {
    this.#paused.clear()
  }
}
