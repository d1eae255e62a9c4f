import { InvalidOptionError, UnsupportedError } from '@varve/base'

import type { Change, RecordContext, Windowed } from '../record.ts'
import type { Serde } from '../serde.ts'
import { changeSerde } from '../change-serde.ts'
import {
  TableFilterProcessor,
  TableMapValuesProcessor,
  TableToStreamProcessor,
} from '../operator/table-filter.ts'
import { TableGroupProcessor } from '../operator/table-group.ts'
import {
  joinedView,
  TableJoinMergeProcessor,
  TableTableJoinProcessor,
} from '../operator/table-table-join.ts'
import { SuppressProcessor } from '../operator/suppress.ts'
import type { TableSettings } from '../operator/table-settings.ts'
import { filteredView, mappedView, storeView, type TableView } from '../operator/table-view.ts'
import type { ProcessorNode } from '../topology/node.ts'
import type {
  ForeignKeyJoined,
  Grouped,
  KeyValue,
  KGroupedTable,
  KStream,
  KTable,
  Named,
  Predicate,
  Suppressed,
  TableOptions,
  ValueJoiner,
  ValueMapper,
} from './api.ts'
import { joinByForeignKey } from './foreign-key-join.ts'
import { GroupedTable } from './grouped-table.ts'
import { Stream, changeStream } from './kstream.ts'
import { bytesStoreOf, plainStoreOf } from './store-of.ts'
import { required, throughRepartition, type StreamNode } from './stream-node.ts'

/** What a table's rows stem from. */
export type TableOrigin<K, V> =
  /** Its processor keeps the rows in a store. */
  | { readonly kind: 'stored' }
  /** Records of a topic; a store is made when somebody needs one. */
  | { readonly kind: 'source' }
  /** Rows computed from other tables' rows. */
  | {
      readonly kind: 'derived'
      readonly view: () => TableView<K, V>
      readonly askForOldValues: (materialize: boolean) => boolean
      /** It asks its sources for old values even where its own rows are kept and would show them: joins do, as in Kafka Streams. */
      readonly alwaysAsks?: true
    }

/** {@link KTable} over a node of the graph. */
export class Table<K, V> implements KTable<K, V> {
  readonly at: StreamNode<K, V>
  readonly settings: TableSettings
  /** Milliseconds of event time from a window's end until nothing changes it; `undefined` where rows have no windows. */
  readonly closeAfterMs: number | undefined
  /** Milliseconds of the past that can be asked for; `undefined` where rows have none. */
  readonly historyMs: number | undefined
  readonly #origin: TableOrigin<K, V>

  constructor(parts: {
    readonly at: StreamNode<K, V>
    readonly settings: TableSettings
    readonly origin: TableOrigin<K, V>
    readonly closeAfterMs?: number | undefined
    readonly historyMs?: number | undefined
  }) {
    this.historyMs = parts.historyMs
    this.closeAfterMs = parts.closeAfterMs
    this.at = parts.at
    this.settings = parts.settings
    this.#origin = parts.origin
    if (parts.at.node.kind === 'processor') parts.at.node.table = true
  }

  get nodeName(): string {
    return this.at.node.name
  }

  get storeName(): string | undefined {
    return this.settings.store
  }

  /** How other operators read the rows; keeps them from now on if nothing does. */
  view(): TableView<K, V> {
    if (this.settings.store !== undefined) return storeView(this.settings.store)
    if (this.#origin.kind === 'derived') return this.#origin.view()
    this.#materialize()
    return storeView(this.settings.store!)
  }

  /**
   * Has changes carry old values from now on; false where that would need a store that is not there and `materialize` does not ask for.
   */
  askForOldValues(materialize: boolean): boolean {
    if (this.settings.sendOldValues) return true
    const origin = this.#origin
    const isKept = this.settings.store !== undefined
    if (origin.kind === 'source' && !isKept) {
      if (!materialize) return false
      this.#materialize()
    } else if (origin.kind === 'derived' && (!isKept || origin.alwaysAsks === true)) {
      if (!origin.askForOldValues(materialize)) return false
    }
    this.settings.sendOldValues = true
    return true
  }

  filter(predicate: Predicate<K, V>, options: TableOptions<K, V> = {}): KTable<K, V> {
    return this.#filter(predicate, true, options)
  }

  filterNot(predicate: Predicate<K, V>, options: TableOptions<K, V> = {}): KTable<K, V> {
    return this.#filter(predicate, false, options)
  }

  mapValues<VR>(mapper: ValueMapper<K, V, VR>, options: TableOptions<K, VR> = {}): KTable<K, VR> {
    return this.#derive<VR>(
      'KTABLE-MAPVALUES',
      options,
      options.materialized?.valueSerde,
      (settings) => () => new TableMapValuesProcessor<K, V, VR>(mapper, settings),
      () => mappedView(this.view(), mapper),
    )
  }

