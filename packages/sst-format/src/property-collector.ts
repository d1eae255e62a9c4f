/**
 * Gathers properties of a table of its user's choice while it is written; they stand in its properties block beside the
 * others, under the names it gives. One collector for each table.
 */
export interface TablePropertyCollector {
  /** Stands in `rocksdb.property.collectors`. */
  readonly name: string
  /** Every point entry in order; the arrays are borrowed for the call. */
  add(userKey: Uint8Array, value: Uint8Array, valueType: number, sequence: number): void
  /** At the end: values by name. Names that begin with `rocksdb.` are refused. */
  finish(): Readonly<Record<string, string | Uint8Array>>
}
