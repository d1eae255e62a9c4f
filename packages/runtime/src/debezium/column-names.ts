import type { StructValue } from '@varve/cdc-debezium'

/** Finds columns of rows by the names that SQL has for them: exactly so, else whatever the case. Rows of one schema are looked at once. */
export class ColumnNames {
  #columns: readonly string[] = []
  #names: ReadonlyMap<string, string> = new Map()

  /** Names in SQL to names in the row. Borrowed until the next call. */
  of(row: StructValue): ReadonlyMap<string, string> {
    const columns = Object.keys(row)
    if (!sameNames(columns, this.#columns)) {
      this.#columns = columns
      this.#names = namesOf(columns)
    }
    return this.#names
  }
}

function sameNames(a: readonly string[], b: readonly string[]): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

function namesOf(columns: readonly string[]): ReadonlyMap<string, string> {
  const names = new Map<string, string>()
  for (const column of columns) names.set(column.toUpperCase(), column)
  for (const column of columns) names.set(column, column)
  return names
}
