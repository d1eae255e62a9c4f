import type { Aggregator, EmitStrategy, Initializer } from '../dsl/api.ts'
import type { TimeWindows } from '../dsl/windows.ts'
import type { Change, StreamRecord, Windowed } from '../record.ts'
import type { WindowStore } from '../state/window-store.ts'
import type { PersistedNumber, ProcessorContext } from '../topology/processor.ts'
import { ClosingSchedule, observe } from './closing-schedule.ts'
import { BaseProcessor } from './stateless.ts'
import type { TableSettings } from './table-settings.ts'

/** Start of the earliest window that contains `timestamp`; none begins before 0. */
function firstWindowStart(windows: TimeWindows, timestamp: number): number {
  const earliest = Math.max(0, timestamp - windows.sizeMs + windows.advanceMs)
  return Math.floor(earliest / windows.advanceMs) * windows.advanceMs
}

/** One aggregate per key and tumbling or hopping window. */
export class WindowAggregateProcessor<K, V, VA> extends BaseProcessor<
  K,
  V,
  Windowed<K>,
  Change<VA>
> {
  readonly #windows: TimeWindows
  readonly #initializer: Initializer<VA>
  readonly #aggregator: Aggregator<K, V, VA>
  readonly #emit: EmitStrategy
  readonly #settings: TableSettings
  readonly #schedule = new ClosingSchedule()
  #store!: WindowStore<K, VA>
  #observed!: PersistedNumber
  #lastClose!: PersistedNumber

  constructor(
    windows: TimeWindows,
    initializer: Initializer<VA>,
    aggregator: Aggregator<K, V, VA>,
    emit: EmitStrategy,
    settings: TableSettings,
  ) {
    super()
    this.#windows = windows
    this.#initializer = initializer
    this.#aggregator = aggregator
    this.#emit = emit
    this.#settings = settings
  }

  override init(context: ProcessorContext<Windowed<K>, Change<VA>>): void {
    super.init(context)
    this.#store = context.store<WindowStore<K, VA>>(this.#settings.store!)
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
    const { sizeMs, advanceMs, graceMs } = this.#windows
    const closed = observe(this.#observed, timestamp) - graceMs
    for (
      let start = firstWindowStart(this.#windows, timestamp);
      start <= timestamp;
      start += advanceMs
    ) {
      const end = start + sizeMs
      if (end <= closed) {
        this.context.drop('late')
        continue
      }
      const windowed = { key, window: { start, end } }
      const old = this.#store.get(windowed)
      const before = old === undefined ? this.#initializer() : old.value
      const after = this.#aggregator(key, record.value, before, this.context.recordAt(record))
      const time = old === undefined ? timestamp : Math.max(timestamp, old.timestamp)
      if (this.#emit === 'changes') {
        this.#store.update(record, windowed, after, old?.value ?? null, time, before)
      } else this.#store.put(windowed, after, time)
    }
    if (this.#emit === 'close') this.#emitClosed(record, closed)
  }

  #emitClosed(record: StreamRecord<K, V>, closed: number): void {
    if (!this.#schedule.due(this.context)) return
    const to = closed - this.#windows.sizeMs
    const from = this.#lastClose.value < 0 ? 0 : this.#lastClose.value - this.#windows.sizeMs + 1
    if (closed <= this.#lastClose.value) return
    this.#lastClose.value = closed
    if (to < 0 || to < from) return
    for (const row of this.#store.closedBetween(Math.max(0, from), to)) {
      this.context.forward({
        key: row.key,
        value: { newValue: row.value, oldValue: null },
        timestamp: row.timestamp,
        headers: record.headers,
      })
    }
  }
}
