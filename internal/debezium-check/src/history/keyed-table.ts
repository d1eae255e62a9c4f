import {
  DebeziumTable,
  formatValue,
  type RowChange,
  type StructValue,
  type Tombstone,
  type TruncateChange,
} from '@varve/cdc-debezium'

/** A table kept from its changes: rows by key, or, without a key, as a bag. */
export class KeyedTable {
  readonly #keyed = new DebeziumTable()
  readonly #bag: StructValue[] = []

  /** The rows now, in no order. */
  rows(): readonly StructValue[] {
    return [...[...this.#keyed.rows()].map(({ row }) => row), ...this.#bag]
  }

  /** Gives a column of all rows another name. */
  rename(from: string, to: string): void {
    this.#keyed.renameColumn(from, to)
    for (const [i, row] of this.#bag.entries()) {
      const named = Object.entries(row).map(([name, value]) => [name === from ? to : name, value])
      this.#bag[i] = Object.assign(Object.create(null), Object.fromEntries(named)) as StructValue
    }
  }

  apply(change: RowChange | TruncateChange | Tombstone): void {
    if (change.kind === 'truncate') this.#bag.length = 0
    if (change.kind !== 'row' || change.key !== null) this.#keyed.apply(change)
    else this.#applyToBag(change)
  }

  #applyToBag(change: RowChange): void {
    if (change.op !== 'c' && change.op !== 'r' && change.before !== null) {
      const gone = formatValue(change.before)
      const index = this.#bag.findIndex((row) => formatValue(row) === gone)
      if (index >= 0) this.#bag.splice(index, 1)
    } else if (change.shape === 'flattened' && change.op === 'u') {
      // Flattening drops the old row, so it is not known which one it was: only the number of rows can be kept right.
      this.#bag.shift()
    }
    if (change.after !== null) this.#bag.push(change.after)
  }
}
