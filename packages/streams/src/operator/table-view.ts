import type { Predicate, ValueMapper } from '../dsl/api.ts'
import type { StreamRecord, ValueAndTimestamp } from '../record.ts'
import type { RowStore } from '../state/row-store.ts'
import type { ProcessorContext } from '../topology/processor.ts'

/** Reads a table's row of now. */
export interface TableGetter<K, V> {
  /** `record` is the one that asks: context for mappers and predicates on the way. */
  get(key: K, record: StreamRecord<unknown, unknown>): ValueAndTimestamp<V> | undefined
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
    open: (context) => context.store<RowStore<K, V>>(store),
  }
}

/** Rows that pass. */
export function filteredView<K, V>(
  above: TableView<K, V>,
  predicate: Predicate<K, V>,
  wanted: boolean,
): TableView<K, V> {
  return {
    stores: above.stores,
    open(context) {
      const getter = above.open(context)
      return {
        get(key, record) {
          const row = getter.get(key, record)
          if (row === undefined) return undefined
          return predicate(key, row.value, context.recordAt(record)) === wanted ? row : undefined
        },
      }
    },
  }
}

/** Rows with mapped values. */
export function mappedView<K, V, VR>(
  above: TableView<K, V>,
  mapper: ValueMapper<K, V, VR>,
): TableView<K, VR> {
  return {
    stores: above.stores,
    open(context) {
      const getter = above.open(context)
      return {
        get(key, record) {
          const row = getter.get(key, record)
          if (row === undefined) return undefined
          const value = mapper(row.value, key, context.recordAt(record))
          return value === null ? undefined : { value, timestamp: row.timestamp }
        },
      }
    },
  }
}
