import type { SessionMerger } from '../dsl/api.ts'
import type { SessionWindows } from '../dsl/windows.ts'
import type { StreamRecord } from '../record.ts'
import type { SessionStore } from '../state/session-store.ts'
import { WindowedAggregateProcessor, type WindowedAggregateOptions } from './windowed-aggregate.ts'

/** One aggregate per key and session; a record may join sessions into one. */
export class SessionAggregateProcessor<K, V, VA> extends WindowedAggregateProcessor<
  SessionWindows,
  K,
  V,
  VA,
  SessionStore<K, VA>
> {
  readonly #merger: SessionMerger<K, VA>
  readonly #closedTimes = (last: number, closed: number): readonly [number, number] => [
    Math.max(0, last),
    closed - 1,
  ]

  constructor(
    options: WindowedAggregateOptions<SessionWindows, K, V, VA> & {
      readonly merger: SessionMerger<K, VA>
    },
  ) {
    super(options)
    this.#merger = options.merger
  }

  process(record: StreamRecord<K, V>): void {
    const { key, timestamp } = record
    if (key === null) {
      this.context.drop('null-key')
      return
    }
    const { gapMs } = this.windows
    const closed = this.observe(timestamp) - gapMs
    const found = this.store.findSessions(key, timestamp - gapMs, timestamp + gapMs)
    let start = timestamp
    let end = timestamp
    let aggregate = this.initializer()
    for (const session of found) {
      start = Math.min(start, session.key.window.start)
      end = Math.max(end, session.key.window.end)
      aggregate = this.#merger(key, aggregate, session.value)
    }
    if (end < closed) this.context.drop('late')
    else {
      const instant = start === timestamp && end === timestamp
      // A session of just this instant is overwritten; all others are replaced.
      const overwritten = instant ? (found[0]?.value ?? null) : null
      if (!instant) {
        for (const { key: session, value } of found) {
          this.write(record, session, null, value, session.window.end)
        }
      }
      aggregate = this.aggregator(key, record.value, aggregate, this.context.recordAt(record))
      this.write(record, { key, window: { start, end } }, aggregate, overwritten, end, null)
    }
    this.emitClosed(record, closed, this.#closedTimes)
  }
}
