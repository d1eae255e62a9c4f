import type { TimeWindows } from '../dsl/windows.ts'
import type { StreamRecord } from '../record.ts'
import type { WindowStore } from '../state/window-store.ts'
import { WindowedAggregateProcessor } from './windowed-aggregate.ts'

/** Start of the earliest window that contains `timestamp`; none begins before 0. */
function firstWindowStart(windows: TimeWindows, timestamp: number): number {
  const earliest = Math.max(0, timestamp - windows.sizeMs + windows.advanceMs)
  return Math.floor(earliest / windows.advanceMs) * windows.advanceMs
}

/** One aggregate per key and tumbling or hopping window. */
export class WindowAggregateProcessor<K, V, VA> extends WindowedAggregateProcessor<
  TimeWindows,
  K,
  V,
  VA,
  WindowStore<K, VA>
> {
  readonly #closedTimes = (last: number, closed: number): readonly [number, number] => {
    const { sizeMs } = this.windows
    return [last < 0 ? 0 : last - sizeMs + 1, closed - sizeMs]
  }

  process(record: StreamRecord<K, V>): void {
    const { key, timestamp } = record
    if (key === null) {
      this.context.drop('null-key')
      return
    }
    const { sizeMs, advanceMs } = this.windows
    const closed = this.observe(timestamp)
    for (
      let start = firstWindowStart(this.windows, timestamp);
      start <= timestamp;
      start += advanceMs
    ) {
      const end = start + sizeMs
      if (end <= closed) {
        this.context.drop('late')
        continue
      }
      const windowed = { key, window: { start, end } }
      const old = this.store.get(windowed)
      const before = old === undefined ? this.initializer() : old.value
      const after = this.aggregator(key, record.value, before, this.context.recordAt(record))
      const time = old === undefined ? timestamp : Math.max(timestamp, old.timestamp)
      this.write(record, windowed, after, old?.value ?? null, time, before)
    }
    this.emitClosed(record, closed, this.#closedTimes)
  }
}
