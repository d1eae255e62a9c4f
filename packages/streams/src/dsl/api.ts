import type { ConsumerRecord } from '@varve/kafka'

import type { Processor } from '../topology/processor.ts'
import type { ClosedWindows, StoreBuilder } from '../state/store-builder.ts'
import type { Change, RecordContext, StreamRecord, Windowed } from '../record.ts'
import type { Serde } from '../serde.ts'
import type { JoinWindows, SessionWindows, SlidingWindows, TimeWindows } from './windows.ts'

/** Name of a node in the topology, unique in it. Generated as Kafka Streams does when absent. */
export interface Named {
  readonly name?: string
}

/** Milliseconds since the epoch of a decoded record. A negative or non-finite result skips the record (reason `invalid-timestamp`). */
export type TimestampExtractor<K, V> = (key: K, value: V, record: RecordContext) => number

/** How a topic is read. */
export interface Consumed<K, V> extends Named {
  readonly keySerde: Serde<K>
  readonly valueSerde: Serde<V>
  /** Default: the record's own timestamp. */
  readonly timestampExtractor?: TimestampExtractor<K, V>
  /** `skip` (default) reports the record through `onSkippedRecord` and goes on; `fail` ends the application. */
  readonly onDeserializationError?: 'skip' | 'fail'
  /** The same for records whose timestamp cannot be read or is negative. Default `skip`. */
  readonly onInvalidTimestamp?: 'skip' | 'fail'
  /** Where to start without a committed offset. Default: the application's setting. */
  readonly offsetReset?: 'earliest' | 'latest'
  /** Replaces both `deserialize` calls: formats where key, value and headers belong together. `undefined` passes over the record silently. */
  readonly decode?: (record: ConsumerRecord) => { readonly key: K; readonly value: V } | undefined
}

/** How a topic is written. */
export interface Produced<K, V> extends Named {
  readonly keySerde?: Serde<K>
  readonly valueSerde?: Serde<V>
  /** Timestamp of the written record. Default: the record's. A negative or non-finite result drops the record. */
  readonly timestampExtractor?: TimestampExtractor<K, V>
  /** Partition for a record; default murmur2 of the key bytes as Java does it. */
  readonly partitioner?: (key: K, value: V, partitionCount: number) => number
}

/** A repartition topic: `<application id>-<name>-repartition`. */
export interface Repartitioned<K, V> extends Named {
  readonly keySerde?: Serde<K>
  readonly valueSerde?: Serde<V>
  /** Default: the greatest partition count of what is upstream, or that of a co-partitioned topic. */
  readonly partitionCount?: number
}

/** Serdes and name of a grouping; the name is that of the repartition topic where one is needed. */
export interface Grouped<K, V> extends Named {
  readonly keySerde?: Serde<K>
  readonly valueSerde?: Serde<V>
}

/** A state store that the caller names. Its changelog is `<application id>-<store>-changelog`. */
export interface Materialized<K, V> {
  readonly store: string
  /** Must preserve order for range reads by key. Default: the key serde of the input. */
  readonly keySerde?: Serde<K>
  readonly valueSerde: Serde<V>
  /** De-duplicate updates between commits. Default true; the application's `cacheBytesMax` of 0 turns all caches off. */
  readonly caching?: boolean
  /** Write a changelog. Default true. */
  readonly logging?: boolean
  /** Windowed stores: how long windows are kept. Default: size plus grace. */
  readonly retentionMs?: number
  /** Windowed stores that emit on close: which windows are still found after a jump of time. Default `segments`, as in Kafka Streams. */
  readonly closedWindows?: ClosedWindows
  /**
   * Tables from a topic or a stream: keeps the past of each row for so many milliseconds of event time, so that stream-table joins see
   * the row as of the record's time. Updates older than that are refused. Such a store has no cache. Default: no past.
   */
  readonly historyMs?: number
}

export type Predicate<K, V> = (key: K, value: V, record: RecordContext) => boolean
export type ValueMapper<K, V, VR> = (value: V, key: K, record: RecordContext) => VR
export type KeySelector<K, V, KR> = (key: K, value: V, record: RecordContext) => KR
export type ValueJoiner<K, VL, VR, VOut> = (left: VL, right: VR, key: K) => VOut
export type KeyValue<K, V> = readonly [key: K, value: V]

