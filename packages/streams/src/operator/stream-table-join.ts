import type { ValueJoiner } from '../dsl/api.ts'
import type { StreamRecord } from '../record.ts'
import type { ProcessorContext } from '../topology/processor.ts'
import { BaseProcessor } from './stateless.ts'
import type { TableGetter, TableView } from './table-view.ts'

/** Looks up the table's row of now for each record. */
export class StreamTableJoinProcessor<K, V, VT, VR> extends BaseProcessor<K, V, K, VR> {
  readonly #view: TableView<K, VT>
  readonly #joiner: ValueJoiner<K, V, VT | null, VR>
  readonly #left: boolean
  #table!: TableGetter<K, VT>

  constructor(view: TableView<K, VT>, joiner: ValueJoiner<K, V, VT | null, VR>, left: boolean) {
    super()
    this.#view = view
    this.#joiner = joiner
    this.#left = left
  }

  override init(context: ProcessorContext<K, VR>): void {
    super.init(context)
    this.#table = this.#view.open(context)
  }

  process(record: StreamRecord<K, V>): void {
    const { key, value } = record
    if (value === null || (key === null && !this.#left)) {
      this.context.drop('null-key-or-value')
      return
    }
    const row = key === null ? undefined : this.#table.get(key, record)
    if (row === undefined && !this.#left) return
    this.context.forward({
      key,
      value: this.#joiner(value, row?.value ?? null, key),
      timestamp: record.timestamp,
      headers: record.headers,
    })
  }
}
