import type { Aggregator, Initializer } from '../dsl/api.ts'
import type { Change, StreamRecord } from '../record.ts'
import type { KeyValueStore } from '../state/key-value-store.ts'
import type { ProcessorContext } from '../topology/processor.ts'
import { BaseProcessor } from './stateless.ts'
import type { TableSettings } from './table-settings.ts'

/** One aggregate per key over all records. */
export class StreamAggregateProcessor<K, V, VA> extends BaseProcessor<K, V, K, Change<VA>> {
  readonly #initializer: Initializer<VA>
  readonly #aggregator: Aggregator<K, V, VA>
  readonly #settings: TableSettings
  #store!: KeyValueStore<K, VA>

  constructor(
    initializer: Initializer<VA>,
    aggregator: Aggregator<K, V, VA>,
    settings: TableSettings,
  ) {
    super()
    this.#initializer = initializer
    this.#aggregator = aggregator
    this.#settings = settings
  }

  override init(context: ProcessorContext<K, Change<VA>>): void {
    super.init(context)
    this.#store = context.store<KeyValueStore<K, VA>>(this.#settings.store!)
    this.#store.attach(context, this.#settings.sendOldValues)
  }

  process(record: StreamRecord<K, V>): void {
    const { key, value } = record
    if (key === null || value === null) {
      this.context.drop('null-key-or-value')
      return
    }
    const old = this.#store.get(key)
    const before = old === undefined ? this.#initializer() : old.value
    const after = this.#aggregator(key, value, before, this.context.recordAt(record))
    const timestamp =
      old === undefined ? record.timestamp : Math.max(record.timestamp, old.timestamp)
    this.#store.update(record, key, after, old?.value ?? null, timestamp, before)
  }
}
