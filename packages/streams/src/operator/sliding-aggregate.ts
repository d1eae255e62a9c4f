import type { SlidingWindows } from '../dsl/windows.ts'
import type { StreamRecord, ValueAndTimestamp } from '../record.ts'
import type { WindowStore } from '../state/window-store.ts'
import { WindowedAggregateProcessor } from './windowed-aggregate.ts'

/**
 * One aggregate per key and sliding window: `[t − d, t]` for each record at `t`, and `[t + 1, t + 1 + d]` once another record lies in it.
 * Source of the algorithm: KIP-450.
 */
export class SlidingAggregateProcessor<K, V, VA> extends WindowedAggregateProcessor<
  SlidingWindows,
  K,
  V,
  VA,
  WindowStore<K, VA>
> {
  readonly #closedTimes = (last: number, closed: number): readonly [number, number] => {
    const d = this.windows.differenceMs
    return [last < 0 ? 0 : Math.max(0, last - d), closed - d - 1]
  }
  #closed = 0

  process(record: StreamRecord<K, V>): void {
    const { timestamp } = record
    if (record.key === null || record.value === null) {
      this.context.drop('null-key-or-value')
      return
    }
    const { differenceMs } = this.windows
    this.#closed = this.observe(timestamp)
    if (timestamp + 1 + differenceMs <= this.#closed) this.context.drop('late')
    else if (timestamp < differenceMs) this.#processEarly(record)
    else {
      this.#processUsual(record)
      // Neither late records nor those near time 0 look for closed windows.
      this.emitClosed(record, this.#closed, this.#closedTimes)
    }
  }

  #processUsual(record: StreamRecord<K, V>): void {
    const { key, timestamp } = record
    const d = this.windows.differenceMs
    const starts = new Set<number>()
    let left: ValueAndTimestamp<VA> | undefined
    let right: ValueAndTimestamp<VA> | undefined
    let leftExists = false
    let rightExists = false
    let previous: number | undefined
    const existing = [
      ...this.store.fetch(key, {
        startFrom: Math.max(0, timestamp - 2 * d),
        startTo: timestamp + 1,
        reverse: true,
      }),
    ]
    for (const row of existing) {
      const { start } = row.key.window
      starts.add(start)
      const end = start + d
      if (start === timestamp + 1) rightExists = true
      else if (end > timestamp) {
        right ??= row
        this.#add(record, start, row)
      } else if (end === timestamp) {
        leftExists = true
        if (row.timestamp < timestamp) previous = row.timestamp
        this.#add(record, start, row)
      } else {
        left = row
        previous = row.timestamp
        break
      }
    }
    if (previous !== undefined && !starts.has(previous + 1) && previous + 1 + d >= timestamp) {
      this.#add(record, previous + 1, undefined)
    }
    if (!leftExists) {
      const filled = previous !== undefined && timestamp - d <= previous
      this.#add(record, timestamp - d, filled ? left : undefined)
    }
    if (!rightExists) this.#openRight(record, right)
  }

  /** Records closer to 0 than the difference share the window [0, d]. */
  #processEarly(record: StreamRecord<K, V>): void {
    const { key, timestamp } = record
    const starts = new Set<number>()
    let right: ValueAndTimestamp<VA> | undefined
    let shared: ValueAndTimestamp<VA> | undefined
    let rightExists = false
    let previous: number | undefined
    for (const row of [...this.store.fetch(key, { startFrom: 0, startTo: timestamp + 1 })]) {
      const { start } = row.key.window
      starts.add(start)
      if (start === 0) {
        shared = row
        if (row.timestamp < timestamp) previous = row.timestamp
      } else if (start <= timestamp) {
        right = row
        this.#add(record, start, row)
      } else rightExists = true
    }
    if (right === undefined && shared !== undefined && shared.timestamp > timestamp) right = shared
    if (!rightExists) this.#openRight(record, right)
    if (previous !== undefined && !starts.has(previous + 1)) {
      this.#add(record, previous + 1, undefined)
    }
    this.#add(record, 0, shared)
  }

  /** The record's own right window, filled with what later records have already put into `later`. */
  #openRight(record: StreamRecord<K, V>, later: ValueAndTimestamp<VA> | undefined): void {
    if (later === undefined || later.timestamp <= record.timestamp) return
    const start = record.timestamp + 1
    this.#write(record, start, later.value, null, later.timestamp, null)
  }

  #add(record: StreamRecord<K, V>, start: number, before: ValueAndTimestamp<VA> | undefined): void {
    if (start + this.windows.differenceMs < this.#closed) {
      this.context.drop('late')
      return
    }
    const value = before === undefined ? this.initializer() : before.value
    const after = this.aggregator(record.key, record.value, value, this.context.recordAt(record))
    const timestamp =
      before === undefined ? record.timestamp : Math.max(record.timestamp, before.timestamp)
    this.#write(record, start, after, before?.value ?? null, timestamp, value)
  }

  #write(
    record: StreamRecord<K, V>,
    start: number,
    value: VA,
    oldValue: VA | null,
    timestamp: number,
    sentOldValue: VA | null,
  ): void {
    const windowed = {
      key: record.key,
      window: { start, end: start + this.windows.differenceMs },
    }
    this.write(record, windowed, value, oldValue, timestamp, sentOldValue)
  }
}