/** Start value of an aggregate. */
export type Initializer<VA> = () => VA
/** The aggregate after one more (or one less) value; must return a new value or the same, never change a value handed out before. */
export type Aggregator<K, V, VA> = (key: K, value: V, aggregate: VA, record: RecordContext) => VA
/** The aggregate of two sessions that became one; `a` is the older one. */
export type SessionMerger<K, VA> = (key: K, a: VA, b: VA) => VA

/** When windowed results are sent on: at each change, or once when the window (and its grace) closed. */
export type EmitStrategy = 'changes' | 'close'

/** An unbounded stream of independent records. */
export interface KStream<K, V> {
  readonly nodeName: string
  filter(predicate: Predicate<K, V>, named?: Named): KStream<K, V>
  filterNot(predicate: Predicate<K, V>, named?: Named): KStream<K, V>
  /** Changes keys: a later grouping or join repartitions. */
  map<KR, VR>(
    mapper: (key: K, value: V, record: RecordContext) => KeyValue<KR, VR>,
    named?: Named,
  ): KStream<KR, VR>
  mapValues<VR>(mapper: ValueMapper<K, V, VR>, named?: Named): KStream<K, VR>
  flatMap<KR, VR>(
    mapper: (key: K, value: V, record: RecordContext) => Iterable<KeyValue<KR, VR>>,
    named?: Named,
  ): KStream<KR, VR>
  flatMapValues<VR>(
    mapper: (value: V, key: K, record: RecordContext) => Iterable<VR>,
    named?: Named,
  ): KStream<K, VR>
  selectKey<KR>(selector: KeySelector<K, V, KR>, named?: Named): KStream<KR, V>
  peek(action: (key: K, value: V, record: RecordContext) => void, named?: Named): KStream<K, V>
  merge(other: KStream<K, V>, named?: Named): KStream<K, V>
  /** Writes to a repartition topic and reads it again: a new sub-topology. */
  repartition(repartitioned?: Repartitioned<K, V>): KStream<K, V>
  groupByKey(grouped?: Grouped<K, V>): KGroupedStream<K, V>
  groupBy<KR>(selector: KeySelector<K, V, KR>, grouped?: Grouped<KR, V>): KGroupedStream<KR, V>
  /** Inner join with the table's row of now; the table side never emits. */
  join<VT, VR>(
    table: KTable<K, VT>,
    joiner: ValueJoiner<K, V, VT, VR>,
    joined?: StreamTableJoined<K, V>,
  ): KStream<K, VR>
  leftJoin<VT, VR>(
    table: KTable<K, VT>,
    joiner: ValueJoiner<K, V, VT | null, VR>,
    joined?: StreamTableJoined<K, V>,
  ): KStream<K, VR>
  /** Windowed stream-stream join. `type` `left` and `outer` hand `null` for the side without a match. */
  joinStream<VO, VR>(
    other: KStream<K, VO>,
    joiner: ValueJoiner<K, V | null, VO | null, VR>,
    joined: StreamJoined<K, V, VO>,
  ): KStream<K, VR>
  /** The stream as the changes of a table. Rows are kept in `materialized` when given, else only if an operator downstream needs them. */
  toTable(materialized?: Materialized<K, V>, grouped?: Grouped<K, V>): KTable<K, V>
  to(topic: string, produced?: Produced<K, V>): void
  /** Escape hatch: a processor of one's own, with access to the named stores. */
  process<KR, VR>(
    supplier: () => Processor<K, V, KR, VR>,
    options?: Named & { readonly stores?: readonly string[] },
  ): KStream<KR, VR>
}

/** Options of a stream-table join: what a repartition topic would need. */
export interface StreamTableJoined<K, V> extends Named {
  readonly keySerde?: Serde<K>
  readonly valueSerde?: Serde<V>
  /**
   * Only with a versioned table: each record waits until stream time has passed its own by so many milliseconds, for updates of the
   * table that come late. At most the table's history. Default: records do not wait.
   */
  readonly graceMs?: number
  /** Left joins with a grace: whether a record with a null key ends the application, as in Kafka Streams (default), or goes out unmatched. */
  readonly nullKeys?: 'fail' | 'unmatched'
}

