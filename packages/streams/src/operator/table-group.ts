import type { Aggregator, Initializer, KeyValue } from '../dsl/api.ts'
import type { Change, RecordContext, StreamRecord } from '../record.ts'
import type { KeyValueStore } from '../state/key-value-store.ts'
import { byteString } from '../state/sorted-byte-map.ts'
import type { Serde } from '../serde.ts'
import type { ProcessorContext } from '../topology/processor.ts'
import { BaseProcessor } from './stateless.ts'
import type { TableSettings } from './table-settings.ts'

/** Sends each row's old and new value to their groups: one record when the group stays, else the old group's first. */
export class TableGroupProcessor<K, V, KR, VR> extends BaseProcessor<K, Change<V>, KR, Change<VR>> {
  readonly #selector: (key: K, value: V, record: RecordContext) => KeyValue<KR, VR>
  readonly #keySerde: Serde<KR>

  constructor(
    selector: (key: K, value: V, record: RecordContext) => KeyValue<KR, VR>,
    keySerde: Serde<KR>,
  ) {
    super()
    this.#selector = selector
    this.#keySerde = keySerde
  }

  process(record: StreamRecord<K, Change<V>>): void {
    if (record.value.outOfOrder === true) {
      this.context.drop('out-of-order')
      return
    }
    const after = this.#group(record, record.value.newValue)
    const before = this.#group(record, record.value.oldValue)
    const { timestamp, headers } = record
    if (after !== undefined && before !== undefined && this.#sameKey(after[0], before[0])) {
      const value = { newValue: after[1], oldValue: before[1] }
      this.context.forward({ key: after[0], value, timestamp, headers })
      return
    }
    if (before !== undefined) {
      const value = { newValue: null, oldValue: before[1] }
      this.context.forward({ key: before[0], value, timestamp, headers })
    }
    if (after !== undefined) {
      const value = { newValue: after[1], oldValue: null }
      this.context.forward({ key: after[0], value, timestamp, headers })
    }
  }

  #group(record: StreamRecord<K, unknown>, value: V | null): KeyValue<KR, VR> | undefined {
    if (value === null) return undefined
    const pair = this.#selector(record.key, value, this.context.recordAt(record))
    return pair[0] === null || pair[1] === null ? undefined : pair
  }

  #sameKey(a: KR, b: KR): boolean {
    if (a === b) return true
    const left = this.#keySerde.serialize(a)
    const right = this.#keySerde.serialize(b)
    return left !== null && right !== null && byteString(left) === byteString(right)
  }
}

/** One aggregate per group of rows: a change takes the old value out, then adds the new one. */
export class TableAggregateProcessor<K, V, VA> extends BaseProcessor<K, Change<V>, K, Change<VA>> {
  readonly #initializer: Initializer<VA>
  readonly #adder: Aggregator<K, V, VA>
  readonly #subtractor: Aggregator<K, V, VA>
  readonly #settings: TableSettings
  #store!: KeyValueStore<K, VA>

  constructor(
    initializer: Initializer<VA>,
    adder: Aggregator<K, V, VA>,
    subtractor: Aggregator<K, V, VA>,
    settings: TableSettings,
  ) {
    super()
    this.#initializer = initializer
    this.#adder = adder
    this.#subtractor = subtractor
    this.#settings = settings
  }

  override init(context: ProcessorContext<K, Change<VA>>): void {
    super.init(context)
    this.#store = context.store<KeyValueStore<K, VA>>(this.#settings.store!)
    this.#store.attach(context, this.#settings.sendOldValues)
  }

  process(record: StreamRecord<K, Change<V>>): void {
    const { key, value: change } = record
    if (key === null) {
      this.context.drop('null-key')
      return
    }
    const old = this.#store.get(key)
    let aggregate: VA | null = old?.value ?? null
    if (change.oldValue !== null && aggregate !== null) {
      aggregate = this.#subtractor(key, change.oldValue, aggregate, this.context.recordAt(record))
    }
    if (change.newValue !== null) {
      const start = aggregate ?? this.#initializer()
      aggregate = this.#adder(key, change.newValue, start, this.context.recordAt(record))
    }
    const time = old === undefined ? record.timestamp : Math.max(record.timestamp, old.timestamp)
    this.#store.update(record, key, aggregate, old?.value ?? null, time)
  }
}
