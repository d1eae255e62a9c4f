import type { Aggregator, EmitStrategy, Initializer } from '../dsl/api.ts'
import type { Change, StreamRecord, Windowed } from '../record.ts'
import { closedNumber } from '../state/lifetime.ts'
import type { WindowedStore } from '../state/windowed-store.ts'
import type { PersistedNumber, ProcessorContext } from '../topology/processor.ts'
import { ClosingSchedule } from './closing-schedule.ts'
import { BaseProcessor } from './stateless.ts'
import type { TableSettings } from './table-settings.ts'

/** What an aggregate of any kind of window is made of. */
export interface WindowedAggregateOptions<W, K, V, VA> {
  readonly windows: W
  readonly initializer: Initializer<VA>
  readonly aggregator: Aggregator<K, V, VA>
  readonly emit: EmitStrategy
  readonly settings: TableSettings
}

/** What aggregates over windows have in common: where rows are kept, what time it is, and how closed windows go out. */
export abstract class WindowedAggregateProcessor<
  W extends { readonly graceMs: number },
  K,
  V,
  VA,
  Store extends WindowedStore<K, VA>,
> extends BaseProcessor<K, V, Windowed<K>, Change<VA>> {
  protected readonly windows: W
  protected readonly initializer: Initializer<VA>
  protected readonly aggregator: Aggregator<K, V, VA>
  protected store!: Store
  readonly #emit: EmitStrategy
  readonly #settings: TableSettings
  #schedule!: ClosingSchedule
  #observed!: PersistedNumber
  #lastClose!: PersistedNumber

  constructor(options: WindowedAggregateOptions<W, K, V, VA>) {
    super()
    this.windows = options.windows
    this.initializer = options.initializer
    this.aggregator = options.aggregator
    this.#emit = options.emit
    this.#settings = options.settings
  }

  override init(context: ProcessorContext<Windowed<K>, Change<VA>>): void {
    super.init(context)
    const store = this.#settings.store!
    this.store = context.store<Store>(store)
    this.store.attach(context, this.#settings.sendOldValues)
    this.#observed = context.persistedNumber('observed', -1)
    this.#lastClose = context.sharedNumber(closedNumber(store), -1)
    this.#schedule = new ClosingSchedule(context)
  }

  /** Takes note of a record's time; answers the greatest one seen less the grace: windows that ended by then are closed. */
  protected observe(timestamp: number): number {
    if (timestamp > this.#observed.value) this.#observed.value = timestamp
    return this.#observed.value - this.windows.graceMs
  }

  /** Writes a row, and sends it on unless that waits for its window to close. `sentOldValue`: as of {@link RowStore.update}. */
  protected write(
    record: StreamRecord<K, V>,
    window: Windowed<K>,
    value: VA | null,
    oldValue: VA | null,
    timestamp: number,
    sentOldValue: VA | null = oldValue,
  ): void {
    if (this.#emit === 'close') this.store.put(window, value, timestamp)
    else this.store.update(record, window, value, oldValue, timestamp, sentOldValue)
  }

  /**
   * Sends on what closed since the last look, when it is time to look.
   *
   * @param closed Time up to which windows are closed.
   * @param times Times of the rows, first and last, that closed between the last look (−1: none yet) and `closed`.
   */
  protected emitClosed(
    record: StreamRecord<K, V>,
    closed: number,
    times: (last: number, closed: number) => readonly [number, number],
  ): void {
    if (this.#emit !== 'close' || !this.#schedule.due()) return
    const last = this.#lastClose.value
    if (closed <= last) return
    this.#lastClose.value = closed
    const [from, to] = times(last, closed)
    if (to < 0 || to < from) return
    for (const row of this.store.closedBetween(Math.max(0, from), to)) {
      this.context.forward({
        key: row.key,
        value: { newValue: row.value, oldValue: null },
        timestamp: row.timestamp,
        headers: record.headers,
      })
    }
  }
}
