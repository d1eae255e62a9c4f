import type { Change, StreamRecord } from '../record.ts'
import type { KeyValueStore } from '../state/key-value-store.ts'
import { BaseProcessor } from './stateless.ts'
import type { ProcessorContext } from '../topology/processor.ts'
import type { TableSettings } from './table-settings.ts'

/** Records become changes of rows; rows are kept when there is a store. */
export class TableSourceProcessor<K, V> extends BaseProcessor<K, V | null, K, Change<V>> {
  readonly #settings: TableSettings
  #store: KeyValueStore<K, V> | undefined

  constructor(settings: TableSettings) {
    super()
    this.#settings = settings
  }

  override init(context: ProcessorContext<K, Change<V>>): void {
    super.init(context)
    if (this.#settings.store === undefined) return
    this.#store = context.store<KeyValueStore<K, V>>(this.#settings.store)
    this.#store.attach(context, this.#settings.sendOldValues)
  }

  process(record: StreamRecord<K, V | null>): void {
    if (record.key === null) {
      this.context.drop('null-key')
      return
    }
    if (this.#store === undefined) {
      const { key, timestamp, headers } = record
      const value = { newValue: record.value, oldValue: null }
      this.context.forward({ key, value, timestamp, headers })
      return
    }
    const old = this.#store.get(record.key)
    this.#store.update(record, record.key, record.value, old?.value ?? null, record.timestamp)
  }
}
