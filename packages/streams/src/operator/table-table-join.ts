import type { ValueJoiner } from '../dsl/api.ts'
import type { Change, StreamRecord } from '../record.ts'
import type { KeyValueStore } from '../state/key-value-store.ts'
import type { ProcessorContext } from '../topology/processor.ts'
import { BaseProcessor } from './stateless.ts'
import type { TableSettings } from './table-settings.ts'
import type { TableGetter, TableView } from './table-view.ts'

/** Which sides must have a row for a result to exist. */
export interface TableJoinSides {
  /** The changing side must have a row. */
  readonly thisRequired: boolean
  /** The other side must have a row. */
  readonly otherRequired: boolean
}

/** One side of a table-table join: changes of `this` meet the row of the other side. */
export class TableTableJoinProcessor<K, V, VO, VR> extends BaseProcessor<
  K,
  Change<V>,
  K,
  Change<VR>
> {
  readonly #other: TableView<K, VO>
  readonly #joiner: (value: V | null, other: VO | null, key: K) => VR
  readonly #sides: TableJoinSides
  readonly #settings: TableSettings
  #table!: TableGetter<K, VO>

  constructor(
    other: TableView<K, VO>,
    joiner: (value: V | null, other: VO | null, key: K) => VR,
    sides: TableJoinSides,
    settings: TableSettings,
  ) {
    super()
    this.#other = other
    this.#joiner = joiner
    this.#sides = sides
    this.#settings = settings
  }

  override init(context: ProcessorContext<K, Change<VR>>): void {
    super.init(context)
    this.#table = this.#other.open(context)
  }

  process(record: StreamRecord<K, Change<V>>): void {
    const { key, value: change } = record
    if (key === null) {
      this.context.drop('null-key')
      return
    }
    if (change.outOfOrder === true) {
      this.context.drop('out-of-order')
      return
    }
    const row = this.#table.get(key, record)
    if (row === undefined && this.#sides.otherRequired) return
    if (row === undefined && change.newValue === null && change.oldValue === null) return
    const other = row?.value ?? null
    this.context.forward({
      key,
      value: {
        newValue: this.#join(change.newValue, other, key),
        oldValue: this.#settings.sendOldValues ? this.#join(change.oldValue, other, key) : null,
      },
      timestamp: row === undefined ? record.timestamp : Math.max(record.timestamp, row.timestamp),
      headers: record.headers,
    })
  }

  #join(value: V | null, other: VO | null, key: K): VR | null {
    if (value === null && (this.#sides.thisRequired || other === null)) return null
    return this.#joiner(value, other, key)
  }
}

/** Where both sides of a table-table join come together; keeps the joined rows when asked to. */
export class TableJoinMergeProcessor<K, VR> extends BaseProcessor<K, Change<VR>, K, Change<VR>> {
  readonly #settings: TableSettings
  #store: KeyValueStore<K, VR> | undefined

  constructor(settings: TableSettings) {
    super()
    this.#settings = settings
  }

  override init(context: ProcessorContext<K, Change<VR>>): void {
    super.init(context)
    if (this.#settings.store === undefined) return
    this.#store = context.store<KeyValueStore<K, VR>>(this.#settings.store)
    this.#store.attach(context, this.#settings.sendOldValues)
  }

  process(record: StreamRecord<K, Change<VR>>): void {
    if (this.#store === undefined) {
      this.context.forward(record)
      return
    }
    const old = this.#store.get(record.key)?.value ?? null
    this.#store.update(record, record.key, record.value.newValue, old, record.timestamp)
  }
}

/** Rows of a join, computed from the rows of both sides. */
export function joinedView<K, V, VO, VR>(
  left: TableView<K, V>,
  right: TableView<K, VO>,
  joiner: ValueJoiner<K, V | null, VO | null, VR>,
  required: { readonly left: boolean; readonly right: boolean },
): TableView<K, VR> {
  return {
    stores: [...new Set([...left.stores, ...right.stores])],
    open(context) {
      const leftRows = left.open(context)
      const rightRows = right.open(context)
      return {
        get(key, record) {
          const a = leftRows.get(key, record)
          const b = rightRows.get(key, record)
          if (a === undefined && b === undefined) return undefined
          if ((a === undefined && required.left) || (b === undefined && required.right)) {
            return undefined
          }
          return {
            value: joiner(a?.value ?? null, b?.value ?? null, key),
            timestamp: Math.max(a?.timestamp ?? -1, b?.timestamp ?? -1),
          }
        },
      }
    },
  }
}
