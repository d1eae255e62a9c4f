import type { Serde } from '../serde.ts'
import { TableSourceProcessor } from '../operator/table-source.ts'
import type { TableSettings } from '../operator/table-settings.ts'
import type { StoreBuilder } from '../state/store-builder.ts'
import type { SourceNode } from '../topology/node.ts'
import type { Topology } from '../topology/topology.ts'
import type { Consumed, KStream, KTable, Materialized, StreamsBuilderApi } from './api.ts'
import { GraphBuilder } from './graph-builder.ts'
import { Stream } from './kstream.ts'
import { Table } from './ktable.ts'
import { keyValueStoreOf } from './store-of.ts'
import type { StreamNode } from './stream-node.ts'

/**
 * Describes what an application does with its topics, in Kafka Streams' terms.
 *
 * @example
 * ```ts
 * const builder = new StreamsBuilder()
 * builder
 *   .stream('orders', { keySerde: text, valueSerde: text })
 *   .groupByKey()
 *   .count({ store: 'counts', valueSerde: number })
 *   .toStream()
 *   .to('order-counts', { valueSerde: number })
 * const topology = builder.build()
 * ```
 */
export class StreamsBuilder implements StreamsBuilderApi {
  readonly #graph = new GraphBuilder()

  stream<K, V>(topics: string | readonly string[], consumed: Consumed<K, V>): KStream<K, V> {
    return new Stream(this.#source('KSTREAM-SOURCE', topics, consumed))
  }

  table<K, V>(
    topic: string,
    consumed: Consumed<K, V>,
    materialized?: Materialized<K, NonNullable<V>>,
  ): KTable<K, NonNullable<V>> {
    type Row = NonNullable<V>
    const source = this.#source('KSTREAM-SOURCE', topic, {
      ...consumed,
      ...(consumed.name === undefined ? {} : { name: `${consumed.name}-source` }),
    })
    const settings: TableSettings = { store: materialized?.store, sendOldValues: false }
    if (materialized !== undefined) {
      this.#graph.addStore(keyValueStoreOf(materialized, consumed.keySerde))
    }
    const node = this.#graph.addProcessor(
      consumed.name ?? this.#graph.generateName('KTABLE-SOURCE'),
      [source.node],
      () => new TableSourceProcessor<K, Row>(settings),
      materialized === undefined ? [] : [materialized.store],
    )
    return new Table<K, Row>({
      at: {
        ...source,
        node,
        valueSerde: materialized?.valueSerde ?? (consumed.valueSerde as unknown as Serde<Row>),
      },
      settings,
      origin: { kind: 'source' },
      historyMs: materialized?.historyMs,
    })
  }

  addStateStore<K, V>(store: StoreBuilder<K, V>): void {
    this.#graph.addStore(store)
  }

  /** Closes the description. */
  build(): Topology {
    return this.#graph.build()
  }

  #source<K, V>(
    prefix: string,
    topics: string | readonly string[],
    consumed: Consumed<K, V>,
  ): StreamNode<K, V> {
    const names = typeof topics === 'string' ? [topics] : topics
    const node: SourceNode = this.#graph.addSource({
      name: consumed.name ?? this.#graph.generateName(prefix),
      topics: names,
      keySerde: consumed.keySerde as Serde<unknown>,
      valueSerde: consumed.valueSerde as Serde<unknown>,
      timestampExtractor: consumed.timestampExtractor as SourceNode['timestampExtractor'],
      decode: consumed.decode,
      onDeserializationError: consumed.onDeserializationError ?? 'skip',
      onInvalidTimestamp: consumed.onInvalidTimestamp,
      offsetReset: consumed.offsetReset,
    })
    return {
      graph: this.#graph,
      node,
      keySerde: consumed.keySerde,
      valueSerde: consumed.valueSerde,
      repartitionRequired: false,
      topics: new Set(names),
    }
  }
}
