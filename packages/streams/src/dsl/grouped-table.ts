import type { Change } from '../record.ts'
import { TableAggregateProcessor } from '../operator/table-group.ts'
import type { TableSettings } from '../operator/table-settings.ts'
import type { Aggregator, Initializer, KGroupedTable, KTable, Materialized, Named } from './api.ts'
import { Table } from './ktable.ts'
import { plainStoreOf } from './store-of.ts'
import type { StreamNode } from './stream-node.ts'

/** {@link KGroupedTable} behind a repartition topic of changes. */
export class GroupedTable<K, V> implements KGroupedTable<K, V> {
  readonly #from: StreamNode<K, Change<V>>

  constructor(from: StreamNode<K, Change<V>>) {
    this.#from = from
  }

  count(materialized: Materialized<K, number>, named?: Named): KTable<K, number> {
    return this.aggregate(
      () => 0,
      (_key, _value, count) => count + 1,
      (_key, _value, count) => count - 1,
      materialized,
      named,
    )
  }

  aggregate<VA>(
    initializer: Initializer<VA>,
    adder: Aggregator<K, V, VA>,
    subtractor: Aggregator<K, V, VA>,
    materialized: Materialized<K, VA>,
    named?: Named,
  ): KTable<K, VA> {
    const { graph, node, keySerde } = this.#from
    const settings: TableSettings = { store: materialized.store, sendOldValues: false }
    graph.addStore(plainStoreOf(materialized, keySerde))
    const aggregate = graph.addProcessor(
      named?.name ?? graph.generateName('KTABLE-AGGREGATE'),
      [node],
      () => new TableAggregateProcessor<K, V, VA>(initializer, adder, subtractor, settings),
      [materialized.store],
    )
    return new Table<K, VA>({
      at: { ...this.#from, node: aggregate, valueSerde: materialized.valueSerde },
      settings,
      origin: { kind: 'stored' },
    })
  }
}