/** Options of a stream-stream join. */
export interface StreamJoined<K, VL, VR> extends Named {
  readonly type: 'inner' | 'left' | 'outer'
  readonly windows: JoinWindows
  readonly keySerde?: Serde<K>
  readonly leftSerde?: Serde<VL>
  readonly rightSerde?: Serde<VR>
  /** Stores are `<store>-left`, `<store>-right` and `<store>-outer`. Default: generated. */
  readonly store?: string
  /** Send the unmatched row at once and a later match in addition, instead of when the window closed. Default false. */
  readonly eager?: boolean
  /**
   * Whether a record without a value, which joins nothing, still says how late it is for its side's earlier records: as in Kafka Streams'
   * stores in memory. Default false, as in those on disk.
   */
  readonly nullValuesAge?: boolean
}

/** A table: the latest value per key, as a stream of {@link Change}s. */
export interface KTable<K, V> {
  readonly nodeName: string
  /** Name of the store that holds the rows, when there is one. */
  readonly storeName: string | undefined
  /**
   * A row that does not pass becomes a tombstone. With `oldValues` one that never passed sends nothing.
   */
  filter(predicate: Predicate<K, V>, options?: TableOptions<K, V>): KTable<K, V>
  filterNot(predicate: Predicate<K, V>, options?: TableOptions<K, V>): KTable<K, V>
  /** Not called for absent rows; a mapper that returns `null` deletes the row. */
  mapValues<VR>(mapper: ValueMapper<K, V, VR>, options?: TableOptions<K, VR>): KTable<K, VR>
  /** The changes as records; deletions are `null` values. */
  toStream(named?: Named): KStream<K, V | null>
  /** The full changes, old values included (they are computed from here on). */
  toChangeStream(named?: Named): KStream<K, Change<V>>
  /** Regroups rows: always through a repartition topic. A `null` group takes part in nothing. */
  groupBy<KR, VR>(
    selector: (key: K, value: V, record: RecordContext) => KeyValue<KR, VR>,
    grouped?: Grouped<KR, VR>,
  ): KGroupedTable<KR, VR>
  /**
   * Only for the results of a windowed aggregate: sends each window's last value once, when the window (and its grace) closed.
   * @throws InvalidOptionError where there are no windows upstream
   */
  suppressUntilWindowCloses(suppressed: Suppressed<K, V>): KTable<K, V>
  join<VO, VR>(
    other: KTable<K, VO>,
    joiner: ValueJoiner<K, V, VO, VR>,
    options?: TableOptions<K, VR>,
  ): KTable<K, VR>
  leftJoin<VO, VR>(
    other: KTable<K, VO>,
    joiner: ValueJoiner<K, V, VO | null, VR>,
    options?: TableOptions<K, VR>,
  ): KTable<K, VR>
  outerJoin<VO, VR>(
    other: KTable<K, VO>,
    joiner: ValueJoiner<K, V | null, VO | null, VR>,
    options?: TableOptions<K, VR>,
  ): KTable<K, VR>
  /**
   * Joins each row with the row of `other` that it refers to; a changed row of `other` reaches all rows that refer to it. `foreignKey`
   * answers `null` for a row that refers to nothing: dropped (inner) or joined with `null` (left).
   */
  joinForeignKey<KO, VO, VR>(
    other: KTable<KO, VO>,
    foreignKey: (value: V, key: K) => KO | null,
    joiner: ValueJoiner<K, V, VO | null, VR>,
    joined: ForeignKeyJoined<K, V, KO, VO, VR>,
  ): KTable<K, VR>
}

/** Options of an operator on a table. */
export interface TableOptions<K, V> extends Named {
  readonly materialized?: Materialized<K, V>
  /** Have what is upstream keep rows so that old values are there. Default false: they are used where they are there anyway. */
  readonly oldValues?: boolean
}