  toStream(named?: Named): KStream<K, V | null> {
    const { graph, node } = this.at
    const name = named?.name ?? graph.generateName('KTABLE-TOSTREAM')
    return new Stream<K, V | null>({
      ...(this.at as StreamNode<K, V | null>),
      node: graph.addProcessor(name, [node], () => new TableToStreamProcessor<K, V>()),
    })
  }

  toChangeStream(_named?: Named): KStream<K, Change<V>> {
    this.askForOldValues(true)
    return changeStream(this.at)
  }

  groupBy<KR, VR>(
    selector: (key: K, value: V, record: RecordContext) => KeyValue<KR, VR>,
    grouped: Grouped<KR, VR> = {},
  ): KGroupedTable<KR, VR> {
    const { graph, node, topics } = this.at
    this.askForOldValues(true)
    const base = grouped.name ?? graph.generateName('KTABLE-GROUPBY')
    const name = `${base}-select`
    const keySerde = required(grouped.keySerde, 'keySerde', name)
    const valueSerde = required(grouped.valueSerde, 'valueSerde', name)
    const selected = graph.addProcessor(
      name,
      [node],
      () => new TableGroupProcessor<K, V, KR, VR>(selector, keySerde),
    )
    const changes = changeSerde(valueSerde) as Serde<Change<VR>>
    const from = throughRepartition<KR, Change<VR>>(
      {
        graph,
        node: selected,
        keySerde,
        valueSerde: changes,
        repartitionRequired: true,
        topics,
      },
      { name: base, keySerde, valueSerde: changes, keepNullKeys: true },
    )
    return new GroupedTable(from)
  }

  suppressUntilWindowCloses(suppressed: Suppressed<K, V>): KTable<K, V> {
    const { graph, node } = this.at
    const { closeAfterMs } = this
    const name = suppressed.name ?? graph.generateName('KTABLE-SUPPRESS')
    if (closeAfterMs === undefined) {
      throw new InvalidOptionError('suppress', `there are no windows in front of node "${name}"`)
    }
    const { store } = suppressed
    const keySerde = required(suppressed.keySerde ?? this.at.keySerde, 'keySerde', name)
    const valueSerde = required(suppressed.valueSerde ?? this.at.valueSerde, 'valueSerde', name)
    graph.addStore(bytesStoreOf(store, keySerde, valueSerde))
    const windowed = keySerde as unknown as Serde<Windowed<unknown>>
    const suppress = graph.addProcessor(
      name,
      [node],
      () => new SuppressProcessor<unknown, V>(store, windowed, valueSerde, closeAfterMs),
      [store],
    )
    return new Table<K, V>({
      at: { ...this.at, node: suppress, keySerde, valueSerde },
      settings: { store: undefined, sendOldValues: false },
      origin: {
        kind: 'derived',
        view: () => {
          throw new UnsupportedError('reading the rows behind a suppression from another operator')
        },
        askForOldValues: () => false,
      },
      closeAfterMs,
    })
  }

  join<VO, VR>(
    other: KTable<K, VO>,
    joiner: ValueJoiner<K, V, VO, VR>,
    options: TableOptions<K, VR> = {},
  ): KTable<K, VR> {
    const join = joiner as ValueJoiner<K, V | null, VO | null, VR>
    return this.#join(other as Table<K, VO>, join, options, { left: true, right: true })
  }

  leftJoin<VO, VR>(
    other: KTable<K, VO>,
    joiner: ValueJoiner<K, V, VO | null, VR>,
    options: TableOptions<K, VR> = {},
  ): KTable<K, VR> {
    const join = joiner as ValueJoiner<K, V | null, VO | null, VR>
    return this.#join(other as Table<K, VO>, join, options, { left: true, right: false })
  }

  outerJoin<VO, VR>(
    other: KTable<K, VO>,
    joiner: ValueJoiner<K, V | null, VO | null, VR>,
    options: TableOptions<K, VR> = {},
  ): KTable<K, VR> {
    return this.#join(other as Table<K, VO>, joiner, options, { left: false, right: false })
  }

  joinForeignKey<KO, VO, VR>(
    other: KTable<KO, VO>,
    foreignKey: (value: V, key: K) => KO | null,
    joiner: ValueJoiner<K, V, VO | null, VR>,
    joined: ForeignKeyJoined<K, V, KO, VO, VR>,
  ): KTable<K, VR> {
    return joinByForeignKey(this, other as Table<KO, VO>, foreignKey, joiner, joined)
  }

