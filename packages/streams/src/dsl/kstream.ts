import { InvalidOptionError } from '@varve/base'

import type { Change, RecordContext } from '../record.ts'
import type { Serde } from '../serde.ts'
import {
  FilterProcessor,
  FlatMapProcessor,
  MapProcessor,
  MapValuesProcessor,
  PeekProcessor,
  SelectKeyProcessor,
} from '../operator/stateless.ts'
import {
  StreamTableJoinProcessor,
  WaitingStreamTableJoinProcessor,
  type GraceOptions,
} from '../operator/stream-table-join.ts'
import { TableSourceProcessor } from '../operator/table-source.ts'
import type { TableSettings } from '../operator/table-settings.ts'
import type { Processor } from '../topology/processor.ts'
import type {
  Grouped,
  KeySelector,
  KeyValue,
  KGroupedStream,
  KStream,
  KTable,
  Materialized,
  Named,
  Predicate,
  Produced,
  Repartitioned,
  StreamJoined,
  StreamTableJoined,
  ValueJoiner,
  ValueMapper,
} from './api.ts'
import { GroupedStream } from './grouped-stream.ts'
import { Table } from './ktable.ts'
import { bytesStoreOf, keyValueStoreOf } from './store-of.ts'
import { joinStreams } from './stream-join.ts'
import { passThrough, required, throughRepartition, type StreamNode } from './stream-node.ts'

/** {@link KStream} over a node of the graph. */
export class Stream<K, V> implements KStream<K, V> {
  readonly at: StreamNode<K, V>

  constructor(at: StreamNode<K, V>) {
    this.at = at
  }

  get nodeName(): string {
    return this.at.node.name
  }

  filter(predicate: Predicate<K, V>, named?: Named): KStream<K, V> {
    return this.#same('KSTREAM-FILTER', named, () => new FilterProcessor(predicate, true))
  }

  filterNot(predicate: Predicate<K, V>, named?: Named): KStream<K, V> {
    return this.#same('KSTREAM-FILTER', named, () => new FilterProcessor(predicate, false))
  }

  peek(action: (key: K, value: V, record: RecordContext) => void, named?: Named): KStream<K, V> {
    return this.#same('KSTREAM-PEEK', named, () => new PeekProcessor(action))
  }

  map<KR, VR>(
    mapper: (key: K, value: V, record: RecordContext) => KeyValue<KR, VR>,
    named?: Named,
  ): KStream<KR, VR> {
    return this.#rekeyed('KSTREAM-MAP', named, () => new MapProcessor(mapper))
  }

  mapValues<VR>(mapper: ValueMapper<K, V, VR>, named?: Named): KStream<K, VR> {
    return this.#revalued('KSTREAM-MAPVALUES', named, () => new MapValuesProcessor(mapper))
  }

  flatMap<KR, VR>(
    mapper: (key: K, value: V, record: RecordContext) => Iterable<KeyValue<KR, VR>>,
    named?: Named,
  ): KStream<KR, VR> {
    return this.#rekeyed('KSTREAM-FLATMAP', named, () => new FlatMapProcessor(mapper))
  }

  flatMapValues<VR>(
    mapper: (value: V, key: K, record: RecordContext) => Iterable<VR>,
    named?: Named,
  ): KStream<K, VR> {
    const pairs = (key: K, value: V, record: RecordContext): KeyValue<K, VR>[] =>
      Array.from(mapper(value, key, record), (mapped) => [key, mapped] as const)
    return this.#revalued('KSTREAM-FLATMAPVALUES', named, () => new FlatMapProcessor(pairs))
  }

  selectKey<KR>(selector: KeySelector<K, V, KR>, named?: Named): KStream<KR, V> {
    const { graph, node } = this.at
    const name = named?.name ?? graph.generateName('KSTREAM-KEY-SELECT')
    return new Stream<KR, V>({
      ...this.at,
      node: graph.addProcessor(name, [node], () => new SelectKeyProcessor(selector)),
      keySerde: undefined,
      repartitionRequired: true,
    })
  }

