import type { ColumnValue, StructValue } from '../values/values.ts'
import type { SourceMark } from './source-mark.ts'

/** What a table keeps of a key: the row, and how far it is. Never changed in place. */
export interface StoredRow {
  readonly key: ColumnValue
  /** Null for a key that was deleted: its marks keep late events from bringing it back. */
  readonly row: StructValue | null
  /** Place of the newest streamed change of the row. */
  readonly streamed?: SourceMark
  /** Place of the newest snapshot that read the row. */
  readonly read?: SourceMark
  /** Columns whose value is older than the row, because newer events did not carry it: where it came from, null where nothing tells. */
  readonly columns?: ReadonlyMap<string, SourceMark | null>
  /** The row that left for another key and has not arrived there: its columns may be wanted. */
  readonly left?: StructValue
  /** A delete was seen whose tombstone was not. */
  readonly tombstoneDue?: true
}

/**
 * Where a table keeps its rows, by a text for the key. Methods are synchronous; a store on disk writes what {@link formatStoredRow} makes of a row.
 */
export interface TableStore {
  get(id: string): StoredRow | undefined
  set(id: string, row: StoredRow): void
  delete(id: string): void
  /** All rows, deleted ones too; rows may be set and deleted meanwhile. */
  entries(): Iterable<readonly [string, StoredRow]>
}

/** A {@link TableStore} in memory. */
export class MemoryTableStore implements TableStore {
  readonly #rows = new Map<string, StoredRow>()

  get(id: string): StoredRow | undefined {
    return this.#rows.get(id)
  }

  set(id: string, row: StoredRow): void {
    this.#rows.set(id, row)
  }

  delete(id: string): void {
    this.#rows.delete(id)
  }

  entries(): Iterable<readonly [string, StoredRow]> {
    return this.#rows.entries()
  }
}
