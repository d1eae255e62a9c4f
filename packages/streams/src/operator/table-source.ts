import type { Change, StreamRecord } from '../record.ts'
import type { KeyValueStore } from '../state/key-value-store.ts'
import { VersionedStore } from '../state/versioned-store.ts'
import { BaseProcessor } from './stateless.ts'
import type { ProcessorContext } from '../topology/processor.ts'
import type { TableSettings } from './table-settings.ts'

/** Records become changes of rows; rows are kept when there is a store. */
export class TableSourceProcessor<K, V> extends BaseProcessor<K, V | null, K, Change<V>> {
  readonly #settings: TableSettings
  #store: KeyValueStore<K, V> | undefined
  #versions: VersionedStore<K, V> | undefined

  constructor(settings: TableSettings) {
    super()
    this.#settings = settings
  }

  override init(context: ProcessorContext<K, Change<V>>): void {
    super.init(context)
    if (this.#settings.store === undefined) return
    const store = context.store<KeyValueStore<K, V> | VersionedStore<K, V>>(this.#settings.store)
    if (store instanceof VersionedStore) {
      this.#versions = store
      return
    }
    this.#store = store
    store.attach(context, this.#settings.sendOldValues)
  }

  process(record: StreamRecord<K, V | null>): void {
    if (record.key === null) {
      this.context.drop('null-key')
      return
    }
    if (this.#versions !== undefined) {
      this.#putVersion(record, this.#versions)
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

  #putVersion(record: StreamRecord<K, V | null>, versions: VersionedStore<K, V>): void {
    const { key, value: newValue, timestamp, headers } = record
    const old = versions.get(key)
    const place = versions.put(key, newValue, timestamp)
    if (place === 'expired') {
      this.context.drop('expired')
      return
    }
    const oldValue = this.#settings.sendOldValues ? (old?.value ?? null) : null
    const change: Change<V> = { newValue, oldValue }
    this.context.forward({
      key,
      value: place === 'latest' ? change : { ...change, outOfOrder: true },
      timestamp,
      headers,
    })
  }
}
