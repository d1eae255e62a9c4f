import type { KeySelector, KeyValue, Predicate, ValueMapper } from '../dsl/api.ts'
import type { RecordContext, StreamRecord } from '../record.ts'
import type { Processor, ProcessorContext } from '../topology/processor.ts'

/** A processor that only needs its context. */
export abstract class BaseProcessor<KIn, VIn, KOut, VOut> implements Processor<
  KIn,
  VIn,
  KOut,
  VOut
> {
  protected context!: ProcessorContext<KOut, VOut>

  init(context: ProcessorContext<KOut, VOut>): void {
    this.context = context
  }

  abstract process(record: StreamRecord<KIn, VIn>): void
}

/** Lets records through for which the predicate answers `wanted`. */
export class FilterProcessor<K, V> extends BaseProcessor<K, V, K, V> {
  readonly #predicate: Predicate<K, V>
  readonly #wanted: boolean

  constructor(predicate: Predicate<K, V>, wanted: boolean) {
    super()
    this.#predicate = predicate
    this.#wanted = wanted
  }

  process(record: StreamRecord<K, V>): void {
    const passes = this.#predicate(record.key, record.value, this.context.recordAt(record))
    if (passes === this.#wanted) this.context.forward(record)
  }
}

/** New key and value for each record. */
export class MapProcessor<K, V, KR, VR> extends BaseProcessor<K, V, KR, VR> {
  readonly #mapper: (key: K, value: V, record: RecordContext) => KeyValue<KR, VR>

  constructor(mapper: (key: K, value: V, record: RecordContext) => KeyValue<KR, VR>) {
    super()
    this.#mapper = mapper
  }

  process(record: StreamRecord<K, V>): void {
    const [key, value] = this.#mapper(record.key, record.value, this.context.recordAt(record))
    this.context.forward({ key, value, timestamp: record.timestamp, headers: record.headers })
  }
}

/** New value for each record. */
export class MapValuesProcessor<K, V, VR> extends BaseProcessor<K, V, K, VR> {
  readonly #mapper: ValueMapper<K, V, VR>

  constructor(mapper: ValueMapper<K, V, VR>) {
    super()
    this.#mapper = mapper
  }

  process(record: StreamRecord<K, V>): void {
    const value = this.#mapper(record.value, record.key, this.context.recordAt(record))
    this.context.forward({
      key: record.key,
      value,
      timestamp: record.timestamp,
      headers: record.headers,
    })
  }
}

/** Any number of records for each. */
export class FlatMapProcessor<K, V, KR, VR> extends BaseProcessor<K, V, KR, VR> {
  readonly #mapper: (key: K, value: V, record: RecordContext) => Iterable<KeyValue<KR, VR>>

  constructor(mapper: (key: K, value: V, record: RecordContext) => Iterable<KeyValue<KR, VR>>) {
    super()
    this.#mapper = mapper
  }

  process(record: StreamRecord<K, V>): void {
    const pairs = this.#mapper(record.key, record.value, this.context.recordAt(record))
    for (const [key, value] of [...pairs]) {
      this.context.forward({ key, value, timestamp: record.timestamp, headers: record.headers })
    }
  }
}

/** New key for each record. */
export class SelectKeyProcessor<K, V, KR> extends BaseProcessor<K, V, KR, V> {
  readonly #selector: KeySelector<K, V, KR>

  constructor(selector: KeySelector<K, V, KR>) {
    super()
    this.#selector = selector
  }

  process(record: StreamRecord<K, V>): void {
    const key = this.#selector(record.key, record.value, this.context.recordAt(record))
    this.context.forward({
      key,
      value: record.value,
      timestamp: record.timestamp,
      headers: record.headers,
    })
  }
}

/** Looks at each record. */
export class PeekProcessor<K, V> extends BaseProcessor<K, V, K, V> {
  readonly #action: (key: K, value: V, record: RecordContext) => void

  constructor(action: (key: K, value: V, record: RecordContext) => void) {
    super()
    this.#action = action
  }

  process(record: StreamRecord<K, V>): void {
    this.#action(record.key, record.value, this.context.recordAt(record))
    this.context.forward(record)
  }
}

/** Hands records on as they are: where streams meet. */
export class PassThroughProcessor<K, V> extends BaseProcessor<K, V, K, V> {
  process(record: StreamRecord<K, V>): void {
    this.context.forward(record)
  }
}
