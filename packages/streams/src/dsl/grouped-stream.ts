import type { Windowed } from '../record.ts'
import { sessionWindowedSerde, timeWindowedSerde } from '../windowed-serde.ts'
import { SessionAggregateProcessor } from '../operator/session-aggregate.ts'
import { SlidingAggregateProcessor } from '../operator/sliding-aggregate.ts'
import { StreamAggregateProcessor } from '../operator/stream-aggregate.ts'
import type { TableSettings } from '../operator/table-settings.ts'
import { WindowAggregateProcessor } from '../operator/window-aggregate.ts'
import type { StoreBuilder } from '../state/store-builder.ts'
import type { Processor } from '../topology/processor.ts'
import type { Change } from '../record.ts'
import type { Serde } from '../serde.ts'
import type {
  Aggregator,
  EmitStrategy,
  Initializer,
  KGroupedStream,
  KTable,
  Materialized,
  Named,
  SessionMerger,
  SessionWindowedKStream,
  TimeWindowedKStream,
} from './api.ts'
import { Table } from './ktable.ts'
import { plainStoreOf, windowedStoreOf } from './store-of.ts'
import { throughRepartition, type StreamNode } from './stream-node.ts'
import type { SessionWindows, SlidingWindows, TimeWindows } from './windows.ts'

const countOne = <K, V>(_key: K, _value: V, count: number): number => count + 1

/** The aggregator that a reducer stands for: the first value is the first aggregate. */
function reducing<K, V>(reducer: (aggregate: V, value: V) => V): Aggregator<K, V, V> {
  return (_key, value, aggregate) => (aggregate === null ? value : reducer(aggregate, value))
}

/** Start of a reduction: nothing yet. */
const nothing = <V>(): V => null as V

/** Puts an aggregate behind a grouped stream, through a repartition topic where keys have changed. */
function addAggregate<K, V, KR, VA>(
  stream: StreamNode<K, V>,
  groupName: string | undefined,
  options: {
    readonly prefix: string
    readonly named: Named | undefined
    readonly materialized: Materialized<K, VA>
    readonly store: (from: StreamNode<K, V>) => StoreBuilder<K, VA>
    readonly keySerde: (from: StreamNode<K, V>) => Serde<KR> | undefined
    readonly processor: (settings: TableSettings) => Processor<K, V, KR, Change<VA>>
    readonly closeAfterMs?: number
  },
): KTable<KR, VA> {
  const { graph } = stream
  const { materialized } = options
  const name = options.named?.name ?? graph.generateName(options.prefix)
  const from = stream.repartitionRequired
    ? throughRepartition(stream, {
        name: groupName ?? materialized.store,
        keySerde: stream.keySerde ?? materialized.keySerde,
        valueSerde: stream.valueSerde,
        keepNullKeys: false,
      })
    : stream
  const settings: TableSettings = { store: materialized.store, sendOldValues: false }
  graph.addStore(options.store(from))
  const node = graph.addProcessor(name, [from.node], () => options.processor(settings), [
    materialized.store,
  ])
  return new Table<KR, VA>({
    at: {
      ...from,
      node,
      keySerde: options.keySerde(from),
      valueSerde: materialized.valueSerde,
    },
    settings,
    origin: { kind: 'stored' },
    closeAfterMs: options.closeAfterMs,
  })
}

/** {@link KGroupedStream} of a stream. */
export class GroupedStream<K, V> implements KGroupedStream<K, V> {
  readonly #at: StreamNode<K, V>
  readonly #name: string | undefined

  constructor(at: StreamNode<K, V>, name: string | undefined) {
    this.#at = at
    this.#name = name
  }

  count(materialized: Materialized<K, number>, named?: Named): KTable<K, number> {
    return this.aggregate(() => 0, countOne<K, V>, materialized, named)
  }

  reduce(
    reducer: (aggregate: V, value: V) => V,
    materialized: Materialized<K, V>,
    named?: Named,
  ): KTable<K, V> {
    return this.aggregate(nothing<V>, reducing<K, V>(reducer), materialized, named)
  }

