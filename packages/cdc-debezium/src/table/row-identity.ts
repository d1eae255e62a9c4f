import { UnsupportedError } from '@varve/base'

import type { Change, RowChange, Tombstone } from '../change.ts'
import { isStruct } from '../record/key.ts'
import { documentId } from '../shapes/document-id.ts'
import { formatValue } from '../values/value-text.ts'
import { createStruct, type ColumnValue, type StructValue } from '../values/values.ts'

/** How keys become the texts that rows are kept by. */
export class RowIdentity {
  readonly #keyColumns: readonly string[] | undefined
  /** Keys of documents are text that can be spelled in several ways. */
  #documents: boolean

  constructor(keyColumns: readonly string[] | undefined, documents: boolean) {
    this.#keyColumns = keyColumns
    this.#documents = documents
  }

  /**
   * The key of a change, by the columns named where there are such.
   *
   * @throws UnsupportedError for a row without key
   */
  keyOf(change: RowChange | Tombstone): ColumnValue {
    if (change.key !== null && this.#keyColumns === undefined) return change.key
    const row = change.kind === 'row' ? (change.after ?? change.before) : null
    const named = this.#named(row) ?? this.#named(isStruct(change.key) ? change.key : null)
    if (named !== undefined) return named
    if (change.key !== null) return change.key
    throw new UnsupportedError('a row without key cannot be kept by key; name its key columns')
  }

  /** Text that is the same for equal keys. */
  idOf(key: ColumnValue, change: Change): string {
    if (change.kind === 'row' && change.shape === 'mongodb') this.#documents = true
    const routing =
      (change.kind === 'row' || change.kind === 'tombstone') && change.routingKey !== undefined
        ? formatValue(change.routingKey)
        : ''
    if (this.#documents) return routing + formatValue(documentId(key))
    return routing + textOf(key)
  }

  #named(row: StructValue | null): ColumnValue | undefined {
    if (row === null || this.#keyColumns?.every((name) => Object.hasOwn(row, name)) !== true)
      return undefined
    const key = createStruct()
    for (const name of this.#keyColumns) key[name] = row[name]!
    return key
  }
}

/** A key of one column is by far the most common. */
function textOf(key: ColumnValue): string {
  if (isStruct(key)) {
    const names = Object.keys(key)
    const value = names.length === 1 ? key[names[0]!] : undefined
    if (typeof value === 'number') return `${names[0]!}=${value}`
    if (typeof value === 'string') return `${names[0]!}='${value}`
    // As below, without the detour.
    if (typeof value === 'bigint')
      return `["struct",[${JSON.stringify(names[0])},["int64","${value}"]]]`
    // Keys of headers need not have the order of keys of records.
    const sorted = createStruct()
    for (const name of names.sort()) sorted[name] = key[name]!
    return formatValue(sorted)
  }
  return formatValue(key)
}
