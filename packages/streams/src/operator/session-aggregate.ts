import type { Aggregator, EmitStrategy, Initializer, SessionMerger } from '../dsl/api.ts'
import type { SessionWindows } from '../dsl/windows.ts'
import type { Change, StreamRecord, Windowed } from '../record.ts'
import type { SessionStore } from '../state/session-store.ts'
import type { PersistedNumber, ProcessorContext } from '../topology/processor.ts'
import { ClosingSchedule, observe } from './closing-schedule.ts'
import { BaseProcessor } from './stateless.ts'
import type { TableSettings } from './table-settings.ts'

/** One aggregate per key and session; a record may join sessions into one. */
export class SessionAggregateProcessor<K, V, VA> extends BaseProcessor<
  K,
  V,
  Windowed<K>,
  Change<VA>
> {
  readonly #windows: SessionWindows
  readonly #initializer: Initializer<VA>
  readonly #aggregator: Aggregator<K, V, VA>
  readonly #merger: SessionMerger<K, VA>
  readonly #emit: EmitStrategy
  readonly #settings: TableSettings
  readonly #schedule = new ClosingSchedule()
  #store!: SessionStore<K, VA>
  #observed!: PersistedNumber
  #lastClose!: PersistedNumber

  constructor(
    windows: SessionWindows,
    initializer: Initializer<VA>,
    aggregator: Aggregator<K, V, VA>,
    merger: SessionMerger<K, VA>,
    emit: EmitStrategy,
    settings: TableSettings,
  ) {
    super()
    this.#windows = windows
    this.#initializer = initializer
    this.#aggregator = aggregator
    this.#merger = merger
    this.#emit = emit
    this.#settings = settings
  }

  override init(context: ProcessorContext<Windowed<K>, Change<VA>>): void {
    super.init(context)
    this.#store = context.store<SessionStore<K, VA>>(this.#settings.store!)
    this.#store.attach(context, this.#settings.sendOldValues)
    this.#observed = context.persistedNumber('observed', -1)
    this.#lastClose = context.persistedNumber('closed', -1)
  }

  process(record: StreamRecord<K, V>): void {
    const { key, timestamp } = record
    if (key === null) {
      this.context.drop('null-key')
      return
    }
    const { gapMs, graceMs } = this.#windows
    const closed = observe(this.#observed, timestamp) - graceMs - gapMs
    const found = this.#store.findSessions(key, timestamp - gapMs, timestamp + gapMs)
    let start = timestamp
    let end = timestamp
    let aggregate = this.#initializer()
    for (const session of found) {
      start = Math.min(start, session.key.window.start)
      end = Math.max(end, session.key.window.end)
      aggregate = this.#merger(key, aggregate, session.value)
    }
    if (end < closed) this.context.drop('late')
    else {
      if (start !== timestamp || end !== timestamp) {
        for (const session of found) {
          this.#write(record, session.key, null, session.value)
        }
      }
      aggregate = this.#aggregator(key, record.value, aggregate, this.context.recordAt(record))
      this.#write(record, { key, window: { start, end } }, aggregate, null)
    }
    if (this.#emit === 'close') this.#emitClosed(record, closed)
  }

  #write(
    record: StreamRecord<K, V>,
    session: Windowed<K>,
    value: VA | null,
    oldValue: VA | null,
  ): void {
    const time = session.window.end
    if (this.#emit === 'changes') this.#store.update(record, session, value, oldValue, time)
    else this.#store.put(session, value, time)
  }

  #emitClosed(record: StreamRecord<K, V>, closed: number): void {
    if (!this.#schedule.due(this.context)) return
    if (closed <= this.#lastClose.value) return
    const from = Math.max(0, this.#lastClose.value)
    this.#lastClose.value = closed
    if (closed <= 0) return
    for (const row of this.#store.closedBetween(from, closed - 1)) {
      this.context.forward({
        key: row.key,
        value: { newValue: row.value, oldValue: null },
        timestamp: row.timestamp,
        headers: record.headers,
      })
    }
  }
}