  aggregate<VA>(
    initializer: Initializer<VA>,
    aggregator: Aggregator<K, V, VA>,
    materialized: Materialized<K, VA>,
    named?: Named,
  ): KTable<K, VA> {
    return addAggregate<K, V, K, VA>(this.#at, this.#name, {
      prefix: 'KSTREAM-AGGREGATE',
      named,
      materialized,
      store: (from) => plainStoreOf(materialized, from.keySerde),
      keySerde: (from) => from.keySerde,
      processor: (settings) => new StreamAggregateProcessor(initializer, aggregator, settings),
    })
  }

  windowedBy(windows: TimeWindows | SlidingWindows): TimeWindowedKStream<K, V> {
    return new TimeWindowedStream(this.#at, this.#name, windows, 'changes')
  }

  windowedBySession(windows: SessionWindows): SessionWindowedKStream<K, V> {
    return new SessionWindowedStream(this.#at, this.#name, windows, 'changes')
  }
}

class TimeWindowedStream<K, V> implements TimeWindowedKStream<K, V> {
  readonly #at: StreamNode<K, V>
  readonly #name: string | undefined
  readonly #windows: TimeWindows | SlidingWindows
  readonly #emit: EmitStrategy

  constructor(
    at: StreamNode<K, V>,
    name: string | undefined,
    windows: TimeWindows | SlidingWindows,
    emit: EmitStrategy,
  ) {
    this.#at = at
    this.#name = name
    this.#windows = windows
    this.#emit = emit
  }

  emitStrategy(strategy: EmitStrategy): TimeWindowedKStream<K, V> {
    return new TimeWindowedStream(this.#at, this.#name, this.#windows, strategy)
  }

  count(materialized: Materialized<K, number>, named?: Named): KTable<Windowed<K>, number> {
    return this.aggregate(() => 0, countOne<K, V>, materialized, named)
  }

  reduce(
    reducer: (aggregate: V, value: V) => V,
    materialized: Materialized<K, V>,
    named?: Named,
  ): KTable<Windowed<K>, V> {
    return this.aggregate(nothing<V>, reducing<K, V>(reducer), materialized, named)
  }

  aggregate<VA>(
    initializer: Initializer<VA>,
    aggregator: Aggregator<K, V, VA>,
    materialized: Materialized<K, VA>,
    named?: Named,
  ): KTable<Windowed<K>, VA> {
    const windows = this.#windows
    const emit = this.#emit
    const sizeMs = windows.kind === 'time' ? windows.sizeMs : windows.differenceMs
    const retentionMs =
      windows.kind === 'time'
        ? (windows.retentionMs ?? sizeMs + windows.graceMs)
        : 2 * sizeMs + windows.graceMs
    return addAggregate<K, V, Windowed<K>, VA>(this.#at, this.#name, {
      prefix: 'KSTREAM-AGGREGATE',
      named,
      materialized,
      closeAfterMs: windows.graceMs,
      store: (from) =>
        windowedStoreOf(materialized, from.keySerde, {
          kind: 'window',
          sizeMs,
          retentionMs,
          timeIndex: emit === 'close',
        }),
      keySerde: (from) =>
        from.keySerde === undefined ? undefined : timeWindowedSerde(from.keySerde, sizeMs),
      processor: (settings) =>
        windows.kind === 'time'
          ? new WindowAggregateProcessor({ windows, initializer, aggregator, emit, settings })
          : new SlidingAggregateProcessor({ windows, initializer, aggregator, emit, settings }),
    })
  }
}

class SessionWindowedStream<K, V> implements SessionWindowedKStream<K, V> {
  readonly #at: StreamNode<K, V>
  readonly #name: string | undefined
  readonly #windows: SessionWindows
  readonly #emit: EmitStrategy

  constructor(
    at: StreamNode<K, V>,
    name: string | undefined,
    windows: SessionWindows,
    emit: EmitStrategy,
  ) {
    this.#at = at
    this.#name = name
    this.#windows = windows
    this.#emit = emit
  }

  emitStrategy(strategy: EmitStrategy): SessionWindowedKStream<K, V> {
    return new SessionWindowedStream(this.#at, this.#name, this.#windows, strategy)
  }

  count(materialized: Materialized<K, number>, named?: Named): KTable<Windowed<K>, number> {
    return this.aggregate(
      () => 0,
      countOne<K, V>,
      (_key, a, b) => a + b,
      materialized,
      named,
    )
  }

  reduce(
    reducer: (aggregate: V, value: V) => V,
    materialized: Materialized<K, V>,
    named?: Named,
  ): KTable<Windowed<K>, V> {
    const merge = (_key: K, a: V, b: V): V => (a === null ? b : b === null ? a : reducer(a, b))
    return this.aggregate(nothing<V>, reducing<K, V>(reducer), merge, materialized, named)
  }

  aggregate<VA>(
    initializer: Initializer<VA>,
    aggregator: Aggregator<K, V, VA>,
    merger: SessionMerger<K, VA>,
    materialized: Materialized<K, VA>,
    named?: Named,
  ): KTable<Windowed<K>, VA> {
    const windows = this.#windows
    const emit = this.#emit
    return addAggregate<K, V, Windowed<K>, VA>(this.#at, this.#name, {
      prefix: 'KSTREAM-AGGREGATE',
      named,
      materialized,
      closeAfterMs: windows.gapMs + windows.graceMs,
      store: (from) =>
        windowedStoreOf(materialized, from.keySerde, {
          kind: 'session',
          sizeMs: 0,
          retentionMs: windows.gapMs + windows.graceMs,
          timeIndex: emit === 'close',
        }),
      keySerde: (from) =>
        from.keySerde === undefined ? undefined : sessionWindowedSerde(from.keySerde),
      processor: (settings) =>
        new SessionAggregateProcessor({
          windows,
          initializer,
          aggregator,
          merger,
          emit,
          settings,
        }),
    })
  }
}
