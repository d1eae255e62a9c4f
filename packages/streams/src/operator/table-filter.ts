import type { Predicate, ValueMapper } from '../dsl/api.ts'
import type { Change, StreamRecord } from '../record.ts'
import type { KeyValueStore } from '../state/key-value-store.ts'
import type { ProcessorContext } from '../topology/processor.ts'
import { BaseProcessor } from './stateless.ts'
import type { TableSettings } from './table-settings.ts'

/** Rows computed one by one from the rows of another table: filters and value mappers. */
abstract class TableDerivation<K, V, VR> extends BaseProcessor<K, Change<V>, K, Change<VR>> {
  readonly settings: TableSettings
  protected store: KeyValueStore<K, VR> | undefined

  constructor(settings: TableSettings) {
    super()
    this.settings = settings
  }

  override init(context: ProcessorContext<K, Change<VR>>): void {
    super.init(context)
    if (this.settings.store === undefined) return
    this.store = context.store<KeyValueStore<K, VR>>(this.settings.store)
    this.store.attach(context, this.settings.sendOldValues)
  }

  protected emit(
    record: StreamRecord<K, Change<V>>,
    newValue: VR | null,
    oldValue: VR | null,
  ): void {
    if (this.store !== undefined) {
      this.store.update(record, record.key, newValue, oldValue, record.timestamp)
      return
    }
    this.context.forward({
      key: record.key,
      value:
        record.value.outOfOrder === true
          ? { newValue, oldValue, outOfOrder: true }
          : { newValue, oldValue },
      timestamp: record.timestamp,
      headers: record.headers,
    })
  }

  protected oldOf(
    record: StreamRecord<K, Change<V>>,
    compute: (key: K, value: V, record: StreamRecord<K, Change<V>>) => VR | null,
  ): VR | null {
    if (this.store !== undefined) return this.store.get(record.key)?.value ?? null
    if (!this.settings.sendOldValues || record.value.oldValue === null) return null
    return compute(record.key, record.value.oldValue, record)
  }
}

/** A row that does not pass is a deletion. */
export class TableFilterProcessor<K, V> extends TableDerivation<K, V, V> {
  readonly #predicate: Predicate<K, V>
  readonly #wanted: boolean
  readonly #compute = (key: K, value: V, record: StreamRecord<K, unknown>): V | null =>
    this.#predicate(key, value, this.context.recordAt(record)) === this.#wanted ? value : null

  constructor(predicate: Predicate<K, V>, wanted: boolean, settings: TableSettings) {
    super(settings)
    this.#predicate = predicate
    this.#wanted = wanted
  }

  process(record: StreamRecord<K, Change<V>>): void {
    const { newValue } = record.value
    const newPassed = newValue === null ? null : this.#compute(record.key, newValue, record)
    const oldPassed = this.oldOf(record, this.#compute)
    // A change to the past of a versioned row may delete there what `oldPassed`, the row of now, does not show.
    const silent = this.settings.sendOldValues && !this.settings.versioned
    if (silent && newPassed === null && oldPassed === null) return
    this.emit(record, newPassed, oldPassed)
  }
}

/** A new value for each row. */
export class TableMapValuesProcessor<K, V, VR> extends TableDerivation<K, V, VR> {
  readonly #mapper: ValueMapper<K, V, VR>
  readonly #compute = (key: K, value: V, record: StreamRecord<K, unknown>): VR =>
    this.#mapper(value, key, this.context.recordAt(record))

  constructor(mapper: ValueMapper<K, V, VR>, settings: TableSettings) {
    super(settings)
    this.#mapper = mapper
  }

  process(record: StreamRecord<K, Change<V>>): void {
    const { newValue } = record.value
    const mapped = newValue === null ? null : this.#compute(record.key, newValue, record)
    this.emit(record, mapped, this.oldOf(record, this.#compute))
  }
}

/** The new values of a table as records. */
export class TableToStreamProcessor<K, V> extends BaseProcessor<K, Change<V>, K, V | null> {
  process(record: StreamRecord<K, Change<V>>): void {
    this.context.forward({
      key: record.key,
      value: record.value.newValue,
      timestamp: record.timestamp,
      headers: record.headers,
    })
  }
}