/** Options of a foreign-key join. Serdes default to those of the tables; stored rows need none of their own. */
export interface ForeignKeyJoined<K, V, KO, VO, VR> extends Named {
  readonly type: 'inner' | 'left'
  readonly keySerde?: Serde<K>
  readonly valueSerde?: Serde<V>
  /** Must be the one that the right table's topic is partitioned by. */
  readonly foreignKeySerde?: Serde<KO>
  readonly foreignValueSerde?: Serde<VO>
  /** Needed where the result is not stored but something downstream keeps its rows. */
  readonly resultSerde?: Serde<VR>
  readonly materialized?: Materialized<K, VR>
}

/** Options of {@link KTable.suppressUntilWindowCloses}. */
export interface Suppressed<K, V> extends Named {
  /** Name of the buffer's store. */
  readonly store: string
  readonly keySerde?: Serde<K>
  readonly valueSerde?: Serde<V>
}

/** A stream grouped by key. */
export interface KGroupedStream<K, V> {
  count(materialized: Materialized<K, number>, named?: Named): KTable<K, number>
  reduce(
    reducer: (aggregate: V, value: V) => V,
    materialized: Materialized<K, V>,
    named?: Named,
  ): KTable<K, V>
  /** Records with a null key or a null value are dropped. A `null` result deletes the row. */
  aggregate<VA>(
    initializer: Initializer<VA>,
    aggregator: Aggregator<K, V, VA>,
    materialized: Materialized<K, VA>,
    named?: Named,
  ): KTable<K, VA>
  windowedBy(windows: TimeWindows | SlidingWindows): TimeWindowedKStream<K, V>
  windowedBySession(windows: SessionWindows): SessionWindowedKStream<K, V>
}

/** A grouped stream cut into tumbling, hopping or sliding windows. */
export interface TimeWindowedKStream<K, V> {
  /** Default `changes`. */
  emitStrategy(strategy: EmitStrategy): TimeWindowedKStream<K, V>
  count(materialized: Materialized<K, number>, named?: Named): KTable<Windowed<K>, number>
  reduce(
    reducer: (aggregate: V, value: V) => V,
    materialized: Materialized<K, V>,
    named?: Named,
  ): KTable<Windowed<K>, V>
  aggregate<VA>(
    initializer: Initializer<VA>,
    aggregator: Aggregator<K, V, VA>,
    materialized: Materialized<K, VA>,
    named?: Named,
  ): KTable<Windowed<K>, VA>
}

/** A grouped stream cut into sessions. */
export interface SessionWindowedKStream<K, V> {
  emitStrategy(strategy: EmitStrategy): SessionWindowedKStream<K, V>
  count(materialized: Materialized<K, number>, named?: Named): KTable<Windowed<K>, number>
  reduce(
    reducer: (aggregate: V, value: V) => V,
    materialized: Materialized<K, V>,
    named?: Named,
  ): KTable<Windowed<K>, V>
  aggregate<VA>(
    initializer: Initializer<VA>,
    aggregator: Aggregator<K, V, VA>,
    merger: SessionMerger<K, VA>,
    materialized: Materialized<K, VA>,
    named?: Named,
  ): KTable<Windowed<K>, VA>
}

/** A table grouped by another key: what was added to a group can be taken out of it again. */
export interface KGroupedTable<K, V> {
  count(materialized: Materialized<K, number>, named?: Named): KTable<K, number>
  aggregate<VA>(
    initializer: Initializer<VA>,
    adder: Aggregator<K, V, VA>,
    subtractor: Aggregator<K, V, VA>,
    materialized: Materialized<K, VA>,
    named?: Named,
  ): KTable<K, VA>
}

/** Describes an application's sources; `build` closes the topology. */
export interface StreamsBuilderApi {
  stream<K, V>(topics: string | readonly string[], consumed: Consumed<K, V>): KStream<K, V>
  /**
   * Records with a null key are skipped; a null value deletes.
   * Rows are kept in `materialized` when given, else only if an operator downstream needs them.
   */
  table<K, V>(
    topic: string,
    consumed: Consumed<K, V>,
    materialized?: Materialized<K, NonNullable<V>>,
  ): KTable<K, NonNullable<V>>
  /** A store for {@link KStream.process}. */
  addStateStore<K, V>(store: StoreBuilder<K, V>): void
}

export type { Processor, StreamRecord }
