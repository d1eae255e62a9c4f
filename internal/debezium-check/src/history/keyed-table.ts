import {
  UNAVAILABLE,
  type ColumnValue,
  type RowChange,
  type StructValue,
} from '@varve/cdc-debezium'

import { tagValue } from '../tagged-value.ts'

/** A table kept from its changes: rows by key, or, without a key, as a bag. */
export class KeyedTable {
  readonly #rows = new Map<string, StructValue>()
  readonly #bag: StructValue[] = []

  /** The rows now, in no order. */
  rows(): readonly StructValue[] {
    return [...this.#rows.values(), ...this.#bag]
  }

  clear(): void {
    this.#rows.clear()
    this.#bag.length = 0
  }

  /** Gives a column of all rows another name. */
  rename(from: string, to: string): void {
    for (const [key, row] of this.#rows) this.#rows.set(key, renamed(row, from, to))
    for (const [i, row] of this.#bag.entries()) this.#bag[i] = renamed(row, from, to)
  }

  apply(change: RowChange): void {
    if (change.key === null) this.#applyToBag(change)
    else if (change.effect === 'delete') this.#rows.delete(identity(change.key))
    else if (change.after !== null) {
      const key = identity(change.key)
      const oldKey = change.keyChange?.oldKey
      const stored = this.#rows.get(oldKey === undefined ? key : identity(oldKey))
      this.#rows.set(key, merge(stored, change.after))
    }
  }

  #applyToBag(change: RowChange): void {
    if (change.op !== 'c' && change.op !== 'r' && change.before !== null) {
      const gone = identity(change.before)
      const index = this.#bag.findIndex((row) => identity(row) === gone)
      if (index >= 0) this.#bag.splice(index, 1)
    } else if (change.shape === 'flattened' && change.op === 'u') {
      // Flattening drops the old row, so it is not known which one it was: only the number of rows can be kept right.
      this.#bag.shift()
    }
    if (change.after !== null) this.#bag.push(change.after)
  }
}

function renamed(row: StructValue, from: string, to: string): StructValue {
  if (!Object.hasOwn(row, from)) return row
  const copy = Object.create(null) as { [name: string]: ColumnValue }
  for (const [name, value] of Object.entries(row)) copy[name === from ? to : name] = value
  return copy
}

/** Columns that were not sent keep what is stored. */
function merge(stored: StructValue | undefined, row: StructValue): StructValue {
  const merged = Object.create(null) as { [name: string]: ColumnValue }
  for (const [name, value] of Object.entries(row))
    merged[name] = value === UNAVAILABLE && stored !== undefined ? stored[name]! : value
  return merged
}

function identity(value: ColumnValue): string {
  return JSON.stringify(tagValue(value))
}