  merge(other: KStream<K, V>, named?: Named): KStream<K, V> {
    const { graph, node, keySerde, valueSerde } = this.at
    const right = (other as Stream<K, V>).at
    const name = named?.name ?? graph.generateName('KSTREAM-MERGE')
    return new Stream<K, V>({
      graph,
      node: passThrough(graph, name, [node, right.node]),
      keySerde: keySerde ?? right.keySerde,
      valueSerde: valueSerde ?? right.valueSerde,
      repartitionRequired: this.at.repartitionRequired || right.repartitionRequired,
      topics: new Set([...this.at.topics, ...right.topics]),
    })
  }

  repartition(repartitioned: Repartitioned<K, V> = {}): KStream<K, V> {
    return new Stream(
      throughRepartition(this.at, {
        name: repartitioned.name ?? this.at.graph.generateName('KSTREAM-REPARTITION'),
        keySerde: repartitioned.keySerde,
        valueSerde: repartitioned.valueSerde,
        partitionCount: repartitioned.partitionCount,
        keepNullKeys: true,
      }),
    )
  }

  groupByKey(grouped: Grouped<K, V> = {}): KGroupedStream<K, V> {
    return new GroupedStream(
      {
        ...this.at,
        keySerde: grouped.keySerde ?? this.at.keySerde,
        valueSerde: grouped.valueSerde ?? this.at.valueSerde,
      },
      grouped.name,
    )
  }

  groupBy<KR>(
    selector: KeySelector<K, V, KR>,
    grouped: Grouped<KR, V> = {},
  ): KGroupedStream<KR, V> {
    const keyed = this.selectKey(
      selector,
      grouped.name === undefined ? undefined : { name: `${grouped.name}-key-select` },
    )
    return keyed.groupByKey(grouped)
  }

  join<VT, VR>(
    table: KTable<K, VT>,
    joiner: ValueJoiner<K, V, VT, VR>,
    joined?: StreamTableJoined<K, V>,
  ): KStream<K, VR> {
    return this.#joinTable(table, joiner as ValueJoiner<K, V, VT | null, VR>, joined, false)
  }

  leftJoin<VT, VR>(
    table: KTable<K, VT>,
    joiner: ValueJoiner<K, V, VT | null, VR>,
    joined?: StreamTableJoined<K, V>,
  ): KStream<K, VR> {
    return this.#joinTable(table, joiner, joined, true)
  }

  joinStream<VO, VR>(
    other: KStream<K, VO>,
    joiner: ValueJoiner<K, V | null, VO | null, VR>,
    joined: StreamJoined<K, V, VO>,
  ): KStream<K, VR> {
    return new Stream(joinStreams(this.at, (other as Stream<K, VO>).at, joiner, joined))
  }

  toTable(materialized?: Materialized<K, V>, grouped?: Grouped<K, V>): KTable<K, V> {
    const { graph } = this.at
    const name = grouped?.name ?? graph.generateName('KSTREAM-TOTABLE')
    const from = this.at.repartitionRequired
      ? throughRepartition(this.at, {
          name,
          keySerde: grouped?.keySerde ?? this.at.keySerde ?? materialized?.keySerde,
          valueSerde: grouped?.valueSerde ?? this.at.valueSerde ?? materialized?.valueSerde,
          keepNullKeys: false,
        })
      : this.at
    const settings: TableSettings = { store: materialized?.store, sendOldValues: false }
    if (materialized !== undefined) graph.addStore(keyValueStoreOf(materialized, from.keySerde))
    const node = graph.addProcessor(
      name,
      [from.node],
      () => new TableSourceProcessor<K, V>(settings),
      materialized === undefined ? [] : [materialized.store],
    )
    return new Table<K, V>({
      at: { ...from, node, valueSerde: materialized?.valueSerde ?? from.valueSerde },
      settings,
      origin: { kind: 'source' },
      historyMs: materialized?.historyMs,
    })
  }

  to(topic: string, produced: Produced<K, V> = {}): void {
    const { graph, node } = this.at
    const name = produced.name ?? graph.generateName('KSTREAM-SINK')
    graph.addSink(
      {
        name,
        topic,
        internal: false,
        keySerde: required(produced.keySerde ?? this.at.keySerde, 'keySerde', name) as Serde<never>,
        valueSerde: required(
          produced.valueSerde ?? this.at.valueSerde,
          'valueSerde',
          name,
        ) as Serde<never>,
        timestampExtractor: produced.timestampExtractor,
        partitioner: produced.partitioner,
      },
      node,
    )
  }