  #filter(predicate: Predicate<K, V>, wanted: boolean, options: TableOptions<K, V>): KTable<K, V> {
    // Old values that cost nothing save tombstones for rows that never passed.
    const hasOldValues = this.askForOldValues(options.oldValues === true)
    return this.#derive<V>(
      'KTABLE-FILTER',
      options,
      options.materialized?.valueSerde ?? this.at.valueSerde,
      (settings) => () => new TableFilterProcessor<K, V>(predicate, wanted, settings),
      () => filteredView(this.view(), predicate, wanted),
      hasOldValues,
    )
  }

  #derive<VR>(
    prefix: string,
    options: TableOptions<K, VR>,
    valueSerde: Serde<VR> | undefined,
    supplier: (
      settings: TableSettings,
    ) => () => TableFilterProcessor<K, V> | TableMapValuesProcessor<K, V, VR>,
    view: () => TableView<K, VR>,
    sendOldValues = false,
  ): Table<K, VR> {
    const { graph, node } = this.at
    const { materialized } = options
    const settings: TableSettings = {
      store: materialized?.store,
      sendOldValues,
      versioned: this.historyMs !== undefined,
    }
    if (materialized !== undefined) {
      graph.addStore(plainStoreOf(materialized, this.at.keySerde))
    }
    const processor = graph.addProcessor(
      options.name ?? graph.generateName(prefix),
      [node],
      supplier(settings) as () => TableMapValuesProcessor<K, V, VR>,
      materialized === undefined ? [] : [materialized.store],
    )
    const table = new Table<K, VR>({
      at: { ...this.at, node: processor, valueSerde },
      settings,
      origin: {
        kind: 'derived',
        view,
        askForOldValues: (materialize) => this.askForOldValues(materialize),
      },
      closeAfterMs: this.closeAfterMs,
      historyMs: materialized === undefined ? this.historyMs : undefined,
    })
    if (options.oldValues === true) table.askForOldValues(true)
    return table
  }

  #join<VO, VR>(
    other: Table<K, VO>,
    joiner: ValueJoiner<K, V | null, VO | null, VR>,
    options: TableOptions<K, VR>,
    required: { readonly left: boolean; readonly right: boolean },
  ): KTable<K, VR> {
    const { graph } = this.at
    const { materialized } = options
    graph.coPartition([...this.at.topics, ...other.at.topics])
    // An optional side shows a deletion only where there was a row before.
    if (!required.right) this.askForOldValues(true)
    if (!required.left) other.askForOldValues(true)
    const leftView = this.view()
    const rightView = other.view()
    const settings: TableSettings = { store: materialized?.store, sendOldValues: false }
    const name = options.name ?? graph.generateName('KTABLE-JOIN')
    const left = graph.addProcessor(
      `${name}-this`,
      [this.at.node],
      () =>
        new TableTableJoinProcessor<K, V, VO, VR>(
          rightView,
          joiner,
          { thisRequired: required.left, otherRequired: required.right },
          settings,
        ),
      rightView.stores,
    )
    const right = graph.addProcessor(
      `${name}-other`,
      [other.at.node],
      () =>
        new TableTableJoinProcessor<K, VO, V, VR>(
          leftView,
          (value, row, key) => joiner(row, value, key),
          { thisRequired: required.right, otherRequired: required.left },
          settings,
        ),
      leftView.stores,
    )
    if (materialized !== undefined) {
      graph.addStore(plainStoreOf(materialized, this.at.keySerde))
    }
    const node = graph.addProcessor(
      name,
      [left, right],
      () => new TableJoinMergeProcessor<K, VR>(settings),
      materialized === undefined ? [] : [materialized.store],
    )
    const table = new Table<K, VR>({
      at: {
        graph,
        node,
        keySerde: this.at.keySerde,
        valueSerde: materialized?.valueSerde,
        repartitionRequired: false,
        topics: new Set([...this.at.topics, ...other.at.topics]),
      },
      settings,
      origin: {
        kind: 'derived',
        view: () => joinedView(leftView, rightView, joiner, required),
        askForOldValues: () => {
          this.askForOldValues(true)
          return other.askForOldValues(true)
        },
        alwaysAsks: true,
      },
    })
    if (options.oldValues === true) table.askForOldValues(true)
    return table
  }

  #materialize(): void {
    const { graph, node } = this.at
    const store = `${node.name}-STATE-STORE`
    this.settings.store = store
    graph.addStore(
      plainStoreOf(
        { store, valueSerde: required(this.at.valueSerde, 'valueSerde', store) },
        this.at.keySerde,
      ),
    )
    ;(node as ProcessorNode).stores.push(store)
  }
}
