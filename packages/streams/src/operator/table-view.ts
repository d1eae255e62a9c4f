import type { Predicate, ValueMapper } from '../dsl/api.ts'
import type { RecordContext, StreamRecord, ValueAndTimestamp } from '../record.ts'
import type { RowStore } from '../state/row-store.ts'
import type { VersionedStore } from '../state/versioned-store.ts'
import type { ProcessorContext } from '../topology/processor.ts'

/** Reads a table's row of now. */
export interface TableGetter<K, V> {
  /** `record` is the one that asks: context for mappers and predicates on the way. */
  get(key: K, record: StreamRecord<unknown, unknown>): ValueAndTimestamp<V> | undefined
  /** The row as of a time. Only of versioned tables. */
  getAsOf?(
    key: K,
    time: number,
    record: StreamRecord<unknown, unknown>,
  ): ValueAndTimestamp<V> | undefined
}

/** How a table's rows can be read by other operators: from its store, or computed from the rows of the table above. */
export interface TableView<K, V> {
  /** Stores that a reader must be connected with. */
  readonly stores: readonly string[]
  open(context: ProcessorContext): TableGetter<K, V>
}

/** The rows of a store. */
export function storeView<K, V>(store: string): TableView<K, V> {
  return {
    stores: [store],
    open: (context) => context.store<RowStore<K, V> | VersionedStore<K, V>>(store),
  }
}

/** A view whose rows are computed one by one from those above. */
function computedView<K, V, VR>(
  above: TableView<K, V>,
  compute: (
    row: ValueAndTimestamp<V>,
    key: K,
    context: RecordContext,
  ) => ValueAndTimestamp<VR> | undefined,
): TableView<K, VR> {
  return {
    stores: above.stores,
    open(context) {
      const getter = above.open(context)
      const computed = (
        row: ValueAndTimestamp<V> | undefined,
        key: K,
        record: StreamRecord<unknown, unknown>,
      ): ValueAndTimestamp<VR> | undefined =>
        row === undefined ? undefined : compute(row, key, context.recordAt(record))
      const get = (
        key: K,
        record: StreamRecord<unknown, unknown>,
      ): ValueAndTimestamp<VR> | undefined => computed(getter.get(key, record), key, record)
      if (getter.getAsOf === undefined) return { get }
      return {
        get,
        getAsOf: (key, time, record) => computed(getter.getAsOf!(key, time, record), key, record),
      }
    },
  }
}

/** Rows that pass. */
export function filteredView<K, V>(
  above: TableView<K, V>,
  predicate: Predicate<K, V>,
  wanted: boolean,
): TableView<K, V> {
  return computedView(above, (row, key, context) =>
    predicate(key, row.value, context) === wanted ? row : undefined,
  )
}

/** Rows with mapped values. */
export function mappedView<K, V, VR>(
  above: TableView<K, V>,
  mapper: ValueMapper<K, V, VR>,
): TableView<K, VR> {
  return computedView(above, (row, key, context) => {
    const value = mapper(row.value, key, context)
    return value === null ? undefined : { value, timestamp: row.timestamp }
  })
}