  process<KR, VR>(
    supplier: () => Processor<K, V, KR, VR>,
    options: Named & { readonly stores?: readonly string[] } = {},
  ): KStream<KR, VR> {
    const { graph, node } = this.at
    const name = options.name ?? graph.generateName('KSTREAM-PROCESSOR')
    return new Stream<KR, VR>({
      ...this.at,
      node: graph.addProcessor(name, [node], supplier, options.stores),
      keySerde: undefined,
      valueSerde: undefined,
      repartitionRequired: true,
    })
  }

  #same(
    prefix: string,
    named: Named | undefined,
    supplier: () => Processor<K, V, K, V>,
  ): Stream<K, V> {
    const { graph, node } = this.at
    const name = named?.name ?? graph.generateName(prefix)
    return new Stream<K, V>({ ...this.at, node: graph.addProcessor(name, [node], supplier) })
  }

  #revalued<VR>(
    prefix: string,
    named: Named | undefined,
    supplier: () => Processor<K, V, K, VR>,
  ): Stream<K, VR> {
    const { graph, node } = this.at
    const name = named?.name ?? graph.generateName(prefix)
    return new Stream<K, VR>({
      ...this.at,
      node: graph.addProcessor(name, [node], supplier),
      valueSerde: undefined,
    })
  }

  #rekeyed<KR, VR>(
    prefix: string,
    named: Named | undefined,
    supplier: () => Processor<K, V, KR, VR>,
  ): Stream<KR, VR> {
    const { graph, node } = this.at
    const name = named?.name ?? graph.generateName(prefix)
    return new Stream<KR, VR>({
      ...this.at,
      node: graph.addProcessor(name, [node], supplier),
      keySerde: undefined,
      valueSerde: undefined,
      repartitionRequired: true,
    })
  }

  #joinTable<VT, VR>(
    table: KTable<K, VT>,
    joiner: ValueJoiner<K, V, VT | null, VR>,
    joined: StreamTableJoined<K, V> | undefined,
    left: boolean,
  ): KStream<K, VR> {
    const { graph } = this.at
    const right = table as Table<K, VT>
    const name = joined?.name ?? graph.generateName(left ? 'KSTREAM-LEFTJOIN' : 'KSTREAM-JOIN')
    const from = this.at.repartitionRequired
      ? throughRepartition(this.at, {
          name,
          keySerde: joined?.keySerde,
          valueSerde: joined?.valueSerde,
          keepNullKeys: left,
        })
      : this.at
    graph.coPartition([...from.topics, ...right.at.topics])
    const view = right.view()
    const options = { view, joiner, left }
    const grace = this.#grace(name, from, right.historyMs, joined)
    const node = graph.addProcessor(
      name,
      [from.node],
      () =>
        grace === undefined
          ? new StreamTableJoinProcessor<K, V, VT, VR>(options)
          : new WaitingStreamTableJoinProcessor<K, V, VT, VR>(options, grace),
      grace === undefined ? view.stores : [...view.stores, grace.store],
    )
    return new Stream<K, VR>({ ...from, node, valueSerde: undefined })
  }

  /** Where records of a join with a versioned table wait, when they do. @throws InvalidOptionError */
  #grace(
    name: string,
    from: StreamNode<K, V>,
    historyMs: number | undefined,
    joined: StreamTableJoined<K, V> | undefined,
  ): GraceOptions<K, V> | undefined {
    const graceMs = joined?.graceMs
    if (graceMs === undefined) return undefined
    if (!Number.isSafeInteger(graceMs) || graceMs < 0) {
      throw new InvalidOptionError('graceMs', 'must be a whole number of milliseconds not below 0')
    }
    if (historyMs === undefined || graceMs > historyMs) {
      throw new InvalidOptionError('graceMs', 'must not exceed the history of a versioned table')
    }
    const store = `${name}-waiting`
    const keySerde = required(joined?.keySerde ?? from.keySerde, 'keySerde', name)
    const valueSerde = required(joined?.valueSerde ?? from.valueSerde, 'valueSerde', name)
    from.graph.addStore(bytesStoreOf(store, keySerde, valueSerde))
    return { graceMs, nullKeys: joined?.nullKeys ?? 'fail', store, keySerde, valueSerde }
  }
}

/** The stream of a table's full changes. */
export function changeStream<K, V>(at: StreamNode<K, V>): KStream<K, Change<V>> {
  return new Stream<K, Change<V>>({ ...at, valueSerde: undefined })
}
